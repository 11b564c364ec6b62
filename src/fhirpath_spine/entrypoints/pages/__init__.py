"""The pages that a service serves to people: what stands on each, as HTML. Who asks for one, ``http`` knows.

Rendered here and read without script; nothing on a page is loaded from elsewhere.
"""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    caller="BREAKS compose",
    markdown="card_html document_html",
    rendering="ASSETS HEADERS PACKAGE asset render",
)
