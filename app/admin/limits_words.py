"""Limits and decisions in the words of the operator's pages."""

from collections.abc import Callable
from typing import Any

from app import wording
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.decision_log import Question
from app.memberships.limits import Standing
from app.memberships.models import LoggedDecision
from quotas.decisions import Reason
from quotas.limits import GIGABYTE, LimitName

LABELS: dict[LimitName, Text] = {
    LimitName.MEETING_MINUTES: lazy("Time of a sitting"),
    LimitName.GROUP_SIZE: lazy("People in a meeting"),
    LimitName.ROOMS: lazy("Rooms"),
    LimitName.AT_ONCE: lazy("Meetings at once"),
    LimitName.STORAGE_BYTES: lazy("Space for recordings"),
    LimitName.LARGE_SESSIONS_PER_MONTH: lazy("Large sessions a month"),
    LimitName.LARGE_SESSION_PEOPLE: lazy("People in a large session"),
    LimitName.HOSTS: lazy("Hosts"),
    LimitName.RECORDING_DAYS: lazy("Days a recording is kept"),
}

# What the form that tries a limit calls it: with the unit that is typed.
WITH_UNITS: dict[LimitName, Text] = {
    **LABELS,
    LimitName.MEETING_MINUTES: lazy("Time of a sitting, in minutes"),
    LimitName.STORAGE_BYTES: lazy("Space for recordings, in GB"),
}

# What is counted elsewhere than at the holder.
COUNTED: dict[LimitName, Text] = {
    LimitName.MEETING_MINUTES: lazy("counted for each room"),
    LimitName.GROUP_SIZE: lazy("counted in each meeting"),
    LimitName.LARGE_SESSION_PEOPLE: lazy("counted in each large session"),
    LimitName.RECORDING_DAYS: lazy("counted for each recording"),
}

QUESTIONS: dict[str, Text] = {
    Question.START_MEETING: lazy("Start “%(subject)s”"),
    Question.CREATE_ROOM: lazy("Make the room “%(subject)s”"),
    Question.HAND_OVER_ROOM: lazy("Take over the room “%(subject)s”"),
    Question.JOIN_MEETING: lazy("Join “%(subject)s”"),
    Question.ADD_HOST: lazy("Add a host to “%(subject)s”"),
}

REASONS: dict[str, Text] = {
    Reason.ROOMS: lazy("No further room"),
    Reason.ROOM_READ_ONLY: lazy("A room above the number of rooms"),
    Reason.AT_ONCE: lazy("No further meeting at once"),
    Reason.SITTING_SPENT: lazy("The time of the sitting was used up"),
    Reason.GROUP_SIZE: lazy("A larger group than the limit"),
    Reason.GROUP_FULL: lazy("The meeting was full"),
    Reason.HOSTS: lazy("No further seat"),
    Reason.LARGE_SESSIONS: lazy("No further large session this month"),
    Reason.LARGE_SESSION_PEOPLE: lazy("More people than a large session has"),
    Reason.RECORDING_OFF: lazy("No space for recordings at all"),
    Reason.STORAGE_FULL: lazy("The recording would not have fitted"),
    Reason.SHARE_FULL: lazy("The recording would not have fitted into its host’s share"),
    Reason.HOLDER_BANNED: lazy("The host was banned"),
}


def amount(name: str | None, value: int | None) -> str:
    """A limit, short, with its unit: 45 min, 5 GB, 90 days, 1,000 people; unlimited; none."""
    if value is None:
        return _("unlimited")
    if not value:
        return _("none")
    return _UNITS[LimitName(name)](value) if name in _UNITS else figure(name, value)


def figure(name: str | None, value: int) -> str:
    """What is used of a limit, short: 45 min, 640 MB, 90 days, 3."""
    if name == LimitName.MEETING_MINUTES:
        return wording.minutes(value)
    if name == LimitName.STORAGE_BYTES:
        return wording.size(value)
    if name == LimitName.RECORDING_DAYS:
        return _n("one day", "%(num)s days", value)
    return wording.number(value)


def used_of(name: LimitName, used: int, limit: int | None) -> str:
    """How much of a limit is used: 3 of 5 rooms; 640 MB used; none, where the tier has none and nothing is used."""
    if limit is None:
        return _("%(used)s used", used=figure(name, used))
    if not limit and not used:
        return _("none")
    return _("%(used)s of %(limit)s", used=figure(name, used), limit=amount(name, limit))


