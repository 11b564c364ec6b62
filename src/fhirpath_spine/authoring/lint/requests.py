"""What an activity needs so that an EHR can take it: words that fit on a button and name one order, under one kind (SP352)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fhirpath_spine.authoring.profile.library import Draft
    from fhirpath_spine.authoring.profile.recommendations import ActivityForm

LONGEST = 60
"""Characters of an activity: a button, and the name of an order in a list of them."""
_SIGNS = {"{": "a placeholder", "}": "a placeholder", "|": "a code", "\n": "a second line"}


def check_requests(draft: Draft) -> None:
    """Reports activities that an EHR could not show as one order."""
    first: dict[str, ActivityForm] = {}
    forms = draft.files.catalogue.forms.values()
    for activity in (form.activity for form in forms if form.activity is not None):
        for message, hint in _wrong(activity, first.setdefault(str(activity.text).lower(), activity)):
            draft.files.report.add("SP352", message, activity.text.span, hint)


def _wrong(activity: ActivityForm, first: ActivityForm) -> Iterator[tuple[str, str]]:
    text = str(activity.text)
    if len(text) > LONGEST:
        yield (
            f"the activity has {len(text)} characters, {LONGEST} are the most",
            "Name the step; reasons stand in say:.",
        )
    if sign := next((what for sign, what in _SIGNS.items() if sign in text), ""):
        yield f"the activity holds {sign}", "It is a fixed text: a site gives it the code of its order by these words."
    if text.endswith("."):
        yield "the activity ends with a full stop", "It is the words of a button, not a sentence."
    if activity.kind != first.kind or text != str(first.text):
        what = f"'{text}' stands for a {activity.kind} here, and for a {first.kind} as '{first.text}' elsewhere"
        yield what, "Give each its own words: a site's order goes by them."
