"""The fixed workload: charts (``gen.py``) and 60 conditions (``conds.py``), copies with checksums that may not change.

``conds.py`` imports its sibling by the bare name ``gen``, so both are loaded here under their own names.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

HERE = Path(__file__).parent


def _module(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


gen = _module("gen")
conds = _module("conds")

EXPRESSIONS: list[str] = conds.build()
"""The 60 conditions as they stand."""
CONSTANTS: dict[str, Any] = dict(conds.ENV)
"""What ``%ecogCode`` and ``%maxEcog`` mean in them."""
VALUE_SETS: dict[str, set[tuple[str, str]]] = dict(conds.VS)
"""Members of the value sets that ``memberOf`` names in them."""


def hook(resources: int) -> dict[str, Any]:
    """The body of a ``patient-view`` call with so many resources, and the Patient."""
    return dict(gen.hook(resources))


def member_of(items: list[Any], url: str) -> list[bool]:
    """``memberOf`` as a library is given it: a scan over codings."""
    return list(conds.member_of(items, url))
