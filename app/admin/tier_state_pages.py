"""Tiers: who is on one, who would be above a lowered limit, retiring one and bringing it back."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator
from app.admin.tier_effects import COLUMNS, Lowered, above
from app.admin.tier_holders import Place, count_holders, list_on_tier
from app.admin.tier_review import effect
from app.admin.tier_schemas import VersionInput
from app.contributions.rules import all_rules
from app.contributions.words import rule_words
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.memberships.models import PolicyRow, Tier
from app.memberships.tier_terms import FREE
from app.memberships.tiers import FreeStaysError, bring_back_tier, find_tier, retire_tier
from app.web.forms import read_form
from app.web.lists import Number, Search, tidy
from app.web.pages import go, page, path_of
from app.web.versions import changed_meanwhile
from quotas.limits import LimitName

router = APIRouter(prefix="/admin/tiers")
log = structlog.get_logger()

# A limit in the address: digits, or nothing for none.
Figure = Annotated[str, Query(pattern=r"^[0-9]{0,16}$")]


@router.get("/{tier_id:int}/holders", name="admin.tier_holders")
async def holders(
    request: Request,
    session: Session,
    viewer: Operator,
    tier_id: int,
    place: Place = Place.NOW,
    search: Search = "",
    number: Number = 1,
) -> Response:
    """Who is on it."""
    del viewer
    tier, search = await find_tier(session, tier_id), tidy(search)
    return page(
        request,
        "admin/tier_holders.html",
        tier=tier,
        place=place,
        search=search,
        counts=(await count_holders(session))[tier.id],
        holders=await list_on_tier(session, tier.id, place, search=search, number=number),
    )


@router.get("/{tier_id:int}/above", name="admin.tier_above")
async def those_above(
    request: Request,
    session: Session,
    viewer: Operator,
    tier_id: int,
    limit: LimitName,
    first: Figure = "",
    further: Figure = "",
    number: Number = 1,
) -> Response:
    """Everyone on it who would be above a limit, were it that."""
    del viewer
    tier = await find_tier(session, tier_id)
    columns = COLUMNS.get(limit)
    if columns is None:  # the seats are the membership's
        raise NotFoundError
    before = tuple(getattr(tier, column) for column in columns)
    after = tuple(int(figure) if figure else None for figure in (first, further))[: len(columns)]
    found = await above(session, tier.id, Lowered(limit, before, after), number=number)
    return page(
        request,
        "admin/tier_above.html",
        tier=tier,
        effect=effect(found, await session.get_one(PolicyRow, 1)),
    )


@router.get("/{tier_id:int}/retire", name="admin.retire_tier")
async def retire(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """Ask first."""
    del viewer
    return await _ask(request, session, await find_tier(session, tier_id))


@router.post("/{tier_id:int}/retire", name="admin.tier_retired")
async def retired(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """Nobody is put on it from now on."""
    tier = await find_tier(session, tier_id, lock=True)
    form = await read_form(request, VersionInput)
    if form.value is None or changed_meanwhile(form, tier.version, {}) is not None:
        return await _ask(request, session, tier, 409)
    await retire_tier(session, tier, by=viewer.name)
    log.info("tier.retired", tier=tier.id, operator=viewer.id)
    said = lazy("The tier is retired. Who is on it stays.")
    return go(request, path_of(request, "admin.tier", tier_id=tier.id), say=said)


@router.post("/{tier_id:int}/restore", name="admin.tier_restored")
async def restored(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """One can be put on it again."""
    tier = await find_tier(session, tier_id, lock=True)
    await bring_back_tier(session, tier, by=viewer.name)
    log.info("tier.restored", tier=tier.id, operator=viewer.id)
    return go(request, path_of(request, "admin.tier", tier_id=tier.id), say=lazy("The tier is back."))


async def _ask(request: Request, session: AsyncSession, tier: Tier, status: int = 200) -> Response:
    if tier.key == FREE:
        raise FreeStaysError
    context: dict[str, Any] = {
        "counts": (await count_holders(session))[tier.id],
        "rules": [
            rule_words(rule, granted.name)
            for rule, granted in await all_rules(session)
            if granted.id == tier.id and rule.retired_at is None
        ],
        "is_changed": status != 200,  # noqa: PLR2004  it is asked again
    }
    return page(request, "admin/tier_retire.html", status, tier=tier, **context)
