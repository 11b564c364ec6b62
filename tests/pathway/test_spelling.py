"""However a chart spells a code system or an ICD code, the coding means the same."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhirpath_spine.pathway.facts import PLAIN, folded, icd
from tests.pathway.pathway_kit import shipped

SNOMED, CM, WHO = "http://snomed.info/sct", "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-10"
GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
codes = st.from_regex(r"[A-TV-Z][0-9][0-9A]([0-9]{1,4}|[0-9]{3}[A-F])?", fullmatch=True)
ends = st.sampled_from(["", "+", "*", "-", "\u2020", ".-", " ", "!"])


@st.composite
def spelt(draw: st.DrawFn) -> tuple[str, str]:
    """An ICD code as the tables have it, and as a chart may write it."""
    code = draw(codes)
    dotted = f"{code[:3]}.{code[3:]}" if len(code) > 3 else code
    written = dotted if draw(st.booleans()) else code
    written = "".join(c.lower() if draw(st.booleans()) else c for c in written)
    return dotted, f"{draw(st.sampled_from(['', ' ']))}{written}{draw(ends)}"


@settings(suppress_health_check=[HealthCheck.too_slow])  # a loaded machine makes examples slowly
@given(spelt())
def test_spelling_never_changes_what_an_icd_code_means(pair: tuple[str, str]) -> None:
    dotted, written = pair
    assert icd(written) == icd(dotted)
    assert icd(icd(written)) == icd(written)


@given(spelt())
def test_every_set_answers_alike_for_each_spelling(pair: tuple[str, str]) -> None:
    dotted, written = pair
    library = shipped()
    one, other = (library.spelling.coding((CM, code)) for code in (dotted, written))
    assert one == other
    assert [n for n, v in library.value_sets.items() if v.contains(*one)] == [
        n for n, v in library.value_sets.items() if v.contains(*other)
    ]


@given(st.sampled_from(sorted(shipped().spelling.systems.items())), st.booleans(), st.booleans(), st.booleans())
def test_scheme_host_and_slash_never_change_a_system(
    known: tuple[str, str], tls: bool, loud: bool, slash: bool
) -> None:
    name, system = known
    if name.startswith("http"):
        scheme, _, rest = name.partition("://")
        host, sep, path = rest.partition("/")
        name = f"{'HTTPS' if tls else scheme}://{host.upper() if loud else host}{sep}{path}{'/' if slash else ''}"
    elif tls:
        name = name.removeprefix("urn:oid:")
    assert shipped().spelling.system(name) == system


def test_an_edition_of_snomed_ct_is_snomed_ct_and_a_concept_is_no_edition() -> None:
    spelling = shipped().spelling
    assert spelling.system(f"{SNOMED}/900000000000207008/version/20250101", "94602001") == SNOMED
    assert spelling.system(f"{SNOMED}/94602001", "94602001") != SNOMED
    assert spelling.system(f"{SNOMED}/731000124108?fhir_vs", "94602001") != SNOMED


def test_placeholders_at_the_end_are_no_part_of_an_icd_code() -> None:
    assert icd("G83.4X") == icd("g834x-") == "G83.4"
    assert icd("M84.58XA") == "M84.58XA"
    assert icd("k25.-") == "K25"


def test_the_who_code_is_read_by_the_categories_that_say_the_same() -> None:
    read = shipped().spelling.codings
    assert read((WHO, "C79.5")) == ((WHO, "C79.5"), (CM, "C79.5"))
    assert read((WHO, "c34.1"))[1] == (CM, "C34")
    # Below three characters G82 means something else there; E12 and Z79 have no counterpart.
    assert [len(read((WHO, code))) for code in ("G82.1", "E12.9", "Z79.0", "O09.1")] == [1, 1, 1, 1]


def test_the_german_modification_is_read_only_where_a_site_says_so() -> None:
    spelling = shipped().spelling
    assert spelling.codings((GM, "C79.5")) == ((GM, "C79.5"),)
    assert spelling.with_site({GM: WHO}).codings((GM, "C79.5"))[1] == (CM, "C79.5")


def test_what_is_spelt_as_the_tables_have_it_is_not_copied() -> None:
    chart = {"code": {"coding": [{"system": SNOMED, "code": "60389000"}]}, "valueQuantity": {"value": 2, "code": "mm"}}
    assert shipped().spelling.read(chart) is chart
    assert PLAIN.read(chart) is chart


def test_a_coding_deep_in_a_resource_is_spelt_anew() -> None:
    chart = {"component": [{"code": {"coding": [{"system": "2.16.840.1.113883.6.1", "code": "718-7"}]}}]}
    assert shipped().spelling.read(chart)["component"][0]["code"]["coding"][0]["system"] == "http://loinc.org"
    assert folded("2.16.840.1.113883.6.1") == "urn:oid:2.16.840.1.113883.6.1"


def test_a_system_that_a_site_reads_as_another_is_read_so_under_each_of_its_names() -> None:
    older = "http://fhir.de/CodeSystem/dimdi/icd-10-gm"
    assert shipped().spelling.system(older) == GM
    site = shipped().spelling.with_site({GM: WHO})
    assert site.codings((GM, "C50.9"))[-1] == site.codings((older, "C50.9"))[-1] == (CM, "C50")
