"""What may be set of a recording: the same for the form and for JSON."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator

from app.i18n import lazy
from app.rooms.models import Visibility
from app.rooms.schemas import Days
from app.web.forms import Input, Line, Problem

NAME_LENGTH = 200


def _says_something(name: str) -> str:
    if not any(unicodedata.category(character)[0] in "LNSP" for character in name):
        raise Problem(lazy("Give the recording a name."))
    if len(name) > NAME_LENGTH:
        raise Problem(lazy("A name has at most 200 characters; this one is longer."))
    return name


RecordingName = Annotated[Line, AfterValidator(_says_something)]


class RecordingInput(Input):
    """A recording as its host wants it. Which formats are hidden is read by their names (`pages.hidden_in`)."""

    name: RecordingName
    visibility: Visibility
    keep_days: Days = None


class CodeInput(Input):
    """The room's access code, as a visitor types it."""

    code: Line = ""
