"""Cases beside the pathways: read, run, and counted against every criterion and claim of the profiles."""

from __future__ import annotations

from fhirpath_spine.authoring.examples.coverage import Coverage, cover
from fhirpath_spine.authoring.examples.running import Outcome, Result, Run, run

__all__ = ["Coverage", "Outcome", "Result", "Run", "cover", "run"]