def _people(value: int) -> str:
    return _n("%(num)s person", "%(num)s people", value)


_UNITS: dict[LimitName, Callable[[int], str]] = {
    LimitName.GROUP_SIZE: _people,
    LimitName.LARGE_SESSION_PEOPLE: _people,
    LimitName.ROOMS: lambda value: _n("%(num)s room", "%(num)s rooms", value),
    LimitName.AT_ONCE: lambda value: _n("%(num)s meeting", "%(num)s meetings", value),
    LimitName.LARGE_SESSIONS_PER_MONTH: lambda value: _n("%(num)s a month", "%(num)s a month", value),
    LimitName.HOSTS: lambda value: _n("%(num)s host", "%(num)s hosts", value),
}


def origin(standing: Standing, name: LimitName) -> str:
    """Where a limit comes from, when no override goes over it: the tier, its shares, or the seats."""
    if name is LimitName.HOSTS:
        return _("Seats of the membership") if standing.seats is not None else _("No number of seats is set")
    tier = _("Tier “%(tier)s”", tier=_(standing.tier_name))
    shares = _shares(standing, name)
    return f"{tier}: {shares}" if shares else tier


def _shares(standing: Standing, name: LimitName) -> str | None:
    """How a limit grows with the hosts: “20 × 3 hosts”, “5 GB + 2 × 1 GB”; None where it does not."""
    tier, hosts = standing.tier, standing.hosts
    if hosts == 1:
        return None
    per_host = {LimitName.ROOMS: tier.rooms_per_host, LimitName.AT_ONCE: tier.at_once_per_host}.get(name)
    if per_host is not None:
        return _n("%(share)s × one host", "%(share)s × %(num)s hosts", hosts, share=wording.number(per_host))
    first, further = tier.storage_first_host, tier.storage_further_host
    if name is not LimitName.STORAGE_BYTES or first is None or further is None:
        return None
    if not hosts:
        return _("no host yet")
    return f"{amount(name, first)} + {wording.number(hosts - 1)} × {amount(name, further)}"


def typed(name: LimitName, value: int | None) -> str:
    """A limit as the field takes it: whole numbers, gigabytes with a point; nothing for unlimited."""
    if value is None:
        return ""
    if name is LimitName.STORAGE_BYTES:
        return f"{value / GIGABYTE:.3f}".rstrip("0").rstrip(".")
    return str(value)


def asked_words(row: LoggedDecision) -> str:
    """What was asked for: “Start “Weekly assembly””."""
    known = QUESTIONS.get(row.question)
    return str(known) % {"subject": row.subject} if known else f"{row.question}: {row.subject}"


def figures_words(row: LoggedDecision) -> str:
    """The figures of a refusal, or the terms of a grant; empty where none explain it."""
    if row.granted:
        return _terms_words(row.terms or {})
    return refusal_figures(row.reason, row.limit_value, row.used or 0, row.asked or 0)


def refusal_figures(reason: str | None, limit: int | None, used: int, asked: int) -> str:
    """“5 of 5 rooms used”, “60 asked for, the limit is 50 people”; bytes with what was asked for."""
    name = Reason(reason).limit_name if reason in set(Reason) else None
    if name is None:
        return ""
    said = {"used": figure(name, used), "limit": amount(name, limit), "asked": figure(name, asked)}
    if reason in {Reason.GROUP_SIZE, Reason.LARGE_SESSION_PEOPLE}:
        return _("%(asked)s asked for, the limit is %(limit)s", **said)
    if not limit:
        return _("There are none.")
    if name is LimitName.STORAGE_BYTES:
        return _("%(used)s of %(limit)s used, %(asked)s asked for", **said)
    return _("%(used)s of %(limit)s used", **said)


def _terms_words(terms: dict[str, Any]) -> str:
    """What a meeting was granted."""
    if not terms:
        return ""
    minutes, people = terms.get("minutes"), terms.get("people")
    parts = [
        wording.minutes(minutes) if minutes else _("no end"),
        _n("one person", "%(num)s people", people) if people else _("any number of people"),
    ]
    if terms.get("recorded"):
        parts.append(_("recorded, %(size)s kept free", size=wording.size(terms.get("reserved_bytes") or 0)))
    if terms.get("above_group_size"):
        parts.append(_("a large session"))
    return ", ".join(parts)
