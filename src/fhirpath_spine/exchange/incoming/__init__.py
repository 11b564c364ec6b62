"""What comes in: the request, the addresses in it, prefetch and Bundles as a chart, and the templates that ask for them."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    addresses="Address Servers read_base read_link",
    answers="UnreadReason next_link unread",
    bundles="contents read_bundle",
    contexts="Context check_context read_context with_context",
    medications="MOST named_elsewhere",
    parsing="DEEPEST ELEMENTS LARGE deeper_than parse take_in",
    prefetch="Open read_prefetch",
    requests="HookRequest parse_request",
    templates="prefetch_templates",
)
