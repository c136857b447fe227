"""Reading where a holder's memberships stand in time, by the rule of quotas.memberships."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.memberships.limits import Standing
from app.memberships.models import Membership, Tier
from quotas.limits import Policy
from quotas.memberships import Course, State, Term, course_at, is_followed, price_of_year, year_of
from quotas.periods import works_until


@dataclass(frozen=True)
class Line:
    """A membership with its tier, as pages show it."""

    row: Membership
    tier: Tier


@dataclass(frozen=True)
class HolderCourse:
    """A holder's memberships now: what holds, what comes, what was; none of those that were withdrawn counts."""

    course: Course
    lines: Mapping[int, Line]
    """by the number of the membership, the newest start first; the withdrawn ones too"""
    policy: Policy
    zone: ZoneInfo

    @property
    def state(self) -> State:
        """In one word."""
        return self.course.state

    @property
    def present(self) -> Line | None:
        """What holds, through its grace; a suspended one too."""
        return self._line(self.course.present)

    @property
    def next(self) -> Line | None:
        """What begins later, the first of it."""
        return self._line(self.course.next)

    @property
    def last(self) -> Line | None:
        """What held last, if nothing does now."""
        return self._line(self.course.last)

    @property
    def works_until(self) -> datetime | None:
        """When what holds now stops to work; None: it has no end, or nothing holds."""
        ends = self.course.present.ends if self.course.present else None
        return works_until(ends, self.policy) if ends else None

    def coming(self) -> list[Line]:
        """What begins later, in its order."""
        now = clock.now()
        found = [
            line for line in self.lines.values() if line.row.starts_at > now and not line.row.withdrawn_at
        ]
        return sorted(found, key=lambda line: (line.row.starts_at, line.row.id))

    def last_of_chain(self, line: Line) -> Line:
        """The last of those that follow this one without a gap, itself if none does."""
        for coming in self.coming():
            if is_followed(term_of(line.row), term_of(coming.row), self.policy):
                line = coming
        return line

    def year_from(self, tier: Tier, start: datetime) -> int:
        """Which of the holder's years on a tier begins then; 0: the first."""
        begun = [
            line.row.starts_at
            for line in self.lines.values()
            if line.row.tier_id == tier.id and not line.row.withdrawn_at
        ]
        return year_of(start, min(begun, default=start))

    def price_from(self, tier: Tier, start: datetime) -> int | None:
        """What the tier says that a year costs which begins then, in cents; None: it says nothing."""
        return price_of_year(tier.yearly_cents, self.year_from(tier, start))

    def _line(self, term: Term | None) -> Line | None:
        return self.lines[term.key] if term else None


async def course_of(session: AsyncSession, standing: Standing) -> HolderCourse:
    """The course of one holder's memberships; under its lock if the standing is held. One statement."""
    return (await courses_of(session, [standing]))[standing.holder_id]


async def courses_of(session: AsyncSession, standings: Sequence[Standing]) -> dict[int, HolderCourse]:
    """The same of several holders, by holder; one statement."""
    found = await session.execute(
        select(Membership, Tier)
        .join(Tier, Tier.id == Membership.tier_id)
        .where(Membership.holder_id.in_([one.holder_id for one in standings]))
        .order_by(Membership.starts_at.desc(), Membership.id.desc())
        # Under the lock, what the session has read before it may be older.
        .execution_options(populate_existing=True)
    )
    lines: dict[int, dict[int, Line]] = {one.holder_id: {} for one in standings}
    for row in found:
        lines[row[0].holder_id][row[0].id] = Line(row[0], row[1])
    return {one.holder_id: _course(one, lines[one.holder_id]) for one in standings}


def _course(standing: Standing, lines: dict[int, Line]) -> HolderCourse:
    terms = [term_of(line.row) for line in lines.values() if line.row.withdrawn_at is None]
    return HolderCourse(course_at(clock.now(), terms, standing.policy), lines, standing.policy, standing.zone)


def term_of(row: Any) -> Term:
    """A membership's row as the rules want it."""
    return Term(key=row.id, starts=row.starts_at, ends=row.ends_at, is_suspended=row.suspended_at is not None)
