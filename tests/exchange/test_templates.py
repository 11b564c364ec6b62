"""Prefetch templates ask for what the needs read, under stable keys, in the subset that clients must support."""

from __future__ import annotations

import re
from dataclasses import replace

from fhirpath_spine.exchange.incoming import prefetch_templates
from fhirpath_spine.pathway.model import Site
from tests.kit import content
from tests.kit import decisions as make


def test_only_keys_that_a_need_reads_are_asked_for_and_the_plans_on_file() -> None:
    assert list(prefetch_templates(make.library(), Site())) == [
        "patient",
        "conditions",
        "medicationRequests",
        "carePlans",
        "observations-pain",
    ]


def test_observations_are_asked_for_by_code_and_the_rest_whole() -> None:
    found = prefetch_templates(make.library(), Site())
    assert found["patient"] == "Patient/{{context.patientId}}"
    assert found["conditions"] == "Condition?patient={{context.patientId}}&_count=1000"
    assert found["observations-pain"] == ("Observation?patient={{context.patientId}}&code=loinc|a,loinc|b&_count=1000")


def test_the_patient_and_the_plans_on_file_are_always_asked_for() -> None:
    library = make.library()
    bare = replace(library, needs={"tumours": library.needs["tumours"]})
    assert list(prefetch_templates(bare, Site())) == ["patient", "conditions", "carePlans"]


def test_a_code_map_adds_the_codes_that_it_translates_from() -> None:
    site = Site(code_map={("ours", "x"): ("loinc", "a"), ("ours", "y"): ("loinc", "unused")})
    query = prefetch_templates(make.library(), site)["observations-pain"]
    assert "code=loinc|a,loinc|b,ours|x&" in query


def test_the_templates_stay_in_the_restricted_subset() -> None:
    for query in prefetch_templates(make.library(), Site()).values():
        names = re.findall(r"[?&]([^=]+)=", query)
        assert set(names) <= {"patient", "code", "_count"}
        assert len(names) == len(set(names))
        assert not query.startswith("/")


def test_every_template_that_ships_fits_an_address() -> None:
    """A search goes out as a GET with its base before it: what is longer than this, some server or proxy refuses."""
    longest = max(prefetch_templates(content.library(), content.site()).values(), key=len)
    assert len(longest) < 2_000
