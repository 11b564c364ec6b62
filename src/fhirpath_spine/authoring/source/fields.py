"""Scalar types of the forms. Each takes YAML text and says in words what it wanted instead."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainValidator, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError, core_schema

from fhirpath_spine.authoring.source.nodes import Scalar
from fhirpath_spine.diagnostics import did_you_mean

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo
    from pydantic.json_schema import JsonSchemaValue


def wrong(code: str, message: str, hint: str = "", instead: str = "") -> PydanticCustomError:
    """A finding of a rule, to be raised inside a validator; ``instead`` is what was meant, where that is plain."""
    return PydanticCustomError(code, "{message}", {"message": message, "hint": hint, "instead": instead})


def _scalar(value: object, wanted: str) -> Scalar:
    if isinstance(value, Scalar):
        return value
    raise wrong("SP207", f"{wanted} is wanted here, not a {'list' if isinstance(value, list) else 'mapping'}")


def _text(value: object) -> Scalar:
    text = _scalar(value, "text")
    if not text.strip():
        raise wrong("SP225", "text is wanted here, and it is empty")
    return text


Text = Annotated[
    Scalar, PlainValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean"], "minLength": 1})
]
"""Any text. An editor that types scalars may see a number or a truth value where the loader sees text."""


class Shown:
    """Marks text that somebody is shown. ``filled``: its placeholders are, so that it can name a limit."""

    def __init__(self, *, filled: bool) -> None:
        self.filled = filled

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        said = "Shown, with its {placeholders} filled in." if self.filled else "Shown as it stands."
        return {**handler(schema), "description": said}


Sentence = Annotated[Text, Shown(filled=True)]
"""Text of a card, with placeholders."""
Words = Annotated[Text, Shown(filled=False)]
"""Text that is shown as it stands."""
Expr = Annotated[
    Scalar,
    PlainValidator(_text),
    WithJsonSchema({"type": ["string", "boolean"], "minLength": 1, "description": "A FHIRPath expression."}),
]
"""A FHIRPath expression; it is compiled later."""


def pattern(regex: str, wanted: str) -> tuple[PlainValidator, WithJsonSchema]:
    """Text of a certain form; ``wanted`` names it in messages."""
    compiled = re.compile(regex)

    def check(value: object) -> Scalar:
        text = _scalar(value, wanted)
        if compiled.fullmatch(text):
            return text
        raise wrong("SP208", f"'{text}' is not {wanted}", f"It has to match {regex}.")

    return PlainValidator(check), WithJsonSchema({"type": ["string", "integer"], "pattern": f"^({regex})$"})


Name = Annotated[Scalar, *pattern("[a-z][a-z0-9]*(-[a-z0-9]+)*", "a name in kebab-case")]
"""Name of a need, definition, finding, criterion, module or value set."""
Ident = Annotated[Scalar, *pattern("[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*", "a name without hyphens")]
"""Name of a member that expressions read after a dot, where a hyphen would be a minus sign."""
Key = Annotated[Scalar, *pattern("[A-Za-z][A-Za-z0-9]*([_-][A-Za-z0-9]+)*", "a key")]
"""Key of a sentence in the phrase book."""
Id = Annotated[Scalar, *pattern("[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*", "an id")]
"""Id of a source, claim, hold, goal or exclusion."""
PathwayId = Annotated[Scalar, *pattern("PW-[A-Z][A-Z0-9]*", "a pathway id")]
RecommendationId = Annotated[Scalar, *pattern("R-[A-Z][A-Z0-9]*-[0-9]{2}", "a recommendation id")]
Version = Annotated[
    Scalar, *pattern("(0|[1-9][0-9]*)[.](0|[1-9][0-9]*)[.](0|[1-9][0-9]*)", "a version with three numbers")
]
Day = Annotated[Scalar, *pattern("[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?|undated", 'a date, or "undated"')]
PairText = Annotated[Scalar, *pattern("[^|\\s]+[|][^|\\s]+", 'a coding "system|code"')]
Path = Annotated[Scalar, *pattern("texts/[A-Za-z0-9._-]+[.]md", "a file below texts/")]


def one_of(*words: str, code: str = "SP226") -> tuple[PlainValidator, WithJsonSchema]:
    """Text that has to be one of a closed list."""

    def check(value: object) -> Scalar:
        text = _scalar(value, f"one of {', '.join(words)}")
        if text in words:
            return text
        hint = did_you_mean(text, words) or f"One of: {', '.join(words)}."
        alike = [word for word in words if word.casefold() == text.casefold()]
        raise wrong(code, f"'{text}' is not allowed here", hint, alike[0] if len(alike) == 1 else "")

    return PlainValidator(check), WithJsonSchema({"enum": [*words, *(int(w) for w in words if w.isdigit())]})


def _whole(value: object) -> int:
    text = _scalar(value, "a whole number")
    if re.fullmatch("0|[1-9][0-9]{0,8}", text):
        return int(text)
    raise wrong("SP227", f"'{text}' is not a whole number")


def _number(value: object) -> Decimal:
    text = _scalar(value, "a number")
    try:
        if re.fullmatch(r"-?[0-9]+([.][0-9]+)?([eE]-?[0-9]{1,2})?", text):
            return Decimal(text)
    except InvalidOperation:  # pragma: no cover - the pattern admits nothing that Decimal refuses
        pass
    raise wrong("SP227", f"'{text}' is not a number")


def days(value: object) -> int:
    """A window as it is written: ``30 days``."""
    text = _scalar(value, "a number of days")
    if match := re.fullmatch("([1-9][0-9]{0,4}) days?", text):
        return int(match[1])
    spelt = _SPELT.fullmatch(text)
    count = int(spelt[1]) * (7 if spelt[2][:1].lower() == "w" else 1) if spelt else 0
    meant = f"{count} day{'s' * (count != 1)}" if count else ""
    raise wrong("SP228", f"'{text}' is not a number of days", "Write for example: 30 days.", meant)


_SPELT = re.compile("([1-9][0-9]{0,3}) ?(d|days?|w|weeks?)", re.IGNORECASE)
"""Days and weeks in another spelling. A month and a year have no fixed length, and a bare number has no unit."""


def _flag(value: object) -> bool:
    text = _scalar(value, "true or false")
    if text in ("true", "false"):
        return text == "true"
    raise wrong(
        "SP229",
        f"'{text}' is neither true nor false",
        'Write true or false; "yes" and "no" are words here.',
        _MEANT.get(text.lower(), ""),
    )


_MEANT = {"yes": "true", "no": "false", "on": "true", "off": "false", "true": "true", "false": "false"}
"""What other YAML takes for a truth value."""


Whole = Annotated[int, PlainValidator(_whole), WithJsonSchema({"type": "integer", "minimum": 0})]
Number = Annotated[Decimal, PlainValidator(_number), WithJsonSchema({"type": "number"})]
Days = Annotated[int, PlainValidator(days), WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,4} days?$"})]
Flag = Annotated[bool, PlainValidator(_flag), WithJsonSchema({"type": "boolean"})]


class OneOrMany:
    """Marks a list of which one entry may stand alone."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(
            lambda value: value if isinstance(value, list) else [value], handler(source)
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


