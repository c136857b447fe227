"""Time zones: all of them, by part of the world, as people look for their own."""

from functools import cache
from itertools import groupby
from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator

from app.i18n import lazy
from app.web.forms import Line, Problem

UTC = "UTC"
PARTS = frozenset(
    {
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    }
)

Group = tuple[str, list[tuple[str, str]]]


@cache
def _known() -> frozenset[str]:
    return frozenset(available_timezones())


@cache
def by_part_of_the_world() -> tuple[Group, ...]:
    """(Europe, [(Europe/Madrid, Madrid), …]) and so on; old names of other forms are left out."""
    listed = sorted(name for name in _known() if name.partition("/")[0] in PARTS)
    return tuple(
        (part, [(name, name.partition("/")[2].replace("_", " ").replace("/", ", ")) for name in names])
        for part, names in groupby(listed, key=lambda name: name.partition("/")[0])
    )


def known_zone(name: str | None) -> str | None:
    """The zone of this IANA name, as a browser says it; None if there is none: a cookie can say anything."""
    return name if name in _known() else None


def _is_known(name: str) -> str:
    if name not in _known():
        raise Problem(lazy("There is no such time zone. Choose one from the list."))
    return name


Zone = Annotated[Line, AfterValidator(_is_known)]
