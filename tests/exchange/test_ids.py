"""Ids repeat with their inputs, and with nothing else (rulings 5.2)."""

from __future__ import annotations

from uuid import UUID

from fhirpath_spine.exchange.outgoing import Ids


def test_an_id_is_a_uuid_of_version_8() -> None:
    found = UUID(Ids().uuid("card", "x"))
    assert (found.version, found.variant) == (8, "specified in RFC 4122")


def test_a_retry_has_the_same_id_and_a_new_hook_instance_another() -> None:
    ids = Ids()
    assert ids.decision("c", "h", "l", "f", "d") == ids.decision("c", "h", "l", "f", "d")
    assert ids.decision("c", "h", "l", "f", "d") != ids.decision("c", "h2", "l", "f", "d")


def test_parts_do_not_run_together() -> None:
    assert Ids().uuid("a", "bc") != Ids().uuid("ab", "c")


def test_another_key_gives_other_ids() -> None:
    assert Ids(b"1" * 32).plan("p", "w", "l", "1") != Ids(b"2" * 32).plan("p", "w", "l", "1")


def test_a_plan_keeps_its_identifier_over_minor_versions_and_not_over_patients() -> None:
    assert Ids().plan("p", "w", "l", "1") == Ids().plan("p", "w", "l", "1")
    assert Ids().plan("p", "w", "l", "1") != Ids().plan("q", "w", "l", "1")
