"""Cases beside the pathways: read from their files, run, and compared with what they expect."""

from __future__ import annotations

from fhirpath_spine.authoring.cases.running import Outcome, Result, Run, judge, run

__all__ = ["Outcome", "Result", "Run", "judge", "run"]
