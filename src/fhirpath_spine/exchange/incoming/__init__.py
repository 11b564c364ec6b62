"""What comes in: the request, the addresses in it, prefetch and Bundles as a chart, and the templates that ask for them."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    addresses="Address Servers read_base read_link",
    bundles="contents read_bundle",
    parsing="deeper_than parse",
    prefetch="Open UnreadReason next_link read_prefetch unread",
    requests="HookRequest parse_request",
    templates="prefetch_templates",
)
