"""The one table from an error to its HTTP status and its FHIR issue code. It knows no web framework: ``decide`` words a refusal
by it, too.
"""

from __future__ import annotations

from fhirpath_spine import errors
from fhirpath_spine.fhirpath import CompileError, EvaluationError

TABLE: dict[type[errors.SpineError], tuple[int, str]] = {
    errors.SpineError: (500, "exception"),
    errors.ProfileError: (500, "exception"),
    errors.SettingsError: (500, "exception"),
    errors.Unauthorized: (401, "login"),
    errors.StoreAway: (503, "transient"),
    errors.Overdue: (503, "timeout"),
    errors.RequestError: (400, "invalid"),
    errors.BodyTooLarge: (413, "too-long"),
    errors.MediaTypeUnsupported: (415, "not-supported"),
    errors.TooSlow: (408, "timeout"),
    errors.TooMany: (429, "throttled"),
    errors.UnknownService: (404, "not-found"),
    errors.MethodNotAllowed: (405, "not-supported"),
    errors.PreconditionError: (412, "processing"),
    errors.PatientMismatch: (412, "conflict"),
    errors.PatientUnknown: (412, "not-found"),
    errors.ScopeUndecidable: (412, "incomplete"),
    errors.NothingToPropose: (422, "business-rule"),
    errors.ServerError: (502, "exception"),
    errors.LimitExceeded: (500, "too-costly"),
    CompileError: (500, "exception"),
    EvaluationError: (500, "exception"),
    errors.NotImplementedYet: (501, "not-supported"),
}


def answer(error: errors.SpineError) -> tuple[int, str]:
    """Status and issue code of an error: those of its class, else of the nearest class above it."""
    return next(TABLE[kind] for kind in type(error).__mro__ if kind in TABLE)
