"""What the forms of the operator's pages may set."""

from datetime import date, datetime, time
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from app import clock, wording
from app.accounts.schemas import Address
from app.accounts.zones import Zone
from app.contributions.schemas import cents_of
from app.i18n import lazy
from app.memberships.models import Removal
from app.organisations.models import HostRole
from app.rooms.addresses import check_address
from app.web.forms import Input, Line, Lines, Problem
from app.web.versions import Version

MEGABYTE = 1_000_000
NAME_LENGTH, REASON_LENGTH = 80, 300
MOST_SEATS = 10_000
# The last year that a date field of a browser shows without trouble.
LAST_YEAR = 2199


def _day(value: object) -> date | None:
    text = str(value or "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(lazy("Write the day as year-month-day: 2027-05-03.")) from None


def _in_the_future(day: date | None) -> date | None:
    if day is None:
        return None
    if end_of(day) <= clock.now():
        raise Problem(lazy("This day is over. Choose a later one, or leave it empty."))
    return day


def _near_enough(day: date | None) -> date | None:
    if day is not None and day.year > LAST_YEAR:
        raise Problem(lazy("This is too far away. Leave it empty for no end."))
    return day


def end_of(day: date) -> datetime:
    """The last minute of a day in the reader's zone."""
    return datetime.combine(day, time(23, 59), wording.zone())


def _given(text: str) -> str:
    if not text:
        raise Problem(lazy("Write a reason. Whoever looks at this later needs it."))
    return text


Reason = Annotated[Line, Field(max_length=REASON_LENGTH), AfterValidator(_given)]
Day = Annotated[
    date | None, BeforeValidator(_day), AfterValidator(_near_enough), AfterValidator(_in_the_future)
]


class BanInput(Input):
    """Why someone is banned; they are shown it."""

    reason: Annotated[Lines, Field(max_length=REASON_LENGTH), AfterValidator(_given)]


class CloseInput(Input):
    """Why a room is closed; its hosts are shown it."""

    reason: Annotated[Lines, Field(max_length=REASON_LENGTH), AfterValidator(_given)]


class OrganisationInput(Input):
    """A new organisation; without an address one is made from the name."""

    name: Annotated[Line, Field(min_length=1, max_length=NAME_LENGTH)]
    address: Annotated[Line, AfterValidator(check_address)] = ""


def _chosen(value: object) -> object:
    """Nothing chosen in a list is sent as an empty text."""
    return value or None


class CustodianInput(Input):
    """The organisation that takes custody of another one's payments; empty: the collective.

    `version`: see app.contributions.custody.
    """

    version: Version
    custodian: Annotated[Annotated[int, Field(ge=1, le=2**53)] | None, BeforeValidator(_chosen)] = None


class HostInput(Input):
    """Someone who hosts for an organisation."""

    email: Address
    role: HostRole = HostRole.HOST


class PolicyInput(Input):
    """The numbers that hold for everyone."""

    sitting_gap_minutes: Annotated[int, Field(ge=0, le=1440)]
    large_session_above: Annotated[int, Field(ge=1, le=10_000)]
    recording_megabytes_per_hour: Annotated[int, Field(ge=1, le=100_000)]
    grace_days: Annotated[int, Field(ge=0, le=365)]
    retention_grace_days: Annotated[int, Field(ge=0, le=3650)]
    recording_removal: Removal
    time_zone: Zone
    hour_value: Annotated[int, BeforeValidator(lambda value: cents_of(str(value)))]
    version: Version
