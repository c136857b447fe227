"""A refusal in words: which limit, how much is used, when it frees up, what helps, which tier has more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.db import TraceError
from app.errors import GuildhallError
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.i18n import ngettext as _n
from app.memberships.decision_log import Question, note_refused
from app.memberships.limits import Standing, offers
from quotas.decisions import Reason, Refused
from quotas.limits import LimitName, tiers_with_more

Help = tuple[str, str, str]  # words, address, "get" or "post"


@dataclass(frozen=True)
class Explanation:
    """A refusal as the refusal panel and the JSON answer say it."""

    asked: str
    title: str
    limit: str
    used: str
    frees: str | None
    helps: list[Help] = field(default_factory=list)
    tiers: list[tuple[str, str]] = field(default_factory=list)
    tiers_href: str | None = None


@dataclass(frozen=True)
class Asked:
    """What was asked for, as the log of decisions keeps it: `subject` is the room or organisation, by its name."""

    holder_id: int
    question: Question
    subject: str


class RefusedError(GuildhallError, TraceError):
    """A limit refused something. `refused` has the figures, `explanation` the words.

    Raised out of its transaction it is logged, once; one that is only shown is not.
    """

    status = 409
    title = lazy("That is more than there is now")
    template = "errors/refused.html"

    def __init__(self, refused: Refused, explanation: Explanation, asked: Asked) -> None:
        self.code = f"limit.{refused.reason}"  # type: ignore[misc]  # one class, a code for each reason
        self.refused = refused
        self.explanation = explanation
        self.asked = asked
        super().__init__(explanation.title)

    async def leaves(self, session: AsyncSession) -> None:
        """The refusal in the holder's log of decisions."""
        asked = self.asked
        await note_refused(session, asked.holder_id, asked.question, asked.subject, self.refused)

    def context(self) -> dict[str, Any]:
        """The panel's content."""
        return {"refused": self.explanation}

    def facts(self) -> dict[str, Any]:
        """The figures and the same sentences, for programs and for the people behind them."""
        said, why = self.explanation, self.refused
        return {
            "reason": why.reason,
            "limit": why.limit,
            "used": why.used,
            "asked": why.asked,
            "frees_at": why.frees_at.isoformat() if why.frees_at else None,
            "explanation": [part for part in (said.asked, said.limit, said.used, said.frees) if part],
            "what_helps": [text for text, _href, _method in said.helps],
            "tiers_with_more": [{"tier": name, "how_to_get": how} for name, how in said.tiers],
        }


async def refusal(
    session: AsyncSession,
    refused: Refused,
    standing: Standing,
    *,
    question: Question,
    subject: str,
    asked: str,
    helps: list[Help] | None = None,
    limit: str | None = None,
) -> RefusedError:
    """The error to raise for a refusal. `asked`: what was asked for ("Start Weekly assembly").

    `question` and `subject` (the room or organisation by its name) are what the log of decisions says of it; `limit`
    says the limit in other words than usual.
    """
    words = _WORDS[refused.reason]
    return RefusedError(
        refused,
        Explanation(
            asked=asked,
            title=str(words.title),
            limit=limit or _own_limit(refused, standing) or words.limit(refused, standing),
            used=words.used(refused),
            frees=_frees(refused),
            helps=helps or [],
            # A share is the organisation's own to give.
            tiers=[]
            if refused.reason is Reason.SHARE_FULL
            else await _tiers_with_more(session, refused.reason.limit_name, standing),
            tiers_href="/tiers",
        ),
        Asked(standing.holder_id, question, subject),
    )


def _own_limit(refused: Refused, standing: Standing) -> str | None:
    """The limit in words when an operator set it for this holder: then it is not the tier's."""
    name = refused.reason.limit_name
    # How many a running meeting has places for, its terms said when it started.
    others = {Reason.GROUP_FULL, Reason.SHARE_FULL}
    if name is None or name not in standing.overrides or refused.reason in others:
        return None
    return _(
        "%(holder)s has a limit of their own: %(limit)s",
        holder=standing.holder_name,
        limit=amount(name, standing.limits.of(name)),
    )


