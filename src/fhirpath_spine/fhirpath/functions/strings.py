"""Functions on strings."""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from fhirpath_spine.fhirpath.functions.table import item_function, value_function
from fhirpath_spine.fhirpath.grammar.problems import CHARACTERS, EvaluationError, overlong
from fhirpath_spine.fhirpath.values.items import system
from fhirpath_spine.fhirpath.values.shapes import BOOLEAN, INTEGER, STRING, type_named

_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.dot_nl = True
_OPTIONS.max_mem = 8 << 20


@lru_cache(maxsize=512)
def pattern(text: str) -> Any:
    """A compiled pattern, matched in linear time. Raises :class:`EvaluationError` if it is none."""
    try:
        return re2.compile(text, _OPTIONS)
    except re2.error:
        raise EvaluationError("This is not a regular expression that can be matched in linear time.") from None


@value_function("indexOf", "string", on="string", gives=INTEGER)
def _index_of(text: str, part: str) -> int:
    return text.find(part)


@value_function("lastIndexOf", "string", on="string", gives=INTEGER)
def _last_index_of(text: str, part: str) -> int:
    return text.rfind(part)


@value_function("substring", "integer", "integer?", on="string", gives=STRING, maybe=True)
def _substring(text: str, start: int, length: int | None = None) -> str | None:
    if not 0 <= start < len(text):
        return None
    return text[start:] if length is None else text[start : start + max(0, length)]


@value_function("startsWith", "string", on="string", gives=BOOLEAN)
def _starts_with(text: str, part: str) -> bool:
    return text.startswith(part)


@value_function("endsWith", "string", on="string", gives=BOOLEAN)
def _ends_with(text: str, part: str) -> bool:
    return text.endswith(part)


@value_function("contains", "string", on="string", gives=BOOLEAN)
def _contains(text: str, part: str) -> bool:
    return part in text


@value_function("upper", on="string", gives=STRING)
def _upper(text: str) -> str:
    return text.upper()


@value_function("lower", on="string", gives=STRING)
def _lower(text: str) -> str:
    return text.lower()


@value_function("replace", "string", "string", on="string", gives=STRING)
def _replace(text: str, part: str, other: str) -> str:
    if (len(text) + 1) * len(other) > CHARACTERS:
        raise overlong()
    return text.replace(part, other)


@value_function("matches", "string", on="string", gives=BOOLEAN)
def _matches(text: str, regex: str) -> bool:
    return pattern(regex).search(text) is not None


@value_function("matchesFull", "string", on="string", gives=BOOLEAN)
def _matches_full(text: str, regex: str) -> bool:
    return pattern(regex).fullmatch(text) is not None


@value_function("replaceMatches", "string", "string", on="string", gives=STRING)
def _replace_matches(text: str, regex: str, other: str) -> str:
    if not regex:
        return text
    if (len(text) + 1) * len(other) > CHARACTERS:
        raise overlong()
    # Groups are written $1 in FHIRPath and \1 in RE2.
    rewritten = re2.sub(r"\$(\d)", r"\\\1", other.replace("\\", "\\\\"))
    return str(pattern(regex).sub(rewritten, text))


@value_function("length", on="string", gives=INTEGER)
def _length(text: str) -> int:
    return len(text)


@value_function("toChars", on="string", gives=lambda _base, _args: type_named(STRING, many=True))
def _to_chars(text: str) -> list[str]:
    return list(text)


@value_function("trim", on="string", gives=STRING)
def _trim(text: str) -> str:
    return text.strip()


@value_function("split", "string", on="string", gives=lambda _base, _args: type_named(STRING, many=True))
def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if separator else list(text)


@item_function("join", "string?", gives=STRING)
def _join(run: Any, items: list[Any], args: list[Any], this: list[Any]) -> list[Any]:
    separator = args[0](run, this) if args else [""]
    texts = [system(item) for item in items]
    if not texts or not separator:
        return []
    if not all(isinstance(text, str) for text in texts):
        raise EvaluationError("join() joins strings only.")
    between = str(system(separator[0]))
    if sum(map(len, texts)) + len(texts) * len(between) > CHARACTERS:
        raise overlong()
    return [between.join(texts)]


_ENCODERS: dict[str, Callable[[bytes], str]] = {
    "hex": lambda data: data.hex(),
    "base64": lambda data: base64.b64encode(data).decode("ascii"),
    "urlbase64": lambda data: base64.urlsafe_b64encode(data).decode("ascii"),
}
_DECODERS: dict[str, Callable[[str], bytes]] = {
    "hex": bytes.fromhex,
    "base64": lambda text: base64.b64decode(text, validate=True),
    "urlbase64": lambda text: base64.b64decode(text, altchars=b"-_", validate=True),
}


@value_function("encode", "string", on="string", gives=STRING, maybe=True)
def _encode(text: str, form: str) -> str | None:
    encoder = _ENCODERS.get(form)
    return None if encoder is None else encoder(text.encode("utf-8"))


@value_function("decode", "string", on="string", gives=STRING, maybe=True)
def _decode(text: str, form: str) -> str | None:
    decoder = _DECODERS.get(form)
    if decoder is None:
        return None
    try:
        return decoder(text).decode("utf-8")
    except (ValueError, binascii.Error):
        return None


@value_function("escape", "string", on="string", gives=STRING, maybe=True)
def _escape(text: str, form: str) -> str | None:
    if form == "html":
        return html.escape(text, quote=True)
    return json.dumps(text, ensure_ascii=False)[1:-1] if form == "json" else None


@value_function("unescape", "string", on="string", gives=STRING, maybe=True)
def _unescape(text: str, form: str) -> str | None:
    if form == "html":
        return html.unescape(text)
    if form != "json":
        return None
    try:
        # A string that was written inside another literal has lost one layer of escapes already.
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return None
