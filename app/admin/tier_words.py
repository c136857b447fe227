"""Tiers in the words of the operator's pages: the names of what they say, figures, and what is different."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app import wording
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.tier_terms import LIMITS, SAID, STORED_IN_BYTES
from app.memberships.tier_words import price_words

# In the order of the form.
NAMES: dict[str, Text] = {
    "name": lazy("Name"),
    "kind": lazy("For whom"),
    "description": lazy("What members read of it"),
    "how_to_get": lazy("How to get it"),
    "price": lazy("EUR by year"),
    "yearly_cents": lazy("Price"),
    "after": lazy("Stands after"),
    "meeting_minutes": lazy("Time of a sitting"),
    "group_size": lazy("People in a meeting"),
    "rooms_per_host": lazy("Rooms"),
    "at_once_per_host": lazy("Meetings at once"),
    "storage_first_host": lazy("Space of the first host"),
    "storage_further_host": lazy("Space of each further host"),
    "recording_days": lazy("Days a recording is kept"),
    "large_sessions_per_month": lazy("Large sessions a month"),
    "large_session_people": lazy("People in a large session"),
}
# Beside the field of each limit: its unit, and how it counts.
HINTS: dict[str, Text] = {
    "meeting_minutes": lazy("In minutes: 180 are 3 hours."),
    "group_size": lazy("Everyone counts, hosts too."),
    "rooms_per_host": lazy("Of each host; a person is one."),
    "at_once_per_host": lazy("Of each host; a person is one."),
    "storage_first_host": lazy("For recordings, in GB; 0: none."),
    "storage_further_host": lazy("In GB; for organisations."),
    "recording_days": lazy("No limit: for ever."),
    "large_sessions_per_month": lazy("0: none."),
    "large_session_people": lazy("More than in a meeting."),
}


@dataclass(frozen=True)
class Difference:
    """One thing that a tier said before and says after, in words."""

    name: str
    label: str
    before: str
    after: str


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """What is different between two versions of what a tier says; in the order of the form."""
    return [
        Difference(name, str(NAMES[name]), figure(name, before.get(name)), figure(name, after.get(name)))
        for name in SAID
        if before.get(name) != after.get(name)
    ]


def figure(name: str, value: Any) -> str:
    """One thing that a tier says, short: 3 h, 5 GB, no limit, none, a price, its words."""
    if name == "yearly_cents":
        return price_words(value or []) or _("no price")
    if name not in LIMITS:
        return _(value) if value else _("nothing")
    if value is None:
        return _("for ever") if name == "recording_days" else _("no limit")
    return _amount(name, value) if value else _("none")


def _amount(name: str, value: int) -> str:
    if name == "meeting_minutes":
        return wording.minutes(value)
    if name == "recording_days":
        return _n("one day", "%(num)s days", value)
    return wording.size(value) if name in STORED_IN_BYTES else wording.number(value)


def change_of_state(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """Whether a version retired the tier or brought it back, in words."""
    was, is_now = before.get("retired_at"), after.get("retired_at")
    if is_now and not was:
        return _("Retired.")
    return _("Brought back.") if was and not is_now else None
