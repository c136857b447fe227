"""What a holder has, until when, and what to do next: in one sentence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from app import wording
from app.i18n import gettext as _
from app.memberships.course import HolderCourse, Line
from app.memberships.limits import Standing
from app.memberships.shipped import FREE
from quotas.memberships import State

Next = Literal["", "give", "ask", "tiers"]


@dataclass(frozen=True)
class Saying:
    """The sentence, and which link helps: to give, to ask the people who run the house, to compare the tiers."""

    sentence: str
    next: Next = ""
    tone: Literal["info", "warn", "bad"] = "info"


@dataclass(frozen=True)
class _Facts:
    """What sentences are made of."""

    tier: str
    now: str
    """the tier whose limits hold"""
    ends: str
    works_until: str
    price: str | None
    """of another year"""
    due: str | None
    """what is still to be given for this one"""


def saying_of(standing: Standing, course: HolderCourse, *, due: int, price: int | None) -> Saying:
    """Say it. In cents: `due` is still to be given for what holds, `price` is of another year (None: it has none)."""
    line = course.present or course.last
    is_free = line is not None and line.tier.key == FREE and course.state is not State.RENEWED
    if line is None or (is_free and not due):
        return _without(standing, course)
    facts = _facts(standing, course, line, due, price)
    said: dict[State, Callable[[], Saying]] = {
        State.RUNNING: lambda: _running(line, facts),
        State.ENDING: lambda: _ending(facts),
        State.RENEWED: lambda: _renewed(course, line, facts),
        State.GRACE: lambda: _grace(facts),
        State.SUSPENDED: lambda: _suspended(line, facts),
        State.ENDED: lambda: _ended(facts),
    }
    return said[course.state]() if course.state in said else _without(standing, course)


def saying_to_operators(saying: Saying, standing: Standing, course: HolderCourse, due: int) -> Saying:
    """The same sentence for who runs the house: nobody is told to write to themselves."""
    line = course.present or course.last
    if saying.next != "ask" or line is None:
        return saying
    facts = _of(_facts(standing, course, line, due, None))
    match course.state:
        case State.ENDING if due:
            said = _("“%(tier)s” ends on %(ends)s: %(due)s are still to be given for it.", **facts)
        case State.GRACE if due:
            said = _(
                "“%(tier)s” ended on %(ends)s and works until %(works_until)s: %(due)s are still to be given for it.",
                **facts,
            )
        case State.ENDING:
            said = _("“%(tier)s” ends on %(ends)s.", **facts)
        case State.GRACE:
            said = _("“%(tier)s” ended on %(ends)s and works until %(works_until)s.", **facts)
        case State.ENDED:
            said = _("“%(tier)s” ended on %(ends)s and “%(now)s” holds.", **facts)
        case _:
            said = _(
                "“%(tier)s” is suspended since %(since)s and “%(now)s” holds.",
                **facts,
                since=_day(line.row.suspended_at),
            )
    return Saying(said, "", saying.tone)


def _facts(standing: Standing, course: HolderCourse, line: Line, due: int, price: int | None) -> _Facts:
    return _Facts(
        tier=_(line.tier.name),
        now=_(standing.tier_name),
        ends=_day(line.row.ends_at),
        works_until=_day(course.works_until),
        price=wording.money(price) if price else None,
        due=wording.money(due) if due else None,
    )


def _without(standing: Standing, course: HolderCourse) -> Saying:
    now = _(standing.tier_name)
    if course.next:
        return Saying(_begins(now, course.next))
    sentence = _(
        "“%(tier)s” holds without an end: nothing is to be done, and a contribution brings more.", tier=now
    )
    return Saying(sentence, "tiers")


def _begins(now: str, coming: Line) -> str:
    return _(
        "“%(tier)s” holds until “%(next)s” begins on %(date)s: nothing is to be done.",
        tier=now,
        next=_(coming.tier.name),
        date=_day(coming.row.starts_at),
    )


def _running(line: Line, facts: _Facts) -> Saying:
    if line.row.ends_at is None:
        if facts.due:
            return Saying(
                _(
                    "“%(tier)s” holds until further notice: %(due)s are still to be given for it.",
                    **_of(facts),
                ),
                "give",
            )
        return Saying(_("“%(tier)s” holds until further notice: nothing is to be done.", **_of(facts)))
    if facts.due:
        return Saying(
            _("“%(tier)s” holds until %(ends)s: %(due)s are still to be given for it.", **_of(facts)), "give"
        )
    if line.row.awarded:
        return Saying(
            _("“%(tier)s” was awarded and holds until %(ends)s: nothing is to be done now.", **_of(facts))
        )
    return Saying(_("“%(tier)s” holds until %(ends)s: nothing is to be done now.", **_of(facts)))


def _ending(facts: _Facts) -> Saying:
    if facts.price is None and facts.due:
        said = _(
            "“%(tier)s” ends on %(ends)s: %(due)s are still to be given for it. Write to the people who run this "
            "house if it is to go on.",
            **_of(facts),
        )
        return Saying(said, "ask", "warn")
    if facts.price is None:
        said = _(
            "“%(tier)s” ends on %(ends)s: write to the people who run this house if it is to go on.",
            **_of(facts),
        )
        return Saying(said, "ask", "warn")
    if facts.due:
        said = _(
            "“%(tier)s” ends on %(ends)s: %(due)s are still to be given for it, and %(price)s for another year.",
            **_of(facts),
        )
    else:
        said = _(
            "“%(tier)s” ends on %(ends)s: give %(price)s by then, and it goes on for another year.",
            **_of(facts),
        )
    return Saying(said, "give", "warn")


def _renewed(course: HolderCourse, line: Line, facts: _Facts) -> Saying:
    last = course.last_of_chain(line)
    others = [coming for coming in course.coming() if coming.tier.id != line.tier.id]
    if facts.due:
        return Saying(_renewed_and_due(facts, others, last), "give")
    if others:
        return Saying(_begins(facts.tier, others[0]))
    if last.row.ends_at is None:
        return Saying(_("“%(tier)s” is renewed until further notice: nothing is to be done.", **_of(facts)))
    return Saying(
        _(
            "“%(tier)s” is renewed until %(ends)s: nothing is to be done.",
            tier=facts.tier,
            ends=_day(last.row.ends_at),
        )
    )


def _renewed_and_due(facts: _Facts, others: Sequence[Line], last: Line) -> str:
    """Something follows, and what holds now is not paid for: both are said."""
    if others:
        return _(
            "“%(tier)s” holds until “%(next)s” begins on %(date)s: %(due)s are still to be given for it.",
            tier=facts.tier,
            next=_(others[0].tier.name),
            date=_day(others[0].row.starts_at),
            due=facts.due,
        )
    if last.row.ends_at is None:
        return _(
            "“%(tier)s” is renewed until further notice: %(due)s are still to be given for the present period.",
            **_of(facts),
        )
    return _(
        "“%(tier)s” is renewed until %(ends)s: %(due)s are still to be given for the present period.",
        tier=facts.tier,
        ends=_day(last.row.ends_at),
        due=facts.due,
    )


def _grace(facts: _Facts) -> Saying:
    if facts.due and facts.price:
        said = _(
            "“%(tier)s” ended on %(ends)s and works until %(works_until)s: %(due)s are still to be given for it, and "
            "%(price)s for another year.",
            **_of(facts),
        )
        return Saying(said, "give", "warn")
    if facts.due:
        said = _(
            "“%(tier)s” ended on %(ends)s and works until %(works_until)s: %(due)s are still to be given for it. "
            "Write to the people who run this house if it is to go on.",
            **_of(facts),
        )
        return Saying(said, "ask", "warn")
    if facts.price is None:
        said = _(
            "“%(tier)s” ended on %(ends)s and works until %(works_until)s: write to the people who run this house "
            "if it is to go on.",
            **_of(facts),
        )
        return Saying(said, "ask", "warn")
    said = _(
        "“%(tier)s” ended on %(ends)s and works until %(works_until)s: give %(price)s by then, and nothing changes.",
        **_of(facts),
    )
    return Saying(said, "give", "warn")


def _ended(facts: _Facts) -> Saying:
    if facts.price is None:
        said = _(
            "“%(tier)s” ended on %(ends)s and “%(now)s” holds: write to the people who run this house if it is to "
            "come back.",
            **_of(facts),
        )
        return Saying(said, "ask", "warn")
    said = _(
        "“%(tier)s” ended on %(ends)s and “%(now)s” holds: give %(price)s, and everything comes back.",
        **_of(facts),
    )
    return Saying(said, "give", "warn")


def _suspended(line: Line, facts: _Facts) -> Saying:
    said = _(
        "“%(tier)s” is suspended since %(since)s and “%(now)s” holds: write to the people who run this house.",
        **_of(facts),
        since=_day(line.row.suspended_at),
    )
    return Saying(said, "ask", "bad")


def _of(facts: _Facts) -> dict[str, Any]:
    return vars(facts)


def _day(at: datetime | None) -> str:
    return wording.day(at) if at else ""
