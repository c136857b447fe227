"""A refusal in words: which limit, how much is used, when it frees up, what helps, which tier has more."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.db import TraceError
from app.errors import GuildhallError
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.decision_log import Question, note_refused
from app.memberships.limits import Standing, offers
from app.memberships.refusal_words import WORDS, amount, when_it_frees
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
    words = WORDS[refused.reason]
    return RefusedError(
        refused,
        Explanation(
            asked=asked,
            title=str(words.title),
            limit=limit or _own_limit(refused, standing) or words.limit(refused, standing),
            used=words.used(refused),
            frees=when_it_frees(refused),
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
