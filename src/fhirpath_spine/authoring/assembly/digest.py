"""Digests over content, not over bytes: comments, layout and quotes of a file do not count, order does."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fhirpath_spine.authoring.source.nodes import Node
    from fhirpath_spine.fhirpath import ValueSet


def canonical(content: Node | str) -> str:
    """One line that stands for the content of a file."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def value_set_line(value_set: ValueSet) -> str:
    """One line that stands for a value set: which codes it holds, whatever the order of its rows."""
    prefixes = sorted((system, code) for system, codes in value_set.prefixes.items() for code in codes)
    return json.dumps([value_set.name, sorted(value_set.members), prefixes], ensure_ascii=False)


def digest(files: Mapping[str, str], value_sets: Iterable[ValueSet] = ()) -> str:
    """SHA-256 over canonical files by relative name, and over value sets."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\n{files[name]}\n".encode())
    for line in sorted(value_set_line(v) for v in value_sets):
        whole.update(f"{line}\n".encode())
    return whole.hexdigest()
