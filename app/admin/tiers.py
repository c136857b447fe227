"""The form that puts a holder on a tier: the same for a person and an organisation."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.admin.schemas import OrganisationTierInput, TierInput
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.granting import NotForThisHolderError, put_on_tier, tiers_for
from app.memberships.limits import standing_of
from app.memberships.models import Holder
from app.memberships.shipped import FREE
from app.web.forms import Form


async def change_tier(session: AsyncSession, viewer: Viewer, holder_id: int, form: Form[Any]) -> bool:
    """Do what the form says; False, with the error beside its field, if it cannot be done."""
    typed: TierInput | None = form.value
    if typed is None:
        return False
    if typed.tier == FREE and typed.until is not None:
        form.fail("until", lazy("The free tier has no end. Leave the day empty."))
        return False
    try:
        await put_on_tier(
            session,
            holder_id,
            typed.tier,
            reason=typed.reason,
            granted_by=viewer.name,
            ends_at=typed.ends_at,
            seats=typed.seats if isinstance(typed, OrganisationTierInput) else None,
        )
    except NotForThisHolderError as error:
        form.fail("tier", error.message)
        return False
    return True


async def tier_context(session: AsyncSession, holder_id: int, form: Form[Any]) -> dict[str, Any]:
    """What the membership part of a page shows: the standing, the tiers to choose from, the form."""
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id))
    tiers = [(tier.key, _label(tier.key, tier.name)) for tier in await tiers_for(session, kind or "")]
    return {"standing": await standing_of(session, holder_id), "tiers": tiers, "form": form}


def _label(key: str, name: str) -> str:
    return _("%(tier)s: no membership", tier=_(name)) if key == FREE else _(name)
