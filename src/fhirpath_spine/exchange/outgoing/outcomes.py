"""OperationOutcome bodies. They say what to change and never repeat what was sent."""

from __future__ import annotations

from fhirpath_spine.errors import RequestError, SpineError
from fhirpath_spine.exchange import BASE, Json, lean

ERROR_SYSTEM = f"{BASE}/CodeSystem/error"


def outcome(issue_code: str, text: str, *, code: str = "", expression: str = "", decision: str = "") -> Json:
    """An OperationOutcome of one error. ``issue_code`` is of FHIR's IssueType; ``code`` is our own, stable one."""
    details = {"coding": [{"system": ERROR_SYSTEM, "code": code}], "text": text} if code else {"text": text}
    issue = {
        "severity": "error",
        "code": issue_code,
        "details": details,
        "diagnostics": f"decision {decision}" if decision else "",
        "expression": [expression] if expression else [],
    }
    return {"resourceType": "OperationOutcome", "issue": [lean(issue)]}


def of_error(error: SpineError, issue_code: str, decision: str = "") -> Json:
    """The OperationOutcome of an error of ours: its message and hint, which hold no value of a patient."""
    expression = error.expression if isinstance(error, RequestError) else ""
    return outcome(issue_code, str(error), code=error.code, expression=expression, decision=decision)
