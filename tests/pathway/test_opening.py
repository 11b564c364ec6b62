"""What a question reads, opened to the data, and the fewest data that would decide it."""

from __future__ import annotations

from typing import Any

from fhirpath_spine.pathway.asking import Environment, deciding, gather, opened
from fhirpath_spine.pathway.truth import Reason
from tests.pathway.pathway_kit import PAIN, SITE, Json, facts, shipped


def _environment(*told: Json, **how: Any) -> Environment:
    scope = {"pathway": ["PW-METS"], "state": ["WORKUP"], "advised": [], "open": []}
    return Environment(gather(shipped(), facts(*told, **how), SITE)).with_given(scope)


def _unknown(env: Environment) -> list[str]:
    definitions = shipped().definitions
    return [n for n, e in definitions.items() if e.shape.type.endswith("oolean") and env.ask(e).truth is None]


def test_a_definition_is_opened_to_the_needs_that_it_reads() -> None:
    env = _environment(PAIN)
    (pain,) = [o for o in opened(shipped().definitions["pain-recorded"], env) if o.name == "back-pain"]
    assert [e.reference for e in pain.evidence] == ["Condition/pain"]
    gaps = [o.missing for o in opened(shipped().definitions["pain-recorded"], env) if o.name == "night-pain"]
    assert [m.reason for m in gaps[0]] == [Reason.NOT_RECORDED]


def test_each_unknown_question_names_what_would_decide_it_and_no_decided_one_does() -> None:
    env = _environment()
    unknown = _unknown(env)
    assert unknown
    for name, definition in shipped().definitions.items():
        if definition.shape.type.endswith("oolean"):
            assert bool(deciding(definition, env).smallest) == (name in unknown), name


def test_the_smallest_set_is_no_larger_than_any_other() -> None:
    env = _environment()
    for name in _unknown(env):
        found = deciding(shipped().definitions[name], env)
        assert all(len(found.smallest) <= len(one) for one in (*found.met, *found.not_met)), name


def _opened_whole() -> int:
    env = _environment(PAIN)
    for name in _unknown(env):
        deciding(shipped().definitions[name], env)
    return len(env.circumstances.untold.answers)


def test_who_asks_once_more_what_would_decide_a_chart_leaves_nothing_more_behind() -> None:
    kept = _opened_whole()
    assert kept
    assert _opened_whole() == kept
