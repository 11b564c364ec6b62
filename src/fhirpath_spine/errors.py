"""The one error tree. Every error says what happened, where, why it matters and what to do next.

A message never holds a patient's value, an identifier or a token: it is written for a log that anyone may read.

    SpineError
    ├── ProfileError           a profile, value set or site file cannot be used; carries diagnostics
    ├── SettingsError          a setting cannot be used
    ├── Unauthorized           the caller's token is not taken; no word says why
    ├── StoreAway              the store cannot be reached now; the same request may be sent again
    ├── Overdue                the time for the call is over before there is an answer
    ├── RequestError           the caller has to change the request
    │   ├── BodyTooLarge
    │   ├── MediaTypeUnsupported
    │   ├── TooSlow
    │   ├── TooMany
    │   ├── UnknownService
    │   └── MethodNotAllowed
    ├── PreconditionError      the data do not allow an answer
    │   ├── PatientMismatch    a resource of another patient
    │   ├── PatientUnknown     the FHIR server has no such patient
    │   └── ScopeUndecidable   it could not be read whether a pathway applies
    ├── NothingToPropose       a plan was asked for, and there is none; the reason is said
    ├── ServerError            a FHIR server that a command was pointed at does not do what is asked
    ├── LimitExceeded          a budget of one evaluation is spent
    └── NotImplementedYet      the path exists, this release does not serve it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fhirpath_spine.diagnostics import Diagnostic


class SpineError(Exception):
    """Root of all errors that this package raises on purpose.

    ``code`` is stable and names the kind for machines; ``hint`` is the next step for the person who must act.
    """

    code: ClassVar[str] = "spine-error"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ProfileError(SpineError):
    """A profile, a value set or the site file cannot be used. Nothing of the set is loaded."""

    code = "profile-invalid"

    def __init__(self, message: str, *, diagnostics: Sequence[Diagnostic], hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.diagnostics = tuple(diagnostics)


class SettingsError(SpineError):
    """A setting of the service cannot be used."""

    code = "setting-invalid"


class Unauthorized(SpineError):
    """The caller is not known: its token is missing, wrong or used. Every cause has the same message (rulings 5.5)."""

    code = "unauthorized"


class StoreAway(SpineError):
    """What has to be kept before the answer cannot be kept now. The same request may be sent again later. ``full``: all that
    hinders is a disk that takes nothing more.
    """

    code = "store-away"
    full = False


class Overdue(SpineError):
    """The call's time is over and it was not judged to the end: that is said, since silence would be taken for an answer."""

    code = "overdue"


class RequestError(SpineError):
    """The request cannot be served as it is; ``expression`` names the element to change."""

    code = "request-invalid"

    def __init__(self, message: str, *, hint: str = "", expression: str = "") -> None:
        super().__init__(message, hint=hint)
        self.expression = expression


class BodyTooLarge(RequestError):
    """The body exceeds a limit on bytes, resources or depth."""

    code = "too-costly"


class MediaTypeUnsupported(RequestError):
    """The body is not UTF-8 ``application/json`` without content encoding."""

    code = "media-type-unsupported"


class TooSlow(RequestError):
    """The body did not come to its end in time."""

    code = "too-slow"


class TooMany(RequestError):
    """The client has as many calls or bytes under way as it may have, or calls too often; ``again`` is in how many seconds."""

    code = "too-many"

    def __init__(self, message: str, *, hint: str = "", again: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.again = again


class UnknownService(RequestError):
    """No service or page of that name."""

    code = "service-unknown"


class MethodNotAllowed(RequestError):
    """The path exists, the method does not."""

    code = "method-not-allowed"


class PreconditionError(SpineError):
    """The data at hand allow no answer; silence would be mistaken for one."""

    code = "precondition-failed"


class PatientMismatch(PreconditionError):
    """A resource of another patient, or context and Patient differ: the whole call is refused."""

    code = "patient-mismatch"


class PatientUnknown(PreconditionError):
    """The FHIR server has no such Patient and nothing of one: an empty chart there says nothing of the patient meant."""

    code = "patient-unknown"


class ScopeUndecidable(PreconditionError):
    """Something that decides whether a pathway applies could not be read: ``unread`` are the keys, each with why."""

    code = "scope-undecidable"

    def __init__(self, message: str, *, hint: str = "", unread: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message, hint=hint)
        self.unread = unread


class NothingToPropose(SpineError):
    """A plan was asked for by name, all was read and judged, and there is none: said with its reason, never as an empty plan."""

    code = "nothing-to-propose"


class ServerError(SpineError):
    """A FHIR server that someone pointed a command at does not do what is asked of it.

    ``said`` holds the server's own words. They may repeat what was sent, so they are for that person's terminal alone.
    """

    code = "server-unusable"

    def __init__(self, message: str, *, hint: str = "", said: str = "") -> None:
        super().__init__(message, hint=hint)
        self.said = said


class LimitExceeded(SpineError):
    """An expression or a pathway spent its budget of steps, items or time."""

    code = "limit-exceeded"


class NotImplementedYet(SpineError):
    """The path belongs to the standard, this release does not serve it."""

    code = "not-implemented"
