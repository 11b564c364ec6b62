"""What ``explain`` prints of one recommendation for a person: the answers first, then one line for each criterion; what is the
same for each lesion once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from rich.text import Text
from rich.tree import Tree

from fhirpath_spine.entrypoints.commands.reasons import APPLIES, data_of, gap, pathway_line, short
from fhirpath_spine.entrypoints.show import STYLES, console
from fhirpath_spine.exchange import Json, objects

MANY = 3
"""Data of one criterion that are named."""
MORE = "Each criterion down to the data: add --full."


class _Line(NamedTuple):
    said: str
    answer: str = ""
    rest: str = ""

    def text(self) -> Text:
        line = Text(self.said)
        line.append(self.answer, style=STYLES.get(self.answer, ""))
        line.append(self.rest)
        return line


def show_brief(found: Json) -> None:
    """The answer for each pathway and lesion in a line; below them the criteria, pathway by pathway."""
    out, whys = console(), objects(found.get("why"))
    for one in whys:
        for line in short(one):
            out.print(line)
    groups: dict[str, list[Json]] = {}
    for one in whys:
        groups.setdefault(one["pathway"], []).append(one)
    for group in groups.values():
        out.print(_tree(group))
    out.print(Text(MORE, style="dim"))


def _tree(group: list[Json]) -> Tree:
    first, *others = group
    if not others:
        return _leaves(Tree(pathway_line(first)), list(_lines(first)))
    tree = Tree(Text(f"{first['pathway']} {first['version']} {first['title']}", style="bold"))
    told = {id(one): list(_lines(one)) for one in group}
    alike = [line for line in told[id(first)] if all(line in lines for lines in told.values())]
    if alike:
        _leaves(tree.add(Text("for each lesion")), alike)
    for one in group:
        at = f" to {one['lesion']['key']}" if "lesion" in one else ""
        state = f", {one['state']}" if "state" in one else ""
        _leaves(tree.add(Text(f"{APPLIES[one['applies']]}{at}{state}")), [x for x in told[id(one)] if x not in alike])
    return tree


def _leaves(tree: Tree, lines: list[_Line]) -> Tree:
    for line in lines:
        tree.add(line.text())
    return tree


def _lines(one: Json) -> Iterator[_Line]:
    criteria = objects(one.get("criteria"))
    if held := [_name(c) for c in criteria if c["answer"] == "MET"]:
        yield _Line(f"applies, what holds: {', '.join(held)}")
    for criterion in criteria:
        if criterion["answer"] != "MET":
            yield from _criterion(criterion)
    for considered in objects(one.get("recommendations")):
        yield _Line(f"{considered['id']} {considered['title']}: ", considered.get("status", "not judged here"))
        if considered.get("by"):
            yield from (_Line(said) for said in considered.get("because", ()))
        for criterion in (*objects(considered.get("imposed")), *objects(considered.get("criteria"))):
            yield from _criterion(criterion)


def _criterion(one: Json) -> Iterator[_Line]:
    at = f" at {one['lesion']}" if "lesion" in one else ""
    data = list(_data(one))
    more = f"; and {len(data) - MANY} more" if len(data) > MANY else ""
    rest = f"  ({'; '.join(data[:MANY])}{more})" if data else ""
    limits = dict.fromkeys(_limits(one, one.get("decidedBy", ())))
    yield _Line(f"{one['role']} {_name(one)}{at}: ", one["answer"], rest + "".join(f"  {limit}" for limit in limits))
    both = one.get("metWith") == one.get("notMetWith")
    verbs = (("would be decided" if both else "would hold", "metWith"), ("would be ruled out", "notMetWith"))
    for verb, key in verbs[:1] if both else verbs:
        if sets := one.get(key):
            yield _Line(f"  {verb} with: {' or '.join(map(_together, islice(sets, MANY)))}")


def _together(data: list[str]) -> str:
    more = [f"{len(data) - MANY} more"] if len(data) > MANY else []
    return " and ".join([*data[:MANY], *more])


def _data(one: Json) -> Iterator[str]:
    """What it rests on, each datum once; of what holds not also what is not recorded."""
    parts = data_of(one)
    said = dict.fromkeys(line for part in parts for line in _recorded(part))
    if one["answer"] != "MET" or not said:
        said |= dict.fromkeys(gap(missing) for part in parts for missing in objects(part.get("missing")))
    return iter(said)


def _recorded(part: Json) -> Iterator[str]:
    if "value" in part:
        yield f"{part['label']}: {part['value']}"
        return
    for datum in objects(part.get("data")):
        value = ", ".join(str(datum[key]) for key in ("value", "date") if datum.get(key))
        yield f"{datum['label']}: {value}" if value else datum["label"]


def _limits(one: Json, decided: Sequence[str]) -> Iterator[str]:
    """The limits that a criterion, or a definition which led to what decided it, compares with."""
    for part in objects(one.get("reads")):
        if part["name"].startswith("limit."):
            yield f"%{part['name']} ({part['label']})"
        elif not decided or _leads(part, decided):
            yield from _limits(part, decided)


def _leads(part: Json, decided: Sequence[str]) -> bool:
    named = part["name"].partition(".")[0] in decided
    return named or any(_leads(one, decided) for one in objects(part.get("reads")))


def _name(criterion: Json) -> str:
    return str(criterion["name"]).replace("-", " ")
