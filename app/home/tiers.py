"""The public page that compares the tiers and says how to get each."""

from typing import Any

from fastapi import APIRouter, Request, Response

from app import wording
from app.accounts.access import AnyViewer
from app.db import Session
from app.i18n import gettext as _
from app.i18n import ngettext
from app.memberships.limits import offers, standing_of
from app.memberships.models import HolderKind, Tier
from app.memberships.refusal_words import amount
from app.memberships.tier_words import price_words
from app.web.pages import page
from quotas.limits import LimitName, Limits

router = APIRouter()
SHOWN = (
    LimitName.MEETING_MINUTES,
    LimitName.GROUP_SIZE,
    LimitName.ROOMS,
    LimitName.AT_ONCE,
    LimitName.STORAGE_BYTES,
    LimitName.RECORDING_DAYS,
)
LARGE = (LimitName.LARGE_SESSIONS_PER_MONTH, LimitName.LARGE_SESSION_PEOPLE)


@router.get("/tiers", name="home.tiers")
async def tiers(request: Request, session: Session, viewer: AnyViewer) -> Response:
    """What each tier grants, for everyone; who is signed in sees which one holds for them (or whom they act for)."""
    own = None
    if viewer is not None:
        # Only whom they may act for: what the browser's cookie says is anybody's number.
        own = await standing_of(session, viewer.acting.holder_id if viewer.acting else viewer.holder_id)
    shown = [_tier(tier, limits) for tier, limits in (await offers(session)).values()]
    return page(request, "home/tiers.html", tiers=shown, own=own)


def _tier(tier: Tier, limits: Limits) -> dict[str, Any]:
    return {
        "key": tier.key,
        "name": _(tier.name),
        "is_shared": tier.kind == HolderKind.ORGANISATION,
        "grants": _grants(tier, limits),
        "price": price_words(tier.yearly_cents),
        "description": _(tier.description),
        "how": _(tier.how_to_get),
    }


def _grants(tier: Tier, limits: Limits) -> list[str]:
    """Every limit as a sentence; what belongs to recordings and large sessions only where there are some."""
    without_recording = limits.of(LimitName.STORAGE_BYTES) == 0
    names = [one for one in SHOWN if not (one is LimitName.RECORDING_DAYS and without_recording)]
    said = [amount(name, limits.of(name)) for name in names]
    if tier.kind == HolderKind.ORGANISATION and tier.storage_further_host:
        more = _("%(size)s more for each further host.", size=wording.size(tier.storage_further_host))
        said.insert(names.index(LimitName.STORAGE_BYTES) + 1, more)
    if limits.of(LARGE[0]) == 0:
        return [*said, _("No large sessions.")]
    return [*said, *(_large(name, limits) for name in LARGE)]


def _large(name: LimitName, limits: Limits) -> str:
    said = amount(name, limits.of(name))
    if name is LimitName.LARGE_SESSION_PEOPLE:
        most = limits.of(name)
        if most is None:
            return _("In a large session as many people as you need.")
        return ngettext(
            "In a large session up to one person.", "In a large session up to %(num)s people.", most
        )
    return said
