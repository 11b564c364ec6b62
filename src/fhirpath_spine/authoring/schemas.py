"""The JSON Schemas that editors use, made from the same forms that the loader checks with.

python -m fhirpath_spine.authoring.schemas profiles/schema    # writes them anew
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fhirpath_spine.authoring.cases.form import CasesForm, ExemptionsForm
from fhirpath_spine.authoring.profile.definitions import DataForm
from fhirpath_spine.authoring.profile.displays import DisplaysForm
from fhirpath_spine.authoring.profile.evidence import ClaimsForm, PhrasesForm, SourcesForm
from fhirpath_spine.authoring.profile.incoming import IncomingForm
from fhirpath_spine.authoring.profile.lesions import LesionsForm
from fhirpath_spine.authoring.profile.pathways import ModuleForm, PathwayForm
from fhirpath_spine.authoring.profile.policy import PolicyForm
from fhirpath_spine.authoring.profile.site import SiteForm
from fhirpath_spine.authoring.profile.words import WordsForm

if TYPE_CHECKING:
    from pydantic import BaseModel
FORMS: dict[str, type[BaseModel]] = {
    "pathway": PathwayForm,
    "module": ModuleForm,
    "data": DataForm,
    "policy": PolicyForm,
    "lesions": LesionsForm,
    "incoming": IncomingForm,
    "sources": SourcesForm,
    "claims": ClaimsForm,
    "phrases": PhrasesForm,
    "words": WordsForm,
    "site": SiteForm,
    "displays": DisplaysForm,
    "cases": CasesForm,
    "exempt": ExemptionsForm,
}
"""The published schemas by name."""
BASE = "https://fhirpath-spine.org/schema"
"""An identifier, not a location."""


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a kind of file."""
    made = _plain(FORMS[name].model_json_schema(by_alias=True))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{BASE}/{name}.schema.json", **made}


def text(name: str) -> str:
    """The schema as it is written to its file."""
    return json.dumps(schema(name), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def _plain(node: Any) -> Any:
    """Without titles and defaults, which say nothing to an author, and without null, which no file may hold."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in node.items() if k != "default" and not (k == "title" and isinstance(v, str))}
    options = kept.get("anyOf")
    if isinstance(options, list):
        options = [o for o in options if o != {"type": "null"}]
        if len(options) == 1:
            rest = {k: v for k, v in kept.items() if k != "anyOf"}
            return _plain({**options[0], **rest})
        kept["anyOf"] = options
    return {key: _plain(value) for key, value in kept.items()}


def write(folder: Path) -> None:
    """Writes every schema into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FORMS:
        (folder / f"{name}.schema.json").write_text(text(name), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
