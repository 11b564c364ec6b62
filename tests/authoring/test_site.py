"""The site file: what it sets, and that nothing in it is set without effect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fhirpath_spine.authoring import check, examine, load, load_site
from fhirpath_spine.errors import ProfileError
from fhirpath_spine.pathway.facts import Lists, Word
from fhirpath_spine.pathway.model import Order, Site

GOOD = """\
timezone: Europe/Berlin
flags: {endoscopy: true}
frameworks: [F]
variants: [NTRK1]
languages: [fr, en]
words:
  strong: [neoplazm, {say: bump, notAfter: speed}]
  deficit: [jelly legs]
code_map:
  - {from: "urn:example:house|NP1", to: "local|night-pain", claim: A. Coder, when: 2026-01-31}
  - {from: "icd-10-cm|M54.6", to: "icd-10-cm|C50.9", claim: A. Coder, when: 2026-01-31}
orders:
  - {activity: Surgical opinion, code: "urn:site|4711", display: Opinion, claim: B. Order, when: 2026-01-31}
approvals:
  - {pathway: PW-ALPHA, digest: %s, by: A. Surgeon, role: head of spine surgery, date: 2026-02-01}
""" % ("0" * 64)

ORDER = 'orders:\n  - {activity: Surgical opinion, code: "urn:site|1", display: X, claim: B. Order, when: 2026-01-31}'
BAD = {
    "an unknown flag": ("{endoscopy: true}", "{endoscpy: true}", "SP220", "endoscpy", "'endoscopy'"),
    "a flag that is no boolean": ("{endoscopy: true}", "{endoscopy: yes}", "SP229", "yes", "true or false"),
    "a source that is no framework": ("[F]", "[N]", "SP220", "N]", "Known: F"),
    "an unknown zone": ("Europe/Berlin", "Berlin", "SP223", "Berlin", "Europe/Berlin"),
    "a zone that is a path": ("Europe/Berlin", "../../etc/passwd", "SP223", "../../etc", ""),
    "a zone that is a folder": ("Europe/Berlin", "America", "SP223", "America", ""),
    "an unknown target": ("local|night-pain", "local|nite-pain", "SP222", '"local|nite-pain', "'night-pain'"),
    "a target in an unknown system": ("local|night-pain", "lokal|night-pain", "SP211", '"lokal|', "'local'"),
    "a mapping without its claim": ("night-pain\", claim: A. Coder,", "night-pain\",", "SP206", "{from: \"urn", "claim"),
    "a code mapped twice": ("icd-10-cm|M54.6", "urn:example:house|NP1", "SP204", "", "twice"),
    "a language without words": ("[fr, en]", "[fr, nl]", "SP220", "nl]", "Known: en, fr"),
    "a stop of a site": ("  deficit:", "  stops:", "SP205", "stops:", "strong, weak, spinal, deficit"),
    "a word of a site twice": ("neoplazm,", "bump,", "SP204", "bump, notAfter", "once"),
    "an unknown key": ("flags:", "flag:", "SP205", "flag:", "'flags'"),
    "a digest of another form": ("0" * 64, "0" * 63, "SP208", "0" * 63, "64"),
    "an order of nothing": ("Surgical opinion,", "Surgical opinon,", "SP220", "Surgical opinon", "'Surgical opinion'"),
    "an order twice": ("orders:", ORDER, "SP204", "", "stands twice"),
    "an alias": ("timezone: Europe/Berlin", "timezone: *x", "SP203", "*x", ""),
}  # fmt: skip


@pytest.fixture
def site_file(tmp_path):
    return tmp_path / "site.yaml"


def test_a_site_sets_zone_flags_frameworks_codes_and_approvals(profiles, site_file):
    site_file.write_text(GOOD)

    site = load_site(site_file, profiles.folder)

    assert site.timezone == "Europe/Berlin"
    assert site.flags == {"endoscopy": True}
    assert (site.frameworks, site.variants) == (("F",), ("NTRK1",))
    assert site.code_map == {
        ("urn:example:house", "NP1"): ("urn:example:local", "night-pain"),
        ("http://hl7.org/fhir/sid/icd-10-cm", "M54.6"): ("http://hl7.org/fhir/sid/icd-10-cm", "C50.9"),
    }
    assert site.languages == ("fr", "en")
    assert site.words == Lists(strong=(Word("neoplazm"), Word("bump", ("speed",))), deficit=(Word("jelly legs"),))
    assert site.orders == (Order("Surgical opinion", "urn:site", "4711", "Opinion"),)
    assert site.approvals[0]["pathway"] == "PW-ALPHA"
    assert site.approvals[0]["role"] == "head of spine surgery"


def test_an_approval_of_another_content_is_told_at_its_digest_and_one_of_this_content_is_not(profiles, site_file):
    site_file.write_text(GOOD)
    told = [d for d in check(profiles.folder, site_file) if d.code == "SP360"]
    digest = next(p.digest for p in load(profiles.folder, site_file).pathways if p.id == "PW-ALPHA")

    line = next(n for n, text in enumerate(GOOD.splitlines(), 1) if "PW-ALPHA" in text)
    assert [(d.span.line, d.message) for d in told] == [
        (line, "A. Surgeon approved another content of PW-ALPHA than it has now.")
    ]
    again = GOOD.splitlines()[-1].replace("0" * 64, digest)
    site_file.write_text(f"{GOOD}{again}\n")
    assert [d for d in check(profiles.folder, site_file) if d.code == "SP360"] == []

    profiles.edit("data.yaml", "within: 7 days", "within: 8 days")
    assert [d.span.line for d in check(profiles.folder, site_file) if d.code == "SP360"] == [line]


def test_an_approval_of_a_pathway_that_is_not_there_is_told(profiles, site_file):
    site_file.write_text(GOOD.replace("PW-ALPHA", "PW-ALPA"))
    (told,) = [d for d in check(profiles.folder, site_file) if d.code == "SP360"]
    assert "Did you mean 'PW-ALPHA'?" in told.hint


def test_empty_braces_mean_no_code_map(profiles, site_file):
    site_file.write_text("timezone: UTC\nframeworks: []\ncode_map: {}\n")

    assert load_site(site_file, profiles.folder) == Site()


@pytest.mark.parametrize(("old", "new", "code", "at", "says"), BAD.values(), ids=list(BAD))
def test_what_would_be_set_without_effect_is_refused(profiles, site_file, old, new, code, at, says):
    assert GOOD.count(old) == 1
    text = GOOD.replace(old, new)
    site_file.write_text(text)

    with pytest.raises(ProfileError) as caught:
        load_site(site_file, profiles.folder)

    (error,) = caught.value.diagnostics
    assert error.code == code
    assert says in f"{error.message} {error.hint}"
    if at:
        where = text.index(at)
        line = text.count("\n", 0, where) + 1
        assert (error.span.line, error.span.column) == (line, where - text.rfind("\n", 0, where))


def test_words_and_languages_of_a_site_count_for_every_digest(profiles):
    before = load(profiles.folder)
    for site in (Site(languages=("en", "fr")), Site(words=Lists(weak=(Word("bump"),)))):
        after = load(profiles.folder, site)
        assert after.digest != before.digest
        assert all(after.pathway(p.id).digest != p.digest for p in before.pathways)
    assert load(profiles.folder, Site()).digest == before.digest


def test_a_missing_site_file_is_named(profiles, site_file):
    with pytest.raises(ProfileError, match="missing"):
        load_site(site_file, profiles.folder)


COUNTS = """
import sys
from collections import Counter
opened = Counter()
sys.addaudithook(lambda event, args: opened.update([str(args[0])]) if event == "open" else None)
from fhirpath_spine.authoring.loading import load_written
load_written(sys.argv[1], sys.argv[2])
ours = {name: times for name, times in opened.items() if name.startswith(sys.argv[1])}
print(sorted(ours.values())[-1], len(ours))
"""


def test_each_file_of_the_profiles_is_read_once_for_a_site_too(profiles, site_file):
    site_file.write_text(GOOD)

    ran = subprocess.run(
        [sys.executable, "-c", COUNTS, str(profiles.folder.resolve()), str(site_file)],
        capture_output=True,
        text=True,
        check=True,
    )

    most, files = map(int, ran.stdout.split())
    assert files > 10
    assert most == 1


def test_a_site_is_not_held_against_profiles_that_are_wrong_themselves(profiles, site_file):
    site_file.write_text(GOOD)
    profiles.edit("data.yaml", "within: 7 days", "within: 7")

    assert {d.code for d in examine(profiles.folder, site_file).errors} == {"SP228"}


def test_a_wrong_site_file_stops_the_load(profiles, site_file):
    site_file.write_text(GOOD.replace("{endoscopy: true}", "{endoscpy: true}"))

    with pytest.raises(ProfileError) as caught:
        load(profiles.folder, site_file)

    assert {d.code for d in caught.value.diagnostics} == {"SP220"}


def test_a_site_names_the_systems_of_its_charts(profiles, site_file):
    site_file.write_text(
        "timezone: UTC\nsystems:\n  - {from: 'urn:oid:1.2.3', to: icd-10-cm, claim: interface team, when: 2026-06-01}\n"
    )

    assert load_site(site_file, profiles.folder).systems == {"urn:oid:1.2.3": "http://hl7.org/fhir/sid/icd-10-cm"}


def test_an_unknown_system_is_refused_and_a_near_one_is_named(profiles, site_file):
    site_file.write_text(
        "timezone: UTC\nsystems:\n  - {from: 'urn:oid:1.2.3', to: icd-10-mc, claim: interface team, when: 2026-06-01}\n"
    )

    with pytest.raises(ProfileError, match=r"icd-10-mc.*icd-10-cm"):
        load_site(site_file, profiles.folder)
