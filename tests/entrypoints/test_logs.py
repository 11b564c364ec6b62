"""Each thing that is said is one JSON line; whoever says it never waits for whoever reads it."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from fhirpath_spine.entrypoints.logs import Lines, QueuedHandler


class Pipe:
    """The other end: it keeps what is written, and can be stopped or closed."""

    def __init__(self) -> None:
        self.text = b""
        self.open = threading.Event()
        self.open.set()
        self.reached = threading.Event()
        self.broken = False

    def write(self, data: bytes) -> None:
        self.reached.set()
        self.open.wait(120)
        if self.broken:
            raise BrokenPipeError
        self.text += data

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture
def pipe() -> Pipe:
    return Pipe()


@pytest.fixture
def log(pipe: Pipe) -> Iterator[logging.Logger]:
    logger = logging.Logger("house")
    logger.addHandler(QueuedHandler(pipe.write, length=10))
    yield logger
    pipe.open.set()
    handler_of(logger).close()


def handler_of(logger: logging.Logger) -> QueuedHandler:
    (handler,) = logger.handlers
    assert isinstance(handler, QueuedHandler)
    return handler


def written(log: logging.Logger, pipe: Pipe) -> list[dict[str, Any]]:
    assert handler_of(log).settle(120)
    return pipe.lines


def test_a_record_is_one_line_whatever_stands_in_it(log: logging.Logger, pipe: Pipe) -> None:
    log.warning("two\nlines of %s", "text")
    (line,) = written(log, pipe)
    assert (line["level"], line["logger"], line["message"]) == ("WARNING", "house", "two\nlines of text")
    assert line["at"].endswith("+00:00")


def test_what_is_an_object_already_keeps_its_fields(log: logging.Logger, pipe: Pipe) -> None:
    log.info("%s", '{"event":"call","cards":2}')
    log.info("{no object")
    first, second = written(log, pipe)
    assert (first["event"], first["cards"], "message" in first) == ("call", 2, False)
    assert second["message"] == "{no object"


def test_of_an_exception_stand_type_and_place_and_nothing_of_its_words(log: logging.Logger, pipe: Pipe) -> None:
    try:
        raise KeyError("canary4711")
    except KeyError as error:
        log.error("Task exception was never retrieved\nfuture: %r", error, exc_info=True)
    (line,) = written(log, pipe)
    assert (line["error"], line["message"]) == ("KeyError", "Task exception was never retrieved")
    assert line["places"].startswith("test_logs.py:")
    assert b"4711" not in pipe.text


def test_arguments_that_do_not_fit_lose_the_line_and_nothing_else(log: logging.Logger, pipe: Pipe) -> None:
    log.info("%d", "x")
    log.info("after")
    assert [line.get("message", line.get("lines")) for line in written(log, pipe)] == ["after", 1]


def test_nobody_waits_for_a_pipe_that_takes_nothing_and_what_was_lost_is_counted(
    log: logging.Logger, pipe: Pipe
) -> None:
    pipe.open.clear()
    log.info("0")
    assert pipe.reached.wait(120), "the first line is being written"
    for number in range(1, 100):
        log.info("%d", number)
    assert not handler_of(log).settle(0.05)
    pipe.open.set()
    lines = written(log, pipe)
    kept = [line["message"] for line in lines if "message" in line]
    lost = sum(line["lines"] for line in lines if line.get("event") == "dropped")
    assert (kept, lost) == ([str(number) for number in range(11)], 89)


def test_a_reader_who_is_gone_and_comes_back_hears_what_was_lost(log: logging.Logger, pipe: Pipe) -> None:
    pipe.broken = True
    log.info("lost")
    assert written(log, pipe) == []
    pipe.broken = False
    log.info("heard")
    assert [line.get("message", line.get("lines")) for line in written(log, pipe)] == ["heard", 1]


def test_what_is_written_to_stderr_is_a_line_once_it_is_whole(log: logging.Logger, pipe: Pipe) -> None:
    stderr = logging.getLogger("stderr")
    stderr.addHandler(handler_of(log))
    stderr.propagate = False
    try:
        lines = Lines(handler_of(log))
        print("one\ntwo", file=lines, end="")
        lines.flush()
        assert [line["message"] for line in written(log, pipe)] == ["one"]
        print(" and more", file=lines)
        assert [line["message"] for line in written(log, pipe)] == ["one", "two and more"]
    finally:
        stderr.handlers.clear()
        stderr.propagate = True


@pytest.mark.parametrize(
    ("doing", "heard"),
    [
        ("import warnings; warnings.warn('beware')", "UserWarning: beware"),
        ("import no_such_module_4711", "ModuleNotFoundError"),
        ("print('plain', file=sys.stderr)", "plain"),
        ("import threading; t = threading.Thread(target=lambda: 1 / 0); t.start(); t.join()", "ZeroDivisionError"),
        ("logging.getLogger('uvicorn.error').info('Started')", "Started"),
    ],
)
def test_whatever_writes_to_stderr_writes_json_lines(doing: str, heard: str) -> None:
    code = f"import logging, sys\nfrom fhirpath_spine.entrypoints.logs import start_logging\nstart_logging()\n{doing}"
    done = subprocess.run([sys.executable, "-W", "default", "-c", code], capture_output=True, text=True, timeout=60)
    messages = [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert done.stderr.endswith("\n")
    assert any(heard in message for message in messages)
