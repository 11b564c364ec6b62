"""``python -m benchmarks.signed``: a call in production (verified, recorded, counted) beside the same call in development and an
empty one, by turns, over HTTP on loopback. The clock of all is the machine's, so the chart's dates are moved to today.
"""

from __future__ import annotations

import json
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import orjson

from benchmarks import bodies, served
from benchmarks.stacks import AT
from benchmarks.timing import in_turns
from fhirpath_spine import authoring
from fhirpath_spine.adapters.callers import Signer, public_keys
from fhirpath_spine.exchange.ehr_side import shift_dates
from fhirpath_spine.exchange.incoming import prefetch_templates
from fhirpath_spine.pathway.model import Library, Site

ISSUER, PUBLIC = "https://ehr.example.org/fhir", "http://127.0.0.1:8000"
ROUNDS, EACH = 9, 20
SIZE, BAR = 200, 1.25


def prepared(folder: Path, signer: Signer, library: Library) -> dict[str, str]:
    """Settings of a service that has all that production asks for."""
    (folder / "keys.json").write_text(json.dumps(public_keys(signer)), encoding="utf-8")
    (folder / "key").write_bytes(secrets.token_bytes(32))
    entry = f"  - {{id: a, issuer: '{ISSUER}', jwks: {{file: keys.json}}, extension: true, limits: {{calls: 10000}}}}"
    (folder / "clients.yaml").write_text(f"clients:\n{entry}\n", encoding="utf-8")
    signs = {"by": "Nobody", "role": "benchmark", "date": "2026-06-15"}
    approvals = [{"pathway": p.id, "digest": p.digest, **signs} for p in library.pathways]
    (folder / "site.yaml").write_text(f"timezone: UTC\napprovals: {json.dumps(approvals)}\n", encoding="utf-8")
    names = {"CLIENTS": "clients.yaml", "SITE": "site.yaml", "HMAC_KEY_FILE": "key", "DATA_DIR": "data"}
    return {
        "SPINE_MODE": "prod",
        "SPINE_PUBLIC_URL": PUBLIC,
        "SPINE_METRICS_ADDR": f"127.0.0.1:{served.free_port()}",
        **{f"SPINE_{name}": str(folder / file) for name, file in names.items()},
    }


def main() -> int:
    """Prints the medians and the ratio that has a bar; 1 where it is not held."""
    library = authoring.load(authoring.profiles_directory())
    made = orjson.loads(bodies.body_for(prefetch_templates(library, Site()), SIZE, spinal=True))
    body = orjson.dumps(shift_dates(made, (datetime.now(UTC).date() - AT.date()).days))
    signer = Signer.generated(ISSUER)
    tokens = [signer.token(PUBLIC + served.PATH) for _ in range(EACH * (ROUNDS + 3))]
    with (
        tempfile.TemporaryDirectory() as folder,
        served.ours(prepared(Path(folder), signer, library)) as production,
        served.ours({"SPINE_MODE": "dev"}) as development,
        served.empty() as nothing,
    ):
        prod, dev, floor = map(
            median,
            in_turns(
                (lambda: production.call(body, tokens.pop()), EACH),
                (lambda: development.call(body), EACH),
                (lambda: nothing.call(body), EACH),
                rounds=ROUNDS,
                wall=True,
            ),
        )
    print(f"{SIZE} resources and a spinal patient, {len(body) / 1024:.0f} KB; p50 over HTTP, by turns:")
    print(
        f"    production (verified, recorded, counted) {prod:.2f} ms, development {dev:.2f} ms, empty FastAPI {floor:.2f} ms"
    )
    print(f"    production to development {prod / dev:.2f} (bar {BAR}), to the empty call {prod / floor:.1f}")
    return 0 if prod / dev <= BAR else 1


if __name__ == "__main__":
    raise SystemExit(main())
