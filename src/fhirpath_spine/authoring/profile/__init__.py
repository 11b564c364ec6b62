"""What an author writes, a file for each thing: its form, the one source of its check and of its published schema, and what is
built from it. Names are resolved, expressions compiled, everything is checked against everything.
"""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    displays="Displays FILE Named load_displays",
    expansion_tables="Classified table",
    expansions="Expanded text",
    needs="CLINICAL",
    order="in_order",
    pathways="STATES",
    recommendations="KINDS RecommendationForm",
    sentences="Part UnbalancedBraceError split",
    values="VALUE_TYPES",
)
