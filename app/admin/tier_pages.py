"""Tiers: the list, one with its versions, making, copying and changing one."""

from typing import Any, Literal

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator, Viewer
from app.admin.tier_holders import count_holders
from app.admin.tier_review import review
from app.admin.tier_schemas import NewTierInput, TermsInput, values_of
from app.admin.tier_words import HINTS, NAMES, change_of_state, differences, figure
from app.db import Session
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.models import HolderKind, Tier, TierVersion
from app.memberships.tier_terms import FREE, LIMITS, SAID, said_by
from app.memberships.tiers import all_tiers, change_tier, create_tier, find_tier, place_tier, versions_of
from app.web.forms import Form, read_form
from app.web.lists import Id
from app.web.pages import go, page, path_of
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/admin/tiers")
log = structlog.get_logger()


class ChangeInput(TermsInput):
    """A changed tier; `step`: look at what it does, save it, or go on typing."""

    step: Literal["look", "save", "edit"] = "look"


@router.get("", name="admin.tiers")
async def index(request: Request, session: Session, viewer: Operator) -> Response:
    """All of them, with how many are on each."""
    del viewer
    tiers, counts = await all_tiers(session), await count_holders(session)
    return page(request, "admin/tiers.html", tiers=tiers, counts=counts, figure=figure)


@router.get("/new", name="admin.new_tier")
async def new(request: Request, session: Session, viewer: Operator, copy: Id = None) -> Response:
    """The form of a new one, empty or as another one is."""
    del viewer
    values = {"kind": str(HolderKind.PERSON)}
    if copy is not None:
        tier = await find_tier(session, copy)
        values = values_of(tier, tier.id) | {"kind": tier.kind, "version": "1"}
        values["name"] = _("Copy of %(tier)s", tier=_(tier.name))
    return await _form(request, session, None, Form(values=values))


@router.post("/new", name="admin.make_tier")
async def make(request: Request, session: Session, viewer: Operator) -> Response:
    """Make it; nobody is on it yet."""
    form = await read_form(request, NewTierInput)
    typed = form.value
    if typed is None:
        return await _form(request, session, None, form, 422)
    tier = await create_tier(session, typed.kind, typed.said, after_id=typed.after, by=viewer.name)
    log.info("tier.made", tier=tier.id, operator=viewer.id)
    return go(request, path_of(request, "admin.tier", tier_id=tier.id), say=lazy("The tier is there."))


