"""The onboarding page names commands, options and a request that exist."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import typer

from fhirpath_spine.entrypoints.commands import app
from fhirpath_spine.exchange.fhir import from_parameters

PAGE = (Path(__file__).parents[2] / "docs" / "onboarding.md").read_text(encoding="utf-8")
LINES = [
    line for block in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL) for line in block.splitlines()
]


@pytest.mark.parametrize("line", LINES)
def test_every_option_of_a_command_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    assert words[0] == "fhirpath-spine"
    command = typer.main.get_command(app)
    rest = words[1:]
    while hasattr(command, "commands"):
        command = command.commands[rest.pop(0)]
    known = {name for parameter in command.params for name in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= known


def test_the_request_is_one_that_is_read() -> None:
    (body,) = re.findall(r"^(\{\"resourceType\": \"Parameters\".*?\]\})$", PAGE, re.MULTILINE | re.DOTALL)
    asked = from_parameters(json.loads(body))
    assert asked.patient == "42"
    assert asked.access is not None
