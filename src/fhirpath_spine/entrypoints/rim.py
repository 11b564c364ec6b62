"""The HTTP rim: the one place where any error becomes an answer. One of the package's two catch-alls.

It stands inside CORS, so that a browser may read errors too, and around everything else, so that no exception reaches
the server's own handler, which would write its message, and with it a patient's value, to the log.
"""

from __future__ import annotations

import logging
import traceback

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fhirpath_spine.entrypoints.http_errors import answer
from fhirpath_spine.errors import SpineError
from fhirpath_spine.exchange import Json
from fhirpath_spine.exchange.outgoing.outcomes import of_error, outcome

logger = logging.getLogger("fhirpath_spine.errors")


class Rim:
    """ASGI middleware that answers every error with an OperationOutcome."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes a call on, and answers what it raises."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        state = scope.setdefault("state", {})
        try:
            await self._app(scope, receive, watched)
        except SpineError as error:
            status, code = answer(error)
            logger.log(logging.ERROR if status == 500 else logging.INFO, "refused %s %s", status, error.code)
            body = of_error(error, code, _decision(state))
        except ClientDisconnect:
            # The caller left while it was sending: nobody receives an answer, and nothing failed here.
            logger.info("caller left while sending")
            return
        except Exception as error:
            logger.error("internal error %s at %s", type(error).__name__, _places(error))
            text = "The service failed. Nothing was judged; this is not a statement that nothing is needed."
            status, body = 500, outcome("exception", text, code="internal-error", decision=_decision(state))
        else:
            return
        if not started:
            fields = {"allow": state["allow"]} if status == 405 and state.get("allow") else {}
            media = "application/fhir+json" if scope["path"].startswith("/fhir/") else "application/json"
            await _respond(send, status, body, {"content-type": media, **fields})


def _decision(state: Json) -> str:
    trace = state.get("trace")
    return trace.decision if trace is not None else ""


def _places(error: BaseException) -> str:
    """Where it happened, from the outside in; never the message, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return " > ".join(f"{f.filename.rsplit('/', 1)[-1]}:{f.lineno}" for f in frames)


async def _respond(send: Send, status: int, body: Json, fields: dict[str, str]) -> None:
    content = orjson.dumps(body)
    fields = {**fields, "content-length": str(len(content))}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": content})
