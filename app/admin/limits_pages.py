"""The limits of any holder: what holds and why, what is used and was decided, what if, and overrides."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Operator
from app.admin.limits import HeldNow, held_now, limits_page, list_holders
from app.admin.limits_schemas import OverrideInput, WhatIfInput
from app.admin.limits_what_if import WhatIf, what_if
from app.admin.limits_words import LABELS, REASONS, WITH_UNITS, amount, asked_words, figures_words
from app.db import Session
from app.errors import NotFoundError
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.granting import tiers_for
from app.memberships.models import Tier
from app.memberships.overrides import set_override, withdraw_override
from app.web.forms import Form, messages, read_form
from app.web.lists import Number, Search, tidy
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/admin/limits")
log = structlog.get_logger()

# The fields of the form that tries something: they go along with the pages of the list of decisions.
TRIED = ("tier", "limit", "value", "unlimited")


@router.get("", name="admin.limits")
async def index(
    request: Request, session: Session, viewer: Operator, search: Search = "", number: Number = 1
) -> Response:
    """Find a holder by name."""
    del viewer
    search = tidy(search)
    found = await list_holders(session, search=search, number=number)
    return page(request, "admin/limits.html", holders=found, search=search)


@router.get("/{holder_id:int}", name="admin.holder_limits")
async def show(
    request: Request, session: Session, viewer: Operator, holder_id: int, number: Number = 1
) -> Response:
    """One holder's limits; with a tier or a limit in the query also what if."""
    del viewer
    held = await held_now(session, holder_id)
    asked = _read_query(request)
    return await _page(request, session, held, asked, Form(), 422 if asked.errors else 200, number)


@router.post("/{holder_id:int}/override", name="admin.set_override")
async def override(request: Request, session: Session, viewer: Operator, holder_id: int) -> Response:
    """Set a limit for this holder alone."""
    held = await held_now(session, holder_id)
    form = await read_form(request, OverrideInput)
    typed = form.value
    if typed is None or typed.limit not in held.names:
        asked = _read_tried({name: form.values.get(name, "") for name in TRIED})
        return await _page(
            request, session, held, asked, form.fail("limit", _NO_SUCH_LIMIT) if typed else form, 422
        )
    await set_override(
        session,
        holder_id,
        typed.limit,
        typed.number,
        reason=typed.reason,
        made_by=viewer.name,
        ends_at=typed.ends_at,
    )
    log.info("admin.override.set", operator=viewer.id, holder=holder_id, limit=typed.limit)
    return _back(request, holder_id, lazy("The limit is set."))


@router.post("/{holder_id:int}/override/{override_id:int}/withdraw", name="admin.withdraw_override")
async def withdraw(
    request: Request, session: Session, viewer: Operator, holder_id: int, override_id: int
) -> Response:
    """Take an override back."""
    name = await withdraw_override(session, holder_id, override_id, withdrawn_by=viewer.name)
    if name is not None:
        log.info("admin.override.withdrawn", operator=viewer.id, holder=holder_id, limit=name)
    return _back(request, holder_id, lazy("The override is withdrawn."))


_NO_SUCH_LIMIT = lazy("A person has no seats. Choose another limit.")


def _read_query(request: Request) -> Form[WhatIfInput]:
    return _read_tried({name: value for name, value in request.query_params.items() if name in TRIED})


def _read_tried(values: dict[str, str]) -> Form[WhatIfInput]:
    """What is tried, as a form: what is wrong stands beside its field."""
    try:
        return Form(values=values, value=WhatIfInput.model_validate(values))
    except ValidationError as error:
        return Form(values=values, errors=messages(error))


async def _page(
    request: Request,
    session: AsyncSession,
    held: HeldNow,
    asked: Form[WhatIfInput],
    form: Form[Any],
    status: int = 200,
    number: int = 1,
) -> Response:
    tiers = await tiers_for(session, held.holder.kind)
    return page(
        request,
        "admin/limits_holder.html",
        status,
        seen=await limits_page(session, held, number),
        what_if=await _answer(session, held, asked, tiers),
        asked=asked,
        tried={name: value for name, value in asked.values.items() if value},
        form=form,
        tiers=[("", _("As it is")), *((tier.key, _(tier.name)) for tier in tiers)],
        limits=[("", _("As they are")), *((str(name), str(WITH_UNITS[name])) for name in held.names)],
        words={
            "labels": LABELS,
            "reasons": REASONS,
            "amount": amount,
            "asked": asked_words,
            "figures": figures_words,
        },
    )


async def _answer(
    session: AsyncSession, held: HeldNow, asked: Form[WhatIfInput], tiers: list[Tier]
) -> WhatIf | None:
    """What would be; None if nothing is tried, or what is tried is not written as it needs to be."""
    tried = asked.value
    if tried is None or not (tried.tier or tried.limit):
        return None
    tier = next((tier for tier in tiers if tier.key == tried.tier), None)
    if (tried.tier and tier is None) or (tried.limit and tried.limit not in held.names):
        raise NotFoundError
    return await what_if(session, held, tier, tried)


def _back(request: Request, holder_id: int, said: Any) -> Response:
    return go(request, path_of(request, "admin.holder_limits", holder_id=holder_id), say=said)
