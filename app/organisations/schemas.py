"""What the forms of an organisation may set."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from app.i18n import lazy
from app.organisations.models import HostRole
from app.web.forms import Input, Line, Lines, Problem, Tick
from app.web.versions import Version
from quotas.limits import GIGABYTE

LINK_LENGTH = 500  # as in an expression of interest, which becomes the profile
MOST_BYTES = 1_000_000 * GIGABYTE
Id = Annotated[int, Field(ge=1, le=2**53)]


def _link(text: str) -> str:
    if not text:
        return ""
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Problem(lazy("Write the whole address: https://example.org"))
    return text


def _colour(text: str) -> str:
    colour = text.strip().lower()
    if colour and not re.fullmatch(r"#[0-9a-f]{6}", colour):
        raise Problem(lazy("Write the colour as # and six digits or letters: #3a7d44"))
    return colour


def _gigabytes(value: object) -> int | None:
    """Bytes of gigabytes as they are typed: 1.5; empty: what the tier says."""
    typed = str(value or "").strip().replace(",", ".")
    if not typed:
        return None
    try:
        found = round(float(typed) * GIGABYTE)
    except (ValueError, OverflowError):
        raise Problem(lazy("Write a number of gigabytes: 1.5")) from None
    if not 0 <= found <= MOST_BYTES:
        raise Problem(lazy("Write a number of gigabytes: 1.5"))
    return found


class ProfileInput(Input):
    """What an organisation says of itself."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    about: Annotated[Lines, Field(max_length=2000)] = ""
    address: Annotated[Lines, Field(max_length=300)] = ""
    website: Annotated[Line, Field(max_length=LINK_LENGTH), AfterValidator(_link)] = ""
    contact: Annotated[Line, Field(max_length=200)] = ""
    needs: Annotated[Lines, Field(max_length=2000)] = ""
    accent: Annotated[Line, AfterValidator(_colour)] = ""
    version: Version = 1


class RoleInput(Input):
    """What a host may do; `was`: what the form showed."""

    role: HostRole
    was: Line = ""


class ShareInput(Input):
    """How much of the storage a host may use; `sure`: also below what is used; `other`: the host to exchange with."""

    share: Annotated[int | None, BeforeValidator(_gigabytes)] = None
    other: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    sure: Tick = False
    was: Line = ""


class LeaveInput(Input):
    """Who gets rooms and recordings of a host who leaves; empty: the longest-serving admin. An address goes first."""

    heir: Annotated[Id | None, BeforeValidator(lambda value: value or None)] = None
    heir_email: Annotated[Line, Field(max_length=254)] = ""


class InviteInput(Input):
    """Whom an admin invites: one address a line, or a CSV with one in each line."""

    emails: Annotated[str, Field(max_length=200_000)] = ""
    role: HostRole = HostRole.HOST