class AtLeastOne:
    """Marks a list that is never empty."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def check(value: Any) -> Any:
            if isinstance(value, list) and not value:
                raise wrong("SP230", "at least one entry is wanted here")
            return value

        return core_schema.no_info_before_validator_function(check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {**handler(schema), "minItems": 1}


class Bare:
    """Marks a one-key mapping ``{name: expression}`` that may be written as the bare name, meaning ``true``."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        def expand(value: Any) -> Any:
            return {value: Scalar.of("true", value.span)} if isinstance(value, Scalar) else value

        return core_schema.no_info_before_validator_function(expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        words = {"enum": self.words}
        return {"anyOf": [words, {**handler(schema), "propertyNames": words, "maxProperties": 1}]}


ValueSets = Annotated[tuple[Name, ...], OneOrMany()]
"""One value set, or several that are read as one."""


def _single(value: object) -> object:
    if isinstance(value, dict) and len(value) == 1:
        return value
    raise wrong("SP231", "one entry 'name: ...' is wanted here", "Start each entry of the list with its own dash.")


Single = BeforeValidator(_single)
"""Marks a mapping that has exactly one key."""


class Form(BaseModel):
    """A mapping with known keys and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=False)

    @model_validator(mode="before")
    @classmethod
    def _remember(cls, value: Any, info: ValidationInfo) -> Any:
        """Notes which keys are known here, so that a misspelt one can be named with its likeness."""
        if not isinstance(value, dict):
            raise wrong("SP207", f"a mapping with the keys {', '.join(cls.keys())} is wanted here")
        if isinstance(info.context, dict):
            info.context[id(value)] = cls.keys()
        return value

    @classmethod
    def keys(cls) -> tuple[str, ...]:
        """The keys as they are written in the file."""
        return tuple(f.alias or n for n, f in cls.model_fields.items())


class Short(Form):
    """A mapping that may be written as the bare value of its first key."""

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, value: Any) -> Any:
        return value if isinstance(value, dict) else {cls.keys()[0]: value}

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        full = handler.resolve_ref_schema(handler(schema))
        bare = full.get("properties", {}).get(cls.keys()[0], {})
        copy = dict(full)
        full.clear()
        full["anyOf"] = [{k: v for k, v in bare.items() if k != "title"}, copy]
        return full
