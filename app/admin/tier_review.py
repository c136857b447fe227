"""What the page shows before a changed tier is saved: what is different, who would be above, what happens to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.admin.limits_words import typed
from app.admin.tier_effect_words import how_many, label, used, what_follows
from app.admin.tier_effects import SHOWN, Above, above, lowered_limits
from app.admin.tier_holders import Place, count_holders
from app.admin.tier_words import Difference, differences
from app.memberships.models import PolicyRow, Tier
from app.memberships.tier_terms import LIMITS, said_by
from quotas.limits import LimitName


@dataclass(frozen=True)
class Effect:
    """A limit that becomes lower: how many would be above it, some of them, what happens to them."""

    name: LimitName
    label: str
    sentence: str
    follows: str
    found: Above

    @property
    def query(self) -> dict[str, str]:
        """What stands in the address of the whole list."""
        first, further = self.found.lowered.after[0], self.found.lowered.after[-1]
        return {
            "limit": str(self.name),
            "first": "" if first is None else str(first),
            "further": "" if further is None else str(further),
        }

    def try_query(self, row: Any) -> dict[str, str]:
        """What stands in the address of the page that says what would become of this holder."""
        return {"limit": str(self.name), "value": typed(self.name, row.becomes)}

    def used(self, value: int) -> str:
        """A figure of use, or a limit, in words."""
        return used(self.found, value)


@dataclass(frozen=True)
class Review:
    """The answer, for the page."""

    differences: list[Difference]
    effects: list[Effect]
    holders: int
    """on the tier now, grace included"""
    touches_limits: bool


async def review(session: AsyncSession, tier: Tier, said: Mapping[str, Any]) -> Review:
    """What is different, and for every limit that becomes lower who would be above it. Nothing is changed."""
    before, policy = said_by(tier), await session.get_one(PolicyRow, 1)
    counts = (await count_holders(session))[tier.id]
    different = differences(before, {**before, **said})
    return Review(
        differences=different,
        effects=[
            effect(await above(session, tier.id, lowered, size=SHOWN), policy)
            for lowered in lowered_limits(before, said)
        ],
        holders=counts[Place.NOW] + counts[Place.GRACE],
        touches_limits=any(one.name in LIMITS for one in different),
    )


def effect(found: Above, policy: PolicyRow) -> Effect:
    """One lowered limit in words."""
    name = found.lowered.name
    return Effect(name, label(name), how_many(found), what_follows(name, policy), found)
