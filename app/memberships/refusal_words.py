"""Limits and refusals in sentences: one entry for each limit and each reason."""

from collections.abc import Callable
from dataclasses import dataclass

from app import wording
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.limits import Standing
from quotas.decisions import Reason, Refused
from quotas.limits import LimitName


def amount(name: LimitName, value: int | None) -> str:
    """A limit as a short sentence: "Up to 25 people." What is unlimited, or not there at all, says so."""
    if value is None:
        return str(_UNLIMITED[name])
    if value == 0 and name is LimitName.STORAGE_BYTES:
        return _("No recordings.")
    return _AMOUNTS[name](value)


def _people(value: int) -> str:
    return _n("Up to one person.", "Up to %(num)s people.", value)


_UNLIMITED: dict[LimitName, Text] = {
    LimitName.MEETING_MINUTES: lazy("Meetings of any length."),
    LimitName.STORAGE_BYTES: lazy("Recordings without limit."),
    LimitName.GROUP_SIZE: lazy("Any number of people."),
    LimitName.LARGE_SESSION_PEOPLE: lazy("Any number of people."),
    LimitName.ROOMS: lazy("As many rooms as you need."),
    LimitName.AT_ONCE: lazy("As many meetings at a time as you need."),
    LimitName.LARGE_SESSIONS_PER_MONTH: lazy("As many large sessions as you need."),
    LimitName.HOSTS: lazy("As many hosts as you need."),
    LimitName.RECORDING_DAYS: lazy("Recordings are kept without end."),
}

_AMOUNTS: dict[LimitName, Callable[[int], str]] = {
    LimitName.MEETING_MINUTES: lambda v: _("Meetings of up to %(length)s.", length=wording.minutes(v)),
    LimitName.STORAGE_BYTES: lambda v: _("%(size)s for recordings.", size=wording.size(v)),
    LimitName.GROUP_SIZE: _people,
    LimitName.LARGE_SESSION_PEOPLE: _people,
    LimitName.ROOMS: lambda v: _n("One room.", "%(num)s rooms.", v),
    LimitName.AT_ONCE: lambda v: _n("One meeting at a time.", "%(num)s meetings at a time.", v),
    LimitName.LARGE_SESSIONS_PER_MONTH: lambda v: _n(
        "One large session a month.", "%(num)s large sessions a month.", v
    ),
    LimitName.HOSTS: lambda v: _n("One host.", "%(num)s hosts.", v),
    LimitName.RECORDING_DAYS: lambda v: _n(
        "Recordings are kept one day.", "Recordings are kept %(num)s days.", v
    ),
}


def when_it_frees(refused: Refused) -> str | None:
    """When there is more again, as a sentence; None if nobody can know."""
    if refused.frees_at is None:
        return None
    when = wording.words(refused.frees_at)
    if refused.reason is Reason.SITTING_SPENT:
        return _("The room has its whole time again %(when)s.", when=when)
    return _("A place is free %(when)s at the latest.", when=when)


@dataclass(frozen=True)
class Words:
    """The sentences of one reason."""

    title: Text
    limit: Callable[[Refused, Standing], str]
    used: Callable[[Refused], str]


def _who(standing: Standing) -> dict[str, str]:
    return {"holder": standing.holder_name, "tier": _(standing.tier_name)}


WORDS: dict[Reason, Words] = {
    Reason.ROOMS: Words(
        lazy("All your rooms are in use"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one room.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s rooms.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One room is used.", "%(num)s rooms are used.", r.used),
    ),
    Reason.ROOM_READ_ONLY: Words(
        lazy("This room is resting"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one room: the one used last.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s rooms: the ones used last.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One other room was used later.", "%(num)s other rooms were used later.", r.used),
    ),
    Reason.AT_ONCE: Words(
        lazy("Another meeting is running"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one meeting at a time.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s meetings at a time.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One meeting is running now.", "%(num)s meetings are running now.", r.used),
    ),
    Reason.SITTING_SPENT: Words(
        lazy("The time of this sitting is used up"),
        lambda r, s: _(
            "A sitting lasts %(length)s on the tier “%(tier)s”; meetings with less than %(gap)s between them "
            "count as one sitting.",
            length=wording.minutes(r.limit or 0),
            gap=wording.minutes(s.policy.sitting_gap_minutes),
            tier=_(s.tier_name),
        ),
        lambda r: _("%(used)s are used.", used=wording.minutes(r.used)),
    ),
    Reason.GROUP_SIZE: Words(
        lazy("That is a larger group than this tier has"),
        lambda r, s: _(
            "The tier “%(tier)s” has groups of up to %(people)s people.",
            people=r.limit,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One person was asked for.", "%(num)s people were asked for.", r.asked),
    ),
    Reason.GROUP_FULL: Words(
        lazy("The room is full"),
        lambda r, _s: _n(
            "This meeting has a place for one person.",
            "This meeting has places for %(num)s people, one of them the host’s.",
            r.limit or 0,
        ),
        lambda r: _n("One person is in.", "%(num)s people are in.", r.used),
    ),
    Reason.HOSTS: Words(
        lazy("All seats are taken"),
        lambda r, s: _n(
            "%(holder)s has a seat for one host.",
            "%(holder)s has seats for %(num)s hosts.",
            r.limit or 0,
            holder=s.holder_name,
        ),
        lambda r: _n("One is taken.", "%(num)s are taken.", r.used),
    ),
    Reason.LARGE_SESSIONS: Words(
        lazy("This month’s large sessions are used up"),
        lambda r, s: _n(
            "The tier “%(tier)s” has one large session a month.",
            "The tier “%(tier)s” has %(num)s large sessions a month.",
            r.limit or 0,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One is used or booked.", "%(num)s are used or booked.", r.used),
    ),
    Reason.LARGE_SESSION_PEOPLE: Words(
        lazy("That is more people than a large session has"),
        lambda r, s: _(
            "A large session on the tier “%(tier)s” has up to %(people)s people.",
            people=r.limit,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One person was asked for.", "%(num)s people were asked for.", r.asked),
    ),
    Reason.RECORDING_OFF: Words(
        lazy("Recording is not part of this tier"),
        lambda _r, s: _(
            "%(holder)s is on the tier “%(tier)s”, which has no space for recordings.", **_who(s)
        ),
        lambda r: _("The recording could take %(size)s.", size=wording.size(r.asked)),
    ),
    Reason.STORAGE_FULL: Words(
        lazy("The recording would not fit"),
        lambda r, s: _(
            "%(holder)s has %(size)s for recordings on the tier “%(tier)s”.",
            size=wording.size(r.limit or 0),
            **_who(s),
        ),
        lambda r: _(
            "%(used)s are used or kept free for running meetings; this recording needs %(asked)s.",
            used=wording.size(r.used),
            asked=wording.size(r.asked),
        ),
    ),
    Reason.SHARE_FULL: Words(
        lazy("The recording would not fit into this share"),
        lambda r, s: _(
            "%(holder)s shares its space for recordings among its hosts; this host’s share is %(size)s.",
            holder=s.holder_name,
            size=wording.size(r.limit or 0),
        ),
        lambda r: _(
            "%(used)s of it are used or kept free for running meetings; this recording needs %(asked)s.",
            used=wording.size(r.used),
            asked=wording.size(r.asked),
        ),
    ),
    Reason.HOLDER_BANNED: Words(
        lazy("This room is closed"),
        lambda _r, _s: _("The people who run this site closed it."),
        lambda _r: _("Its meetings cannot be started or joined."),
    ),
}
