"""What ``explain`` draws: pathway, criterion, datum; and a kept decision, of which only the words are left."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from rich.text import Text
from rich.tree import Tree

from fhirpath_spine.entrypoints.show import STYLES, console, data_line, show_explanation, show_tree
from fhirpath_spine.exchange import Json, objects

APPLIES = {"MET": "applies", "NOT_MET": "does not apply", "UNKNOWN": "may apply"}
BARRIERS = {
    "retired": "it is retired",
    "no-lesion": "no lesion is on record that it could be asked of",
    "lesions-unread": "whether there is a lesion is not known, since it could not be read",
}
DECIDES = {
    "not-applicable": {"use": "NOT_MET", "with": "NOT_MET", "unless": "NOT_MET", "when": "NOT_MET"},
    "satisfied": {"satisfied": "MET"},
    "suppressed": {"excluded": "MET"},
    "blocked": {"blocked": "MET"},
    "needs-data": {},
    "recommended": {"when": "MET"},
}
"""Status -> the roles of criteria that decide it, with their answer. What the policy decides, the verdict says in words."""
GAPS = {
    "unread": "could not be read",
    "not-offered": "not offered by the server",
    "conflict": "contradicting statements",
    "stale": "too old",
    "rejected": "rejected",
    "unverified": "not confirmed",
    "not-configured": "not configured",
    "limit": "too much to read",
    "not-recorded": "not recorded",
}


def show_reasons(found: Json) -> None:
    """The tree of a decision where there is one, then what was asked for down to the data, or which pathways do not apply."""
    out = console()
    if "entries" in found:
        show_tree(found)
        show_explanation(objects(found.get("explanation")))
    elif "silent" in found:
        out.print(Text(f"No pathway is asked: {found['silent']}."))
    for one in objects(found.get("elsewhere")):
        tree = Tree(pathway_line(one))
        for criterion in objects(one.get("criteria")):
            # Why it does not apply: what holds is no reason.
            if criterion["answer"] != "MET":
                _question(tree, criterion)
        out.print(tree)
    whys = objects(found.get("why"))
    for line in (line for one in whys for line in short(one)):
        out.print(line)
    for one in whys:
        tree = Tree(pathway_line(one))
        for criterion in objects(one.get("criteria")):
            _question(tree, criterion)
        for considered in objects(one.get("recommendations")):
            _considered(tree, considered)
        out.print(tree)


def show_document(found: Json) -> None:
    """The verdicts of a kept decision."""
    out = console()
    out.print(Text(f"decision {found['decision']}"))
    for verdict in found["verdicts"]:
        branch = Tree(head(verdict))
        for line in verdict.get("because", ()):
            branch.add(Text(line))
        for missing in objects(verdict.get("missing")):
            branch.add(Text(gap(missing)))
        for criterion in objects(verdict.get("criteria")):
            _question(branch, criterion)
        out.print(branch)
    if not found["verdicts"]:
        out.print(Text("Nothing of it was judged in this decision."))


def short(one: Json) -> Iterator[Text]:
    """The answer in a sentence for each recommendation: the pathway, the criterion that decides, and its datum."""
    for considered in objects(one.get("recommendations")):
        where = f"{one['pathway']} {APPLIES[one['applies']]}"
        at = f" to {one['lesion']['key']}" if "lesion" in one else ""
        status = considered.get("status", "not shown")
        failing = [c for c in objects(one.get("criteria")) if c["answer"] != "MET"]
        if one["applies"] == "MET":
            reason = _decided(considered, status)
        else:
            reason = next(map(_because, failing), "") or BARRIERS.get(one.get("barrier", ""), "")
        text = Text(f"{considered['id']} {status}: {where}{at}", style="bold")
        text.append(f"; {reason}" if reason else "")
        if considered.get("decides") and one["applies"] == "MET" and status == "needs-data":
            text.append(f"; to decide it: {', '.join(considered['decides'])}")
        yield text


def _decided(considered: Json, status: str) -> str:
    """What decided a verdict: its own criterion, else the words of the rule that did, else what is unknown."""
    own = objects(considered.get("imposed")) + objects(considered.get("criteria"))
    roles = DECIDES.get(status, {})
    by_own = (_because(c) for c in own if roles.get(c["role"]) == c["answer"])
    unknown = (_because(c) for c in own if c["answer"] == "UNKNOWN")
    said = iter(considered.get("because", ()))
    return next(by_own, "") or next(said, "") or next(unknown, "")


def _because(criterion: Json) -> str:
    data = next((line for part in data_of(criterion) for line in _lines(part)), "")
    return f"{criterion['name'].replace('-', ' ')} is {criterion['answer']}" + (f" ({data})" if data else "")


def data_of(criterion: Json) -> list[Json]:
    """The data and facts that decided a criterion or left it open; what is known of the lesion itself tells least, so last."""
    decided = criterion.get("decidedBy", ())
    found = list(_leaves(criterion, lambda name: name in decided)) or list(_leaves(criterion, lambda _: True))
    return sorted(found or [criterion], key=lambda part: part.get("name", "").startswith("lesion."))


def _leaves(one: Json, wanted: Callable[[str], bool]) -> Iterator[Json]:
    """What has no parts, of all parts whose name is wanted."""
    for part in objects(one.get("reads")):
        if "reads" in part:
            yield from _leaves(part, (lambda _: True) if wanted(part["name"]) else wanted)
        elif wanted(part["name"].partition(".")[0]):
            yield part


def pathway_line(one: Json) -> Text:
    text = Text(f"{one['pathway']} {one['version']} {one['title']}: {APPLIES[one['applies']]}", style="bold")
    if "lesion" in one:
        text.append(f" to {one['lesion']['key']}")
    if "state" in one:
        text.append(f", {one['state']}")
    if "barrier" in one:
        text.append(f": {BARRIERS[one['barrier']]}")
    return text


def head(verdict: Json) -> Text:
    head = Text(f"{verdict['id']} {verdict.get('title', '')}  ")
    status = verdict.get("status", "not judged here")
    head.append(status, style=STYLES.get(status, "dim"))
    if verdict.get("by"):
        head.append(f" by {verdict['by']}")
    return head


def _considered(tree: Tree, one: Json) -> None:
    branch = tree.add(head(one))
    for line in one.get("because", ()):
        branch.add(Text(line, style="italic"))
    for step in objects(one.get("imposed")):
        _question(branch, step)
    for criterion in objects(one.get("criteria")):
        _question(branch, criterion)
    if one.get("decides"):
        branch.add(Text(f"To decide it: {', '.join(one['decides'])}", style="yellow"))


def _question(tree: Tree, one: Json) -> None:
    line = Text(f"{one['role']} {one['name'].replace('-', ' ')}: ")
    line.append(one["answer"], style=STYLES[one["answer"]])
    if "lesion" in one:
        line.append(f" at {one['lesion']}")
    line.append(f"  {one.get('expression', '')}", style="dim")
    node = tree.add(line)
    reads = objects(one.get("reads"))
    told: set[str] = set()
    for part in reads:
        _opened(node, part, told)
    for text in () if reads else _lines(one):
        node.add(Text(text))
    for verb, key in (("would hold with", "metWith"), ("would be ruled out with", "notMetWith")):
        if sets := one.get(key):
            options = " or ".join(" and ".join(f"'{item}'" for item in chosen) for chosen in sets)
            node.add(Text(f"{verb}: {options}", style="yellow"))


def _opened(tree: Tree, one: Json, told: set[str]) -> None:
    """A name with what it reads; a definition that stands above already is not opened twice."""
    line = Text(f"%{one['name']}")
    if one["label"] != one["name"].replace("-", " ") and "value" not in one:
        line.append(f" ({one['label']})")
    if "answer" in one:
        line.append(" ")
        line.append(one["answer"], style=STYLES[one["answer"]])
    reads, lines = objects(one.get("reads")), list(_lines(one))
    if reads and one["name"] in told:
        line.append("  as above", style="dim")
        reads = []
    elif len(lines) == 1:
        line.append(f": {lines.pop()}")
    else:
        line.append(f"  {one.get('expression', '')}", style="dim")
    told.add(one["name"])
    node = tree.add(line)
    for part in reads:
        _opened(node, part, told)
    for text in lines:
        node.add(Text(text))


def _lines(one: Json) -> Iterator[str]:
    if "value" in one:
        rest = next(map(data_line, objects(one.get("data"))), "")
        yield f"{one['label']}: {one['value']}" + (f" ({rest})" if rest else "")
        return
    yield from (data_line(e) for e in objects(one.get("data")))
    yield from (gap(m) for m in objects(one.get("missing")))


def gap(missing: Json) -> str:
    when = f" (last {missing['date']})" if missing.get("date") else ""
    days = f", {missing['days']} days count" if missing.get("days") else ""
    return f"{missing['item']}: {GAPS.get(missing['reason'], missing['reason'])}{when}{days}"