@router.get("/{tier_id:int}", name="admin.tier")
async def show(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """One: what it says, who is on it, how it came to say that."""
    del viewer
    tier = await find_tier(session, tier_id)
    versions = await versions_of(session, tier_id)
    return page(
        request,
        "admin/tier.html",
        tier=tier,
        counts=(await count_holders(session))[tier.id],
        said=[(str(NAMES[name]), figure(name, getattr(tier, name))) for name in _shown(tier)],
        versions=[_told(one, before) for one, before in zip(versions, [*versions[1:], None], strict=True)],
        is_free=tier.key == FREE,
    )


@router.get("/{tier_id:int}/change", name="admin.tier_form")
async def form_of(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """Its form."""
    del viewer
    tier = await find_tier(session, tier_id)
    return await _form(
        request, session, tier, Form(values=values_of(tier, await _stands_after(session, tier)))
    )


@router.post("/{tier_id:int}/change", name="admin.change_tier")
async def change(request: Request, session: Session, viewer: Operator, tier_id: int) -> Response:
    """Show what the change does; then save it."""
    tier = await find_tier(session, tier_id, lock=True)
    form = await read_form(request, ChangeInput)
    if tier.key == FREE and form.value is not None and form.value.price:
        form.fail("price", lazy("The tier of people without a membership costs nothing. Leave this empty."))
    changes = await _changed_meanwhile(session, tier, form)
    typed = form.value
    if typed is None:
        return await _form(request, session, tier, form, 422 if changes is None else 409, changes)
    if typed.step == "edit":
        return await _form(request, session, tier, form)
    if typed.step == "look":
        return await _look(request, session, tier, typed, form)
    await _save(session, viewer, tier, typed)
    return go(
        request,
        path_of(request, "admin.tier", tier_id=tier.id),
        say=lazy("Saved. It holds from the next decision."),
    )


async def _look(
    request: Request, session: AsyncSession, tier: Tier, typed: ChangeInput, form: Form[Any]
) -> Response:
    found = await review(session, tier, typed.said)
    moved = await _new_place(session, tier, typed)
    if not found.differences and moved is None:
        said = lazy("Nothing is different from what is saved.")
        return go(request, path_of(request, "admin.tier_form", tier_id=tier.id), say=said, kind="warn")
    kept = {name: form.values.get(name, "") for name in TermsInput.model_fields if name in form.values}
    return page(request, "admin/tier_review.html", tier=tier, review=found, moved=moved, kept=kept)


async def _save(session: AsyncSession, viewer: Viewer, tier: Tier, typed: TermsInput) -> None:
    changed = await change_tier(session, tier, typed.said, by=viewer.name)
    moved = await _new_place(session, tier, typed)
    if moved is not None:
        await place_tier(session, tier, moved.id)
    log.info("tier.changed", tier=tier.id, operator=viewer.id, changed=changed, moved=moved is not None)


async def _changed_meanwhile(session: AsyncSession, tier: Tier, form: Form[Any]) -> list[Change] | None:
    """What others have saved since the form was shown, told from the versions."""
    seen = form.value.version if form.value is not None else None
    changes = changed_meanwhile(form, tier.version, {})
    if changes is None:
        return None
    before = {one.version: one for one in await versions_of(session, tier.id)}.get(seen or 0)
    return [
        Change(one.name, one.after, "")
        for one in differences(before.said if before else {}, said_by(tier))
        if one.name in SAID
    ]


async def _stands_after(session: AsyncSession, tier: Tier) -> int | None:
    """Which of the tiers in use it stands after."""
    before = [one for one in await all_tiers(session) if _is_in_use(one) and one.position < tier.position]
    return before[-1].id if before else None


async def _new_place(session: AsyncSession, tier: Tier, typed: TermsInput) -> Tier | None:
    """After which tier it is to stand, if that is somewhere else than now."""
    if tier.key == FREE or typed.after in {None, tier.id, await _stands_after(session, tier)}:
        return None
    return next((one for one in await all_tiers(session) if one.id == typed.after), None)


def _shown(tier: Tier) -> list[str]:
    """What is said of it as figures; a person has no further hosts."""
    is_person = tier.kind == HolderKind.PERSON
    return [name for name in (*LIMITS, "yearly_cents") if not (is_person and name == "storage_further_host")]


def _is_in_use(tier: Tier) -> bool:
    return tier.retired_at is None


async def _form(
    request: Request,
    session: AsyncSession,
    tier: Tier | None,
    form: Form[Any],
    status: int = 200,
    changes: list[Change] | None = None,
) -> Response:
    others = [
        one for one in await all_tiers(session) if _is_in_use(one) and (tier is None or one.id != tier.id)
    ]
    return page(
        request,
        "admin/tier_form.html",
        status,
        tier=tier,
        form=form,
        changes=changes,
        labels={name: str(label) for name, label in NAMES.items()},
        hints=HINTS,
        limits=LIMITS,
        places=[(str(one.id), _(one.name)) for one in others],
        is_free=tier is not None and tier.key == FREE,
    )


def _told(version: TierVersion, before: TierVersion | None) -> dict[str, Any]:
    """A version as its line shows it."""
    return {
        "number": version.version,
        "at": version.at,
        "by": version.by,
        "is_first": before is None,
        "differences": differences(before.said, version.said) if before else [],
        "state": change_of_state(before.said, version.said) if before else None,
    }
