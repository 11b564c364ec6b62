"""The Spark engine: the same pieces, the same row for each patient and the same tables, on any master.

Lines are split into pieces where they are read, shuffled and sorted by patient, and judged partition by partition: only the lines
of one patient are held at a time, so that one huge chart costs one row. The compiled library is broadcast once to each executor;
each Python worker makes it ready once and keeps it, which is asked of Spark below. Where Spark does a task again, the rows are
the same.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime
from functools import lru_cache, partial
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
from pyspark import Broadcast, SparkFiles
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from fhirpath_spine.errors import RequestError
from fhirpath_spine.exchange import Json
from fhirpath_spine.pathway.model import Library
from fhirpath_spine.population.engines import medications
from fhirpath_spine.population.engines.job import Content, unpack
from fhirpath_spine.population.engines.medications import Medications
from fhirpath_spine.population.engines.split import check_promised
from fhirpath_spine.population.exports.export import Export, find_export
from fhirpath_spine.population.rows.gathering import PATIENT_BYTES
from fhirpath_spine.population.rows.judging import patient_row
from fhirpath_spine.population.rows.owners import COMPANION, Fate, pieces
from fhirpath_spine.population.rows.row import Row
from fhirpath_spine.population.tables import run
from fhirpath_spine.population.tables.pseudonyms import Pseudonyms
from fhirpath_spine.population.tables.schema import PATIENTS, REFUSALS, TABLES, nobody_lines

MEDICATIONS = "fhirpath-spine-medications.sqlite"
_BATCH = 256
"""Patients whose rows are handed over together."""
_PIECE = pa.schema([("owner", pa.string()), ("line", pa.binary())])
_COUNTED = ""
"""The owner of a line that holds counts, not a piece: no patient has an empty id."""
_SETTINGS = {
    "spark.python.worker.reuse": "true",  # else each task makes the library ready anew
    "spark.sql.execution.arrow.maxRecordsPerBatch": "2000",
    "spark.ui.showConsoleProgress": "false",
}


Batches = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]


class _Task(NamedTuple):
    """What each Python worker is told."""

    at: datetime
    base: str
    told: list[bytes]
    pseudonyms: Pseudonyms
    content: Broadcast[bytes]
    before: Batches | None


def judge_on_spark(
    export: str,
    content: Content,
    at: datetime,
    out: str,
    pseudonyms: Pseudonyms,
    master: str = "",
    *,
    before_judging: Batches | None = None,
) -> Json:
    """Judges an export into the folder ``out`` and returns the record of the run. Both may be addresses that Spark reads
    (``hdfs://``, ``s3a://``); a manifest has to lie in a local folder. ``before_judging`` is handed the pieces of each
    partition, in the worker that judges them, and hands them on.

    Raises:
        RequestError: ``out`` holds a finished run.
        ExportUnusable: the export is local and cannot be read.

    """
    found = None if "://" in export else find_export(Path(export))
    with tempfile.TemporaryDirectory() as folder:
        spark = _session(master)
        try:
            if _exists(spark, f"{out}/{run.FILE}"):
                raise RequestError(f"{out} holds a finished run.", hint="Name another --out.")
            lines = _lines(spark, [str(s.path) for s in found.sources] if found else [export])
            spark.sparkContext.addFile(str(_medications(lines, Path(folder) / MEDICATIONS)))
            packed = spark.sparkContext.broadcast(content.pack())
            task = _Task(
                at, found.base if found else "", found.told if found else [], pseudonyms, packed, before_judging
            )
            seen, rows, outcomes = _judge(spark, lines, task, out)
            if found:
                check_promised(found, seen)
            value = _record(spark, content.library, task, found, seen, rows, outcomes)
            _write(spark, f"{out}/{run.FILE}", orjson.dumps(value, option=orjson.OPT_INDENT_2))
            return value
        finally:
            spark.stop()


def _session(master: str) -> SparkSession:
    # Who submits by spark-submit says which Python the executors have; otherwise it is this one.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.builder.appName("fhirpath-spine population")
    if master or "SPARK_ENV_LOADED" not in os.environ:
        builder = builder.master(master or "local[*]")
    for name, value in _SETTINGS.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _lines(spark: SparkSession, paths: list[str]) -> DataFrame:
    """All lines as bytes: a text that is no UTF-8 must stay wrong."""
    text = spark.read.option("lineSep", "\n").option("recursiveFileLookup", "true").text(paths)
    return text.selectExpr("cast(value as binary) as line")


def _medications(lines: DataFrame, path: Path) -> Path:
    """The index of Medications, made on the driver: a formulary, not a population."""
    kinds = rf'"resourceType"\\s*:\\s*"({COMPANION}|Bundle)"'
    some = lines.where(f"cast(line as string) rlike '{kinds}'").mapInArrow(_companions, "line binary").distinct()
    medications.keep((bytes(row.line) for row in some.toLocalIterator()), path)
    return path


def _companions(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        found = [
            piece.line for line in batch.column(0).to_pylist() for piece in pieces(line) if piece.fate is Fate.COMPANION
        ]
        yield pa.RecordBatch.from_arrays([pa.array(found, pa.binary())], names=["line"])


def _judge(
    spark: SparkSession, lines: DataFrame, task: _Task, out: str
) -> tuple[run.Lines, dict[str, int], dict[str, int]]:
    """Judges, and writes the tables. The rows are kept once as they come, so that no patient is judged once for each table."""
    kept = f"{out}/.judged"
    split = lines.mapInArrow(_split, from_arrow_schema(_PIECE))
    # Without a number, Spark joins small partitions by itself; ``spark.sql.shuffle.partitions`` is their upper bound.
    sorted_ = split.repartition("owner").sortWithinPartitions("owner")
    judged = sorted_.mapInArrow(partial(_judged, task), from_arrow_schema(_judged_schema()))
    judged.write.mode("overwrite").parquet(kept)
    held = spark.read.parquet(kept)
    seen = run.Lines()
    for one in held.where("counted is not null").select("counted").toLocalIterator():
        seen.add(run.Lines.unpack(orjson.loads(one.counted)))
    rows: dict[str, int] = {}
    for table in TABLES:
        found = held.selectExpr(f"inline({table.name})")
        if table is REFUSALS:
            found = found.union(spark.createDataFrame(nobody_lines(seen.nobody), from_arrow_schema(table.schema)))
        found.orderBy(*table.columns_in_order).write.mode("overwrite").parquet(f"{out}/{table.name}.parquet")
        rows[table.name] = spark.read.parquet(f"{out}/{table.name}.parquet").count()
    patients = spark.read.parquet(f"{out}/{PATIENTS.name}.parquet").groupBy("outcome").count()
    outcomes = {str(r["outcome"]): int(r["count"]) for r in patients.collect()}
    _remove(spark, kept)
    return seen, rows, outcomes


def _split(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    seen = run.Lines()
    for batch in batches:
        found = [one for line in batch.column(0).to_pylist() for one in _pieces(line, seen)]
        yield _batch(found, _PIECE)
    yield _batch([(_COUNTED, orjson.dumps(seen.pack()))], _PIECE)


def _pieces(line: bytes, seen: run.Lines) -> Iterator[tuple[str, bytes]]:
    for piece in pieces(line):
        seen.count(piece)
        if piece.fate is Fate.OWNED:
            for owner in piece.owners:
                yield owner, piece.line


def _batch(lines: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns: list[Any] = list(zip(*lines, strict=True)) or [() for _ in schema]
    return pa.RecordBatch.from_arrays(
        [pa.array(list(values), field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )


def _judged_schema() -> pa.Schema:
    """One line for each patient: of each table a list of its lines; or a line with counts only."""
    lists = [(t.name, pa.list_(pa.struct(list(t.schema.remove_metadata())))) for t in TABLES]
    return pa.schema([("counted", pa.string()), *lists])


def _judged(task: _Task, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    content = _content(task.content.value)
    schema = _judged_schema()
    held: list[tuple[Any, ...]] = []
    with closing(Medications(Path(SparkFiles.get(MEDICATIONS)))) as companions:
        for owner, group in groupby(_rows(task.before(batches) if task.before else batches), key=itemgetter(0)):
            if owner == _COUNTED:
                held += [(line.decode(), *([] for _ in TABLES)) for _, line in group]
            else:
                lines = _bounded(line for _, line in group)
                lines += [*companions.named_in(lines), *task.told]
                row = patient_row(owner, lines, content.library, task.at, content.site, base=task.base)
                held.append((None, *_lists(task.pseudonyms.of(row))))
            if len(held) >= _BATCH:
                yield _batch(held, schema)
                held = []
    if held:
        yield _batch(held, schema)


def _rows(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, bytes]]:
    for batch in batches:
        yield from zip(batch.column(0).to_pylist(), batch.column(1).to_pylist(), strict=True)


def _bounded(lines: Iterable[bytes]) -> list[bytes]:
    """The lines of one patient; past what may be judged of one, no more than shows that it is too much."""
    held, weight = [], 0
    for line in lines:
        if weight <= PATIENT_BYTES:
            weight += len(line)
            held.append(line)
    return held


def _lists(row: Row) -> Iterator[list[dict[str, Any]]]:
    for table in TABLES:
        yield [dict(zip(table.columns, line, strict=True)) for line in table.lines(row)]


@lru_cache(maxsize=2)
def _content(packed: bytes) -> Content:
    """The content, made ready once in this worker."""
    return unpack(packed)


def _record(
    spark: SparkSession,
    library: Library,
    task: _Task,
    found: Export | None,
    seen: run.Lines,
    rows: dict[str, int],
    outcomes: dict[str, int],
) -> Json:
    return run.record(
        library=library,
        at=task.at,
        engine=f"spark {spark.sparkContext.master}",
        base=task.base,
        taken=found.taken if found else "",
        files=len(found.sources) if found else 0,
        errors=found.errors if found else 0,
        pseudonyms=task.pseudonyms.mark,
        lines=seen,
        rows=rows,
        outcomes=outcomes,
        attempts=Counter({"1": sum(outcomes.values())}),
    )


def _path(spark: SparkSession, path: str) -> tuple[Any, Any]:
    """A file system and a path of Hadoop, for addresses of any kind."""
    jvm: Any = spark.sparkContext._jvm
    found = jvm.org.apache.hadoop.fs.Path(path)
    return found.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), found


def _exists(spark: SparkSession, path: str) -> bool:
    system, found = _path(spark, path)
    return bool(system.exists(found))


def _remove(spark: SparkSession, path: str) -> None:
    system, found = _path(spark, path)
    system.delete(found, True)


def _write(spark: SparkSession, path: str, content: bytes) -> None:
    system, found = _path(spark, path)
    stream = system.create(found, True)
    stream.write(bytearray(content))
    stream.close()
