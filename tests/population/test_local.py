"""The local engine: the same rows whatever the split, the order, the workers and the kills.

A full disk and a dying worker are told.

It is long because each way in which a run may be stopped, and gone on with or not, is one test.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from fhirpath_spine.errors import RequestError
from fhirpath_spine.population.engines import Pool, RunFailed, Steps, judge_locally, judge_part
from fhirpath_spine.population.engines import rows_of as part_of
from fhirpath_spine.population.exports import ExportUnusable
from fhirpath_spine.population.rows import Outcome, patient_row
from tests.population.population_kit import (
    AT,
    LIBRARY,
    PATIENTS,
    SITE,
    Rows,
    chart,
    export_of,
    job_of,
    line,
    person,
    rows_of,
)

STEMS = [p.stem[:3] for p in sorted(PATIENTS.glob("*.json"))]


def everyone(times: int = 1) -> list[bytes]:
    """The lines of all invented patients, several times under other ids, mixed."""
    found = [x for n in range(times) for stem in STEMS for x in chart(stem, f"{stem}{n}")[1]]
    random.Random(5).shuffle(found)  # noqa: S311
    return found


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """The rows of one file on one worker."""
    folder = tmp_path_factory.mktemp("plain")
    job = job_of(export_of(folder / "export", {"all.ndjson": everyone(2)}), folder / "out")
    judge_locally(job, 1)
    return rows_of(job.out)


def test_rows_are_those_of_the_function_called_by_hand(plain: Rows) -> None:
    expected = []
    for n in range(2):
        for stem in STEMS:
            id_, lines = chart(stem, f"{stem}{n}")
            row = patient_row(id_, lines, LIBRARY, AT, SITE)
            expected += [(id_, v.pathway, v.lesion, v.id, v.status) for v in row.verdicts]
    assert [(r["patient"], r["pathway"], r["lesion"], r["id"], r["status"]) for r in plain["verdicts"]] == sorted(
        expected
    )
    assert len(plain["patients"]) == 2 * len(STEMS)


def test_rows_do_not_depend_on_files_order_compression_or_workers(tmp_path: Path, plain: Rows) -> None:
    lines = everyone(2)[::-1]
    folder = export_of(tmp_path / "export", {f"{n}.ndjson": lines[n::7] for n in range(6)})
    (folder / "6.ndjson.gz").write_bytes(gzip.compress(b"\r\n".join(lines[6::7])))
    job = job_of(folder, tmp_path / "out")
    judge_locally(job, 3)
    assert rows_of(job.out) == plain


def test_a_bundle_on_one_line_gives_the_same_rows(tmp_path: Path, plain: Rows) -> None:
    entries = [{"resource": orjson.loads(x)} for x in everyone(2)]
    bundles = [orjson.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries[n::4]}) for n in range(4)]
    job = job_of(export_of(tmp_path / "export", {"x.ndjson": bundles}), tmp_path / "out")
    judge_locally(job, 2)
    assert rows_of(job.out) == plain


def test_the_record_says_what_was_judged_and_what_became_of_the_lines(tmp_path: Path) -> None:
    id_, lines = chart("09-")
    stray, aside = line("Condition", "c"), line("Encounter", "e", id_)
    job = job_of(export_of(tmp_path / "export", {"x.ndjson": [*lines, stray, b'{"a', aside]}), tmp_path / "out")
    value = judge_locally(job, 1)
    assert json.loads((job.out / "run.json").read_bytes()) == {**value, "mark": job.mark()}
    assert value["library"] == LIBRARY.digest
    assert value["lines"]["aside"] == {"Encounter": 1}
    assert value["lines"]["nobody"] == [["line-unreadable", "", 1], ["no-patient", "Condition", 1]]
    assert value["lines"]["places"][0].startswith("x.ndjson:")
    assert value["patients"] == {"judged": 1}
    assert rows_of(job.out)["refusals"] == [
        {"patient": "", "code": "line-unreadable", "detail": "", "count": 1},
        {"patient": "", "code": "no-patient", "detail": "Condition", "count": 1},
    ]


def test_medications_are_joined_from_wherever_they_lie(tmp_path: Path) -> None:
    id_, lines = chart("12-")
    apart: list[bytes] = []
    for number, one in enumerate(lines):
        value = orjson.loads(one)
        if concept := value.pop("medicationCodeableConcept", None):
            apart.append(line("Medication", f"m{number}", code=concept))
            value["medicationReference"] = {"reference": f"Medication/m{number}"}
        apart.append(orjson.dumps(value))
    files = {f"{n}.ndjson": apart[n::3] for n in range(3)}
    job = job_of(export_of(tmp_path / "export", files), tmp_path / "out")
    judge_locally(job, 2)
    expected = patient_row(id_, lines, LIBRARY, AT, SITE)
    assert [r["status"] for r in rows_of(job.out)["verdicts"]] == [v.status for v in expected.verdicts]


def test_pseudonyms_name_nobody_and_join_two_runs(tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export", {"x.ndjson": everyone()})
    key = b"k" * 32
    outs = [tmp_path / name for name in "ab"]
    for out in outs:
        judge_locally(job_of(folder, out, key), 1)
    assert rows_of(outs[0]) == rows_of(outs[1])
    ids = {chart(stem, f"{stem}0")[0] for stem in STEMS}
    names = {r["patient"] for r in rows_of(outs[0])["patients"]}
    assert len(names) == len(ids)
    written = b"".join(p.read_bytes() for p in outs[0].iterdir())
    assert names.isdisjoint(ids)
    assert not any(id_.encode() in written for id_ in ids)
    assert key not in written


def test_a_finished_run_is_left_as_it_is_and_another_is_refused(tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]})
    job = job_of(folder, tmp_path / "out")
    judge_locally(job, 1)
    before = {p.name: p.stat().st_mtime_ns for p in job.out.iterdir()}
    judge_locally(job, 1)
    assert {p.name: p.stat().st_mtime_ns for p in job.out.iterdir()} == before
    (folder / "x.ndjson").write_bytes(person("other") + b"\n")
    with pytest.raises(RequestError, match="another export"):
        judge_locally(job_of(folder, job.out), 1)


def fill_the_disk(rows: Path) -> None:
    """No part can write its journal: what is written there fails as on a full disk."""
    rows.mkdir(parents=True)
    for part in range(8):
        (rows / f"{part:05d}.journal").symlink_to("/dev/full")


def test_an_unfinished_run_of_another_day_is_not_gone_on_with(tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]})
    job = job_of(folder, tmp_path / "out")
    fill_the_disk(job.out / ".work" / "rows")
    with pytest.raises(RunFailed):
        judge_locally(job, 1)
    with pytest.raises(RequestError, match="unfinished run of another"):
        judge_locally(job_of(folder, job.out, at=AT.replace(year=2027)), 1)


def test_a_full_disk_ends_the_run_with_word_of_it_and_the_run_goes_on_when_there_is_room(
    tmp_path: Path, plain: Rows
) -> None:
    job = job_of(export_of(tmp_path / "export", {"all.ndjson": everyone(2)}), tmp_path / "out")
    journal = job.out / ".work" / "rows" / "00001.journal"
    journal.parent.mkdir(parents=True)
    journal.symlink_to("/dev/full")  # what is written there fails as on a full disk
    with pytest.raises(RunFailed, match="No space left on device"):
        judge_locally(job, 2)
    journal.unlink()
    value = judge_locally(job, 2)
    assert rows_of(job.out) == plain
    assert sum(value["judged"].values()) == 2 * len(STEMS)


# ---------------------------------------------------------------- workers that die


def dying(task: int, left_out: frozenset[str]) -> Steps:
    """Turns to three things; ``bad`` of task 1 kills the process."""
    for at in ("good", "bad", "last"):
        yield at, 1
        if at == "bad" and task == 1 and at not in left_out:
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_dies_is_replaced_and_what_killed_two_is_left_out() -> None:
    steps = list(Pool(dying, 2).run([0, 1, 2]))
    assert sorted(s.task for s in steps if s.finished) == [0, 1, 2]


def always_dying(task: int, left_out: frozenset[str]) -> Steps:
    """Dies before it turns to anything."""
    os.kill(os.getpid(), signal.SIGKILL)
    yield "", 0


def test_a_task_that_kills_every_worker_ends_the_run() -> None:
    with pytest.raises(RunFailed, match="Workers died 3 times"):
        list(Pool(always_dying, 2).run([0]))


def test_a_patient_at_whom_workers_die_is_a_row(tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export", {"x.ndjson": [*chart("09-", "good")[1], *chart("10-", "bad")[1]]})
    job = job_of(folder, tmp_path / "out")
    work = job.out / ".work"
    fill_the_disk(work / "rows")
    with pytest.raises(RunFailed):
        judge_locally(job, 1)  # leaves what stage one made
    for journal in (work / "rows").glob("*.journal"):
        journal.unlink()
    plan = json.loads((work / "plan.json").read_bytes())
    for part in (n for n in range(plan["parts"]) if not part_of(work, n).is_dir()):
        list(judge_part(part, plan["parts"], range(1), job, work, 2, {"bad"}))
    judge_locally(job, 1)
    rows = rows_of(job.out)
    assert rows["refusals"] == [{"patient": "bad", "code": "worker-lost", "detail": "", "count": 1}]
    assert [r["outcome"] for r in rows["patients"]] == [Outcome.REFUSED, Outcome.JUDGED]


# ---------------------------------------------------------------- kills of the whole run

COMMAND = "import sys; from fhirpath_spine.entrypoints.commands.main import main; main()"


def start(export: Path, out: Path) -> subprocess.Popen[bytes]:
    arguments = ["population", "judge", str(export), "--out", str(out), "--at", "2026-06-15", "--workers", "2"]
    return subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def split_begun(work: Path) -> bool:
    return any((work / "split").glob("*.json"))


def some_judged(work: Path) -> bool:
    return any(p.stat().st_size for p in (work / "rows").glob("*.journal"))


def parts_done(work: Path) -> bool:
    return len(list((work / "rows").glob("[0-9]" * 5))) >= 3


def kill_when(process: subprocess.Popen[bytes], seen: Callable[[], bool]) -> None:
    while process.poll() is None and not seen():
        time.sleep(0.002)
    assert process.poll() is None, "it ended before it could be killed"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_killed_at_three_points_and_gone_on_with_the_rows_are_equal_and_nobody_is_judged_twice(tmp_path: Path) -> None:
    times = 6  # three of eight parts are judged while more than half of them wait, however fast the machine is
    lines = everyone(times)
    folder = export_of(tmp_path / "export", {f"{n}.ndjson": lines[n::9] for n in range(9)})
    whole = job_of(folder, tmp_path / "whole")
    judge_locally(whole, 2)
    out = tmp_path / "out"
    for seen in (split_begun, some_judged, parts_done):
        kill_when(start(folder, out), lambda seen=seen: (out / ".work").is_dir() and seen(out / ".work"))  # type: ignore[misc]
        assert not (out / "run.json").exists()
    assert start(folder, out).wait() == 0
    assert rows_of(out) == rows_of(whole.out)
    record = json.loads((out / "run.json").read_bytes())
    assert len(record["judged"]) > 1
    assert sum(record["judged"].values()) == times * len(STEMS)
    assert not (out / ".work").exists()


@pytest.fixture(autouse=True)
def _no_worker_is_left() -> Iterator[None]:
    yield
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    if children.is_file():
        assert children.read_text().split() == []


def test_what_a_request_left_out_is_unread_and_not_absent(tmp_path: Path) -> None:
    folder = export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]})
    found = []
    for asked in ("", "?_type=Patient,Condition"):
        manifest = {"request": f"https://x/$export{asked}", "output": [{"url": "x.ndjson"}]}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        job = job_of(folder, tmp_path / f"out{len(found)}")
        judge_locally(job, 1)
        found.append(rows_of(job.out))
    assert found[0]["patients"][0]["unread"] == []
    assert "procedures:outcome" in found[1]["patients"][0]["unread"]
    assert {r["reason"] for r in found[1]["missing"]} >= {"unread"}


def test_files_that_hold_less_than_their_manifest_says_are_not_judged(tmp_path: Path) -> None:
    lines = chart("09-")[1]
    folder = export_of(tmp_path / "export", {"x.ndjson": lines})
    for number, fails in ((len(lines), False), (len(lines) + 1, True)):
        manifest = {"output": [{"url": "x.ndjson", "count": number}]}
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        job = job_of(folder, tmp_path / f"out{number}")
        with pytest.raises(ExportUnusable, match="the files hold") if fails else nullcontext():
            judge_locally(job, 1)
        assert (job.out / "run.json").is_file() is not fails


def test_an_unfinished_run_with_other_profiles_is_not_gone_on_with(tmp_path: Path) -> None:
    job = job_of(export_of(tmp_path / "export", {"x.ndjson": chart("09-")[1]}), tmp_path / "out")
    fill_the_disk(job.out / ".work" / "rows")
    with pytest.raises(RunFailed):
        judge_locally(job, 1)
    other = replace(job.content.library, digest="another")
    for content in (replace(job.content, library=other), replace(job.content, site_mark="another")):
        with pytest.raises(RequestError, match="unfinished run of another"):
            judge_locally(replace(job, content=content), 1)
