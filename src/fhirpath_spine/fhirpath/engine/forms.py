"""The special forms of the reference engine: functions whose arguments are names, or are evaluated only when chosen."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from fhirpath_spine.fhirpath.engine import logic, selections
from fhirpath_spine.fhirpath.engine.logic import single
from fhirpath_spine.fhirpath.engine.operators import order
from fhirpath_spine.fhirpath.grammar.problems import EvaluationError
from fhirpath_spine.fhirpath.grammar.syntax import Call, Literal, Tree
from fhirpath_spine.fhirpath.values.items import Incomplete, Node, TypeName, as_complete_as, enter, system
from fhirpath_spine.fhirpath.values.r4 import TYPES

if TYPE_CHECKING:
    from fhirpath_spine.fhirpath.engine.scope import Run
    from fhirpath_spine.fhirpath.functions.table import Thunk
Items = list[Any]
_CORE = "http://hl7.org/fhir/StructureDefinition/"


def typed(op: str, wanted: TypeName, base: Thunk) -> Thunk:
    """``is``, ``as`` and ``ofType``."""

    def test(run: Run, this: Items) -> Items:
        items = base(run, this)
        if op == "ofType":
            return as_complete_as(items, [item for item in items if wanted.exactly(item)])
        if not items:
            return as_complete_as(items, [])
        item = single(items, f"'{op}'")
        if op == "is":
            return Incomplete() if type(items) is Incomplete else [wanted.covers(item)]
        return as_complete_as(items, [item] if wanted.exactly(item) else [])

    return test


def member_of(tree: Call, base: Thunk) -> Thunk:
    """``memberOf``."""
    value_set = tree.note

    def judge(run: Run, this: Items) -> Items:
        items = base(run, this)
        run.charge(len(items))
        if type(items) is Incomplete:
            return Incomplete()
        answer = value_set.judge_all(items)
        return [] if answer is None else [answer]

    return judge


def iif(base: Thunk, args: list[Thunk], *, rooted: bool) -> Thunk:
    """``iif``: only the chosen branch is evaluated. ``rooted``: it stands on ``$this``."""
    otherwise: Thunk = args[2] if len(args) > 2 else (lambda _run, _this: [])

    def choose(run: Run, this: Items) -> Items:
        if not rooted:
            this = base(run, this)
            if len(this) > 1:
                raise EvaluationError("iif() stands on several items.", hint="Put it inside select().")
        condition = args[0](run, this)
        if type(condition) is Incomplete:
            return Incomplete()
        return args[1](run, this) if logic.truth(condition) else otherwise(run, this)

    return choose


def arranged(base: Thunk, keys: list[Thunk], down: tuple[bool, ...]) -> Thunk:
    """``sort``: by each key in turn; ``down`` says which keys descend."""

    def arrange(run: Run, this: Items) -> Items:
        items = base(run, this)
        run.charge(len(items) * 4)
        columns = [[result for _, result in selections.each(run, items, key)] for key in keys] or [[[i] for i in items]]
        signs = [-1 if d else 1 for d in down] or [1]

        def compare(a: int, b: int) -> int:
            for column, sign in zip(columns, signs, strict=True):
                x, y = column[a], column[b]
                if not x or not y:
                    # What has no key comes first, in either direction.
                    if x or y:
                        return 1 if x else -1
                    continue
                answer = order(single(x, "A key"), single(y, "A key")) or 0
                if answer:
                    return answer * sign
            return 0

        return as_complete_as(items, [items[i] for i in sorted(range(len(items)), key=cmp_to_key(compare))])

    return arrange


def define(base: Thunk, name: Tree, value: Thunk | None) -> Thunk:
    """``defineVariable``."""
    key = name.value if isinstance(name, Literal) else ""

    def define(run: Run, this: Items) -> Items:
        items = base(run, this)
        run.defined[key] = items if value is None else value(run, items)
        return items

    return define


def resolve(base: Thunk) -> Thunk:
    """``resolve``: contained resources first, then what the scope knows."""

    def resolve(run: Run, this: Items) -> Items:
        found: Items = []
        for item in base(run, this):
            run.charge(1)
            value = item.value if type(item) is Node else item
            url = value.get("reference") if isinstance(value, dict) else value
            target = _target(run, url) if isinstance(url, str) else None
            if target is not None:
                found.append(enter(target, None))
        return found

    return resolve


def _target(run: Run, url: str) -> Any:
    for root in run.root if url.startswith("#") else ():
        for inner in root.value.get("contained", ()) if isinstance(root.value, dict) else ():
            if inner.get("id") == url[1:]:
                return inner
    return run.scope.resolve(url) if run.scope.resolve and not url.startswith("#") else None


def conforms(base: Thunk, argument: Thunk) -> Thunk:
    """``conformsTo``, for the types of FHIR R4 itself."""

    def conforms(run: Run, this: Items) -> Items:
        items, url = base(run, this), argument(run, this)
        if not items or not url:
            return as_complete_as(items, [])
        name = str(system(url[0]))
        wanted = TypeName("FHIR", name.removeprefix(_CORE))
        if not name.startswith(_CORE) or wanted.name not in TYPES:
            raise EvaluationError("Only the types of FHIR R4 itself can be tested with conformsTo().")
        return [wanted.covers(single(items, "conformsTo()"))]

    return conforms
