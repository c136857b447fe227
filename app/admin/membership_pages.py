"""The memberships of any holder: what is, what was, who did what; give, renew, suspend, lift, end."""

from collections.abc import Mapping
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator
from app.admin.limits_schemas import WhatIfInput
from app.admin.limits_what_if import what_if
from app.admin.limits_words import LABELS, amount
from app.admin.membership_schemas import EndInput, GiveInput, ReasonInput, RenewInput
from app.admin.memberships import (
    Doing,
    Place,
    check_give,
    done,
    done_to,
    end_of_one,
    give,
    lift_it,
    place_of,
    renew,
    suspend_it,
)
from app.contributions.membership_telling import tell_of_act
from app.contributions.readers import Post
from app.db import Session
from app.errors import NotFoundError
from app.i18n import Text, lazy
from app.i18n import gettext as _
from app.memberships.changes import changes_of
from app.memberships.granting import tiers_for
from app.memberships.shipped import FREE
from app.web.forms import Form, read_form
from app.web.lists import Number
from app.web.pages import address_of, go, page, path_of
from app.web.versions import Change

router = APIRouter(prefix="/admin/holders/{holder_id:int}/membership")
log = structlog.get_logger()

DONE: Mapping[str, Text] = {
    "give": lazy("The membership is given."),
    "renew": lazy("The membership is renewed."),
    "suspend": lazy("The membership is suspended."),
    "lift": lazy("The membership holds again."),
    "end": lazy("The end is set."),
    "withdraw": lazy("The membership is withdrawn."),
}


@router.get("", name="admin.membership")
async def show(
    request: Request, session: Session, viewer: Operator, holder_id: int, number: Number = 1
) -> Response:
    """All of it; what was done in pages."""
    del viewer
    return page(
        request,
        "admin/membership.html",
        place=await place_of(session, holder_id),
        changes=await changes_of(session, holder_id, number),
    )


@router.get("/give", name="admin.give_membership")
async def ask_give(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """The form that puts the holder on a tier."""
    del viewer
    return await _form(request, session, await place_of(session, holder_id), "give", Form())


@router.post("/give", name="admin.membership_given")
async def given(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Put the holder on a tier, or show what that would do."""
    form: Form[GiveInput] = await read_form(request, GiveInput)
    if form.value is not None and form.value.look:
        return await _look(request, session, holder_id, form, form.value.tier)
    check_give(form)
    return await _do(request, session, viewer, holder_id, "give", form, give)


@router.get("/renew", name="admin.renew_membership")
async def ask_renew(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """The form that lets a membership go on."""
    del viewer
    return await _form(request, session, await place_of(session, holder_id), "renew", Form())


@router.post("/renew", name="admin.membership_renewed")
async def renewed(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Let it go on."""
    form: Form[RenewInput] = await read_form(request, RenewInput)
    return await _do(request, session, viewer, holder_id, "renew", form, renew)


@router.get("/suspend", name="admin.suspend_membership")
async def ask_suspend(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Ask why."""
    del viewer
    return await _form(request, session, await place_of(session, holder_id), "suspend", Form())


@router.post("/suspend", name="admin.membership_suspended")
async def suspended(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Let it grant nothing."""
    form: Form[ReasonInput] = await read_form(request, ReasonInput)
    return await _do(request, session, viewer, holder_id, "suspend", form, suspend_it)


@router.get("/lift", name="admin.lift_membership")
async def ask_lift(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Ask why."""
    del viewer
    return await _form(request, session, await place_of(session, holder_id), "lift", Form())


@router.post("/lift", name="admin.membership_lifted")
async def lifted(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Let it grant its tier again."""
    form: Form[ReasonInput] = await read_form(request, ReasonInput)
    return await _do(request, session, viewer, holder_id, "lift", form, lift_it)


@router.get("/{membership_id:int}/end", name="admin.end_membership")
async def ask_end(
    request: Request, session: Session, viewer: Operator, holder_id: int, membership_id: int
) -> Response:
    """When, and why; one that has not begun is withdrawn."""
    del viewer
    place = await place_of(session, holder_id)
    return await _form(request, session, place, _ending(place, membership_id), Form(), one=membership_id)


@router.post("/{membership_id:int}/end", name="admin.membership_ended")
async def ended(
    request: Request, session: Session, viewer: Operator, holder_id: int, membership_id: int
) -> Response:
    """End or withdraw it."""
    form: Form[EndInput] = await read_form(request, EndInput)
    act = _ending(await place_of(session, holder_id), membership_id)
    do = end_of_one(membership_id)
    return await _do(request, session, viewer, holder_id, act, form, do, one=membership_id)


def _ending(place: Place, membership_id: int) -> str:
    if membership_id not in place.told.course.lines:
        raise NotFoundError
    return "withdraw" if membership_id in {line.row.id for line in place.told.course.coming()} else "end"


async def _do(
    request: Request,
    session: AsyncSession,
    viewer: Operator,
    holder_id: int,
    act: str,
    form: Form[Any],
    do: Doing,
    *,
    one: int | None = None,
) -> Response:
    before = await place_of(session, holder_id)  # 404 before anything is locked
    changes = await done(session, viewer, holder_id, form, do)
    if form.value is not None:
        told = done_to(before, act, form.value, one)
        if told is not None:
            post = Post(request.app.state.mailer, address_of(request, "memberships.own"))
            await tell_of_act(session, post, holder_id, told)
        log.info("admin.membership", act=act, operator=viewer.id, holder=holder_id)
        return go(request, path_of(request, "admin.membership", holder_id=holder_id), say=DONE[act])
    place = await place_of(session, holder_id)
    return await _form(request, session, place, act, form, 422, one=one, changes=changes)


async def _look(
    request: Request, session: AsyncSession, holder_id: int, form: Form[GiveInput], tier_key: str
) -> Response:
    """The form again, with what the holder would be above on that tier."""
    place = await place_of(session, holder_id)
    tiers = await tiers_for(session, place.held.holder.kind)
    tier = next((tier for tier in tiers if tier.key == tier_key), None)
    if tier is None:
        form.fail("tier", lazy("This tier is not for them. Choose one from the list."))
        return await _form(request, session, place, "give", form, 422)
    seen = await what_if(session, place.held, tier, WhatIfInput(tier=tier.key))
    return await _form(request, session, place, "give", form, seen=seen)


async def _form(
    request: Request,
    session: AsyncSession,
    place: Place,
    act: str,
    form: Form[Any],
    status: int = 200,
    *,
    one: int | None = None,
    changes: list[Change] | None = None,
    seen: Any = None,
) -> Response:
    tiers = await tiers_for(session, place.held.holder.kind)
    return page(
        request,
        "admin/membership_form.html",
        status,
        place=place,
        act=act,
        line=place.told.course.lines.get(one) if one else None,
        form=form,
        changes=changes,
        what_if=seen,
        words={"labels": LABELS, "amount": amount},
        tiers=[(tier.key, _label(tier.key, tier.name)) for tier in tiers],
    )


def _label(key: str, name: str) -> str:
    return _("%(tier)s: no membership", tier=_(name)) if key == FREE else _(name)
