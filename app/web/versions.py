"""Two who change the same thing at once: the second is told what has changed, and loses nothing typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from app.web.forms import Form

# Of the row as the form showed it: a hidden field of that name in every form that edits a row with a `version`.
Version = Annotated[int, Field(ge=1, le=2**53)]


@dataclass(frozen=True)
class Change:
    """A field that somebody else changed meanwhile: what it is now, and what was typed."""

    name: str
    now: str
    typed: str


def changed_meanwhile(form: Form[Any], version: int, present: Mapping[str, str]) -> list[Change] | None:
    """What somebody else has changed since the form was shown; None if nobody has.

    `version`, `present`: of the row, read under its lock. A form that is too old keeps what was typed and gets the
    new version, so that it can be looked at and sent again; `components/changed.html` says what is different.
    """
    if form.value is None or form.value.version == version:
        return None
    form.value = None
    form.values = {**form.values, "version": str(version)}
    return [
        Change(name, now, form.values.get(name, ""))
        for name, now in present.items()
        if form.values.get(name, "") != now
    ]