async def _tiers_with_more(
    session: AsyncSession, name: LimitName | None, standing: Standing
) -> list[tuple[str, str]]:
    if name is None:
        return []
    known = await offers(session)
    more = tiers_with_more(name, standing.limits, {key: limits for key, (_tier, limits) in known.items()})
    return [
        (known[key][0].name, f"{amount(name, known[key][1].of(name))} {_(known[key][0].how_to_get)}")
        for key in more
    ]


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


def _frees(refused: Refused) -> str | None:
    if refused.frees_at is None:
        return None
    when = wording.words(refused.frees_at)
    if refused.reason is Reason.SITTING_SPENT:
        return _("The room has its whole time again %(when)s.", when=when)
    return _("A place is free %(when)s at the latest.", when=when)


@dataclass(frozen=True)
class _Words:
    title: Text
    limit: Callable[[Refused, Standing], str]
    used: Callable[[Refused], str]


def _who(standing: Standing) -> dict[str, str]:
    return {"holder": standing.holder_name, "tier": _(standing.tier_name)}


_WORDS: dict[Reason, _Words] = {
    Reason.ROOMS: _Words(
        lazy("All your rooms are in use"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one room.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s rooms.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One room is used.", "%(num)s rooms are used.", r.used),
    ),
    Reason.ROOM_READ_ONLY: _Words(
        lazy("This room is resting"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one room: the one used last.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s rooms: the ones used last.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One other room was used later.", "%(num)s other rooms were used later.", r.used),
    ),
    Reason.AT_ONCE: _Words(
        lazy("Another meeting is running"),
        lambda r, s: _n(
            "%(holder)s is on the tier “%(tier)s”, which has one meeting at a time.",
            "%(holder)s is on the tier “%(tier)s”, which has %(num)s meetings at a time.",
            r.limit or 0,
            **_who(s),
        ),
        lambda r: _n("One meeting is running now.", "%(num)s meetings are running now.", r.used),
    ),
    Reason.SITTING_SPENT: _Words(
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
    Reason.GROUP_SIZE: _Words(
        lazy("That is a larger group than this tier has"),
        lambda r, s: _(
            "The tier “%(tier)s” has groups of up to %(people)s people.",
            people=r.limit,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One person was asked for.", "%(num)s people were asked for.", r.asked),
    ),
    Reason.GROUP_FULL: _Words(
        lazy("The room is full"),
        lambda r, _s: _n(
            "This meeting has a place for one person.",
            "This meeting has places for %(num)s people, one of them the host’s.",
            r.limit or 0,
        ),
        lambda r: _n("One person is in.", "%(num)s people are in.", r.used),
    ),
    Reason.HOSTS: _Words(
        lazy("All seats are taken"),
        lambda r, s: _n(
            "%(holder)s has a seat for one host.",
            "%(holder)s has seats for %(num)s hosts.",
            r.limit or 0,
            holder=s.holder_name,
        ),
        lambda r: _n("One is taken.", "%(num)s are taken.", r.used),
    ),
    Reason.LARGE_SESSIONS: _Words(
        lazy("This month’s large sessions are used up"),
        lambda r, s: _n(
            "The tier “%(tier)s” has one large session a month.",
            "The tier “%(tier)s” has %(num)s large sessions a month.",
            r.limit or 0,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One is used or booked.", "%(num)s are used or booked.", r.used),
    ),
    Reason.LARGE_SESSION_PEOPLE: _Words(
        lazy("That is more people than a large session has"),
        lambda r, s: _(
            "A large session on the tier “%(tier)s” has up to %(people)s people.",
            people=r.limit,
            tier=_(s.tier_name),
        ),
        lambda r: _n("One person was asked for.", "%(num)s people were asked for.", r.asked),
    ),
    Reason.RECORDING_OFF: _Words(
        lazy("Recording is not part of this tier"),
        lambda _r, s: _(
            "%(holder)s is on the tier “%(tier)s”, which has no space for recordings.", **_who(s)
        ),
        lambda r: _("The recording could take %(size)s.", size=wording.size(r.asked)),
    ),
    Reason.STORAGE_FULL: _Words(
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
    Reason.SHARE_FULL: _Words(
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
    Reason.HOLDER_BANNED: _Words(
        lazy("This room is closed"),
        lambda _r, _s: _("The people who run this site closed it."),
        lambda _r: _("Its meetings cannot be started or joined."),
    ),
}
