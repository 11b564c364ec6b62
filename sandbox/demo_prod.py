"""Shows production on this machine, for ``make demo-prod``: a generated key, one client, and calls of which some are refused.

Everything is made in a folder that is gone afterwards; the approvals are invented, and so are the patients.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import requests

from fhirpath_spine.adapters.callers import Signer, public_keys
from fhirpath_spine.exchange.ehr_side import shift_dates

HERE = Path(__file__).resolve().parent
PATIENT = HERE / "patients" / "09-schwannoma-safely-resectable.json"
WRITTEN_FOR = date(2026, 6, 15)
ISSUER = "https://ehr.example.org/fhir"
PROGRAM = (sys.executable, "-c", "from fhirpath_spine.entrypoints.commands.main import main; main()")
SERVICE = "cds-services/spine-patient-view"
PATIENCE = 60


def today() -> date:
    """The day in UTC, which is the zone of the site here."""
    return datetime.now(UTC).date()


def prepared(folder: Path, port: int, signer: Signer) -> dict[str, str]:
    """The environment of a service that has all that production asks for."""
    (folder / "keys.json").write_text(json.dumps(public_keys(signer)), encoding="utf-8")
    (folder / "key").write_text(secrets.token_hex(32), encoding="utf-8")
    (folder / "clients.yaml").write_text(
        f"clients:\n  - id: demonstration\n    issuer: {ISSUER}\n    jwks: {{file: keys.json}}\n", encoding="utf-8"
    )
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SPINE_")}
    who = ("--by", "Nobody", "--role", "demonstration", "--date", today().isoformat())
    done = subprocess.run(
        [*PROGRAM, "config", "--approvals", *who], env=clean, capture_output=True, text=True, check=True
    )
    (folder / "site.yaml").write_text(f"timezone: UTC\n{done.stdout}", encoding="utf-8")
    return {
        **clean,
        "SPINE_CLIENTS": str(folder / "clients.yaml"),
        "SPINE_HMAC_KEY_FILE": str(folder / "key"),
        "SPINE_SITE": str(folder / "site.yaml"),
        "SPINE_DATA_DIR": str(folder / "data"),
        "SPINE_PUBLIC_URL": f"http://127.0.0.1:{port}",
    }


def request(patient: str = "") -> dict[str, Any]:
    """A call for the invented patient, whose dates are moved to today; ``patient`` names another in the context."""
    days = (today() - WRITTEN_FOR).days
    resources = [e["resource"] for e in shift_dates(json.loads(PATIENT.read_text(encoding="utf-8")), days)["entry"]]
    own = next(r["id"] for r in resources if r["resourceType"] == "Patient")
    for one in resources:
        for name in ("subject", "patient"):
            if name in one:
                one[name] = {"reference": f"Patient/{own}"}
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid4()),
        "context": {"userId": "Practitioner/1", "patientId": patient or own},
        "resources": resources,
    }


def filled(body: dict[str, Any], templates: dict[str, str]) -> dict[str, Any]:
    """The call with its prefetch: for each template the resources of its type."""
    resources, prefetch = body.pop("resources"), {}
    for key, template in templates.items():
        kind = template.split("?")[0].split("/")[0]
        found = [r for r in resources if r["resourceType"] == kind]
        entries = [{"resource": r, "search": {"mode": "match"}} for r in found]
        prefetch[key] = (
            found[0] if kind == "Patient" else {"resourceType": "Bundle", "type": "searchset", "entry": entries}
        )
    return {**body, "prefetch": prefetch}


def discovered(base: str, process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The templates of the service, as soon as it answers."""
    ends = time.monotonic() + PATIENCE
    while time.monotonic() < ends and process.poll() is None:
        try:
            services = requests.get(f"{base}/cds-services", timeout=5).json()["services"]
        except requests.ConnectionError:
            time.sleep(0.2)
        else:
            return dict(services[0]["prefetch"])
    raise SystemExit("The service does not start.")


def told(answer: requests.Response) -> str:
    """What an answer says, in a line."""
    if answer.status_code == 200 and answer.content:
        return "; ".join(f"{card['indicator']}: {card['summary']}" for card in answer.json()["cards"]) or "no card"
    if answer.content:
        return "; ".join(issue["details"]["text"] for issue in answer.json()["issue"])
    return "kept"


def show(base: str, signer: Signer, templates: dict[str, str]) -> None:
    """The calls, and what becomes of each."""
    audience = f"{base}/{SERVICE}"

    def ask(what: str, body: dict[str, Any], token: str, path: str = SERVICE) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.post(f"{base}/{path}", json=body, headers=headers, timeout=30)
        print(f"{answer.status_code}  {what}\n     {told(answer)}")
        return answer

    good, once = filled(request(), templates), signer.token(audience)
    cards = ask("a signed call", good, once).json()["cards"]
    ask("the same token again", good, once)
    ask("no token", good, "")
    for wrong in ("expired", "audience", "signature", "none"):
        ask(f"signed wrongly: {wrong}", good, signer.token(audience, wrong=wrong))
    ask(
        "signed, but the context names another patient",
        filled(request("someone-else"), templates),
        signer.token(audience),
    )
    if cards:
        item = {
            "card": cards[0]["uuid"],
            "outcome": "overridden",
            "outcomeTimestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        }
        path = f"{SERVICE}/feedback"
        ask("feedback on the first card", {"feedback": [item]}, signer.token(f"{base}/{path}"), path)


def main() -> None:
    """Starts, shows, ends."""
    signer = Signer.generated(ISSUER)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    with tempfile.TemporaryDirectory() as name:
        environment = prepared(Path(name), port, signer)
        with (Path(name) / "log").open("wb") as log:
            process = subprocess.Popen([*PROGRAM, "serve", "--port", str(port)], env=environment, stderr=log)
        try:
            base = f"http://127.0.0.1:{port}"
            templates = discovered(base, process)
            print(f"SPINE_MODE=prod at {base}; client and approvals are invented, patients too.")
            show(base, signer, templates)
        finally:
            process.terminate()
            process.wait(timeout=30)
            lines = [json.loads(line) for line in (Path(name) / "log").read_text(encoding="utf-8").splitlines()]
        print("Why, as the log of the service has it:")
        for line in lines:
            if line.get("event") == "unauthorized":
                print(f"     401: {line['reason']}")
            elif line.get("event") == "call":
                print(f"     call of {line['client']}: {line['outcome']}")
            elif line["level"] in ("WARNING", "ERROR"):
                print(f"     {line.get('message', line)}")
        shown = subprocess.run(
            [*PROGRAM, "feedback", "--format", "csv"], env=environment, capture_output=True, text=True, check=True
        )
        print(f"What `fhirpath-spine feedback` says of it:\n{shown.stdout}", end="")


if __name__ == "__main__":
    main()
