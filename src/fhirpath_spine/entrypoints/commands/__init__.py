"""The command line, a file for each verb."""

from __future__ import annotations

from fhirpath_spine.faces import face

__all__, __getattr__ = face(
    __name__,
    demo="typed",
    judge="Judged as_document judge_chart",
    main="VERBS app",
    watching="changes",
)
