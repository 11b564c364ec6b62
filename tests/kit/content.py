"""The content that ships. It is compiled once in each process that runs tests, and each suite takes it from here."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from fhirpath_spine import authoring
from fhirpath_spine.authoring.loading import Written, load_written
from fhirpath_spine.entrypoints.content import Content
from fhirpath_spine.exchange.outgoing import Ids, Phrases, Wording
from fhirpath_spine.fhirpath import Expression
from fhirpath_spine.pathway.model import Library, Site

SITE = Path(__file__).parents[1] / "clinical" / "site.yaml"
"""The site that the clinical cases assume. It extends no value set, so the library is the same with it."""


@cache
def written() -> tuple[Library, Written]:
    """The profiles that ship, and how they are written."""
    return load_written(authoring.profiles_directory())


def library() -> Library:
    """The profiles that ship."""
    return written()[0]


@cache
def criteria() -> tuple[Expression, ...]:
    """Its criteria, for who prepares them before a process is split."""
    return tuple(one.expression for one in written()[1].expressions if one.criterion)


@cache
def site() -> Site:
    """The site that the clinical cases assume."""
    return authoring.load_site(SITE, authoring.profiles_directory())


@cache
def wording() -> Wording:
    """Wording with the public key."""
    return Wording(library(), Phrases(library().phrases), Ids())


def shipped() -> Content:
    """What a process loads that has no setting."""
    return Content(library(), Site(), wording())
