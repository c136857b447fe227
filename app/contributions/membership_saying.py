"""What a holder has, until when, what it still costs and what another year would: for pages, mails and programs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.owed import owed_by
from app.contributions.rules import rules_in_force
from app.memberships.course import HolderCourse, course_of
from app.memberships.limits import Standing, standing_of
from app.memberships.membership_words import Saying, saying_of, saying_to_operators
from app.memberships.models import Holder
from app.organisations.membership import says_membership
from quotas.contributions import price_in_year


@dataclass(frozen=True)
class Told:
    """A holder's membership as it is told."""

    course: HolderCourse
    owed: Any | None
    """price, paid and due of the present one, in cents; None: it has no price"""
    price: int | None
    """of another year, in cents; None: nobody has set one"""
    standing: Standing

    @property
    def due(self) -> int:
        """What is still to be given for the present one, in cents: the figure of the report of what is due."""
        return int(self.owed.due) if self.owed is not None else 0

    @property
    def saying(self) -> Saying:
        """In one sentence, in the language that is spoken at this moment."""
        return saying_of(self.standing, self.course, due=self.due, price=self.price)

    @property
    def to_operators(self) -> Saying:
        """The same for who runs the house."""
        return saying_to_operators(self.saying, self.standing, self.course, self.due)


async def membership_of(session: AsyncSession, standing: Standing) -> Told:
    """All that is told of one holder's membership."""
    course = await course_of(session, standing)
    price = await _price(session, standing.holder_id, course)
    return Told(course, await owed_by(session, standing.holder_id), price, standing)


async def _price(session: AsyncSession, holder_id: int, course: HolderCourse) -> int | None:
    """The tier's price of the year that would come, else what the rules want for it."""
    line = course.present or course.last
    if line is None or line.row.ends_at is None:
        return None
    year = course.year_from(line.tier, line.row.ends_at)
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id)) or ""
    wanted = [
        price_in_year(rule.cents, line.tier.yearly_cents, year, first_year_only=rule.first_year_only)
        for rule, tier in await rules_in_force(session, kind)
        if tier.id == line.tier.id
    ]
    said = [cents for cents in wanted if cents is not None]
    return course.price_from(line.tier, line.row.ends_at) or min(said, default=None)


@says_membership
async def _saying(session: AsyncSession, holder_id: int) -> Saying:
    """The sentence for an organisation's own page."""
    return (await membership_of(session, await standing_of(session, holder_id))).saying
