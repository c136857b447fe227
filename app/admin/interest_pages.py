"""Expressions of interest: operators read them, talk about them, accept or decline."""

from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from pydantic import AfterValidator, BeforeValidator, Field
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Operator
from app.admin.schemas import MOST_SEATS
from app.contributions.schemas import LARGEST_CENTS, Cents
from app.db import Session
from app.i18n import gettext as _
from app.i18n import lazy
from app.joining import interest_deciding, interest_mails, interests
from app.joining.interest_deciding import Acceptance, DecidedAlreadyError, NoSuchOrganisationError
from app.joining.interest_schemas import Count, Words, values_of
from app.joining.models import Interest, InterestState
from app.memberships.granting import tiers_for
from app.memberships.models import HolderKind
from app.memberships.shipped import FREE
from app.organisations.invitations import Post
from app.organisations.service import AddressTakenError
from app.rooms.addresses import address_from, check_address
from app.web.forms import Form, Input, Line, Problem, read_form
from app.web.lists import Number
from app.web.pages import address_of, go, page, path_of
from app.web.versions import Change, Version, changed_meanwhile

router = APIRouter(prefix="/admin/interests")
log = structlog.get_logger()
YEAR = timedelta(days=365)


def _said(text: str) -> str:
    if not text:
        raise Problem(lazy("Write a word. They read it."))
    return text


def _none_if_empty(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


class RemarkInput(Input):
    """Something for the other operators."""

    words: Annotated[Words, AfterValidator(_said)]


class AcceptInput(Input):
    """What becomes of it; what is left empty is not pledged."""

    address: Annotated[Line, AfterValidator(check_address)] = ""
    is_here: bool = False
    tier: Line = ""
    seats: Annotated[Annotated[int, Field(ge=1, le=MOST_SEATS)] | None, BeforeValidator(_none_if_empty)] = (
        None
    )
    money: Cents = None
    hours: Count = None
    servers: Cents = None
    other: Cents = None
    answer: Words = ""
    version: Version


class DeclineInput(Input):
    """Why not."""

    answer: Annotated[Words, AfterValidator(_said)]
    version: Version


@router.get("", name="admin.interests")
async def index(
    request: Request,
    session: Session,
    viewer: Operator,
    state: Annotated[str, Query(max_length=20)] = "",
    number: Number = 1,
) -> Response:
    """All that are confirmed, by state."""
    del viewer
    state = state if state in set(InterestState) else ""
    found = await interest_deciding.list_interests(session, state, number)
    counts = await interest_deciding.counts(session)
    return page(request, "admin/interests.html", found=found, counts=counts, state=state)


@router.get("/{interest_id:int}", name="admin.interest")
async def show(request: Request, session: Session, viewer: Operator, interest_id: int) -> Response:
    """One of them."""
    del viewer
    return await _page(request, session, await interest_deciding.find_interest(session, interest_id))


@router.post("/{interest_id:int}/remarks", name="admin.remark_interest")
async def remark(request: Request, session: Session, viewer: Operator, interest_id: int) -> Response:
    """Say something to the other operators."""
    found = await interest_deciding.find_interest(session, interest_id, lock=True)
    form = await read_form(request, RemarkInput)
    if form.value is None:
        return await _page(request, session, found, 422, remark=form)
    await interest_deciding.remark(session, found, form.value.words, viewer.name)
    return _back(request, found.id, lazy("Said."))


@router.post("/{interest_id:int}/accept", name="admin.accept_interest")
async def accept(request: Request, session: Session, viewer: Operator, interest_id: int) -> Response:
    """Let them in."""
    found = await interest_deciding.find_interest(session, interest_id, lock=True)
    form = await read_form(request, AcceptInput)
    if found.state not in interests.OPEN:
        return await _too_late(request, session, found, form)
    changes = changed_meanwhile(form, found.version, {})
    if (typed := form.value) is not None:
        await _check(session, form, typed)
    if form.value is not None:
        try:
            terms = _acceptance(form.value, found)
            admin = await interest_deciding.accept(session, found, terms, viewer, _post(request))
        except (AddressTakenError, NoSuchOrganisationError) as error:
            form.fail("address", error.message)
        else:
            log.info(
                "interest.accepted", operator=viewer.id, interest=found.id, organisation=found.organisation_id
            )
            link = address_of(request, "home.dashboard") if admin is not None else None
            await interest_mails.send_answer(session, request, found, link=link)
            return _back(
                request, found.id, lazy("Accepted. The organisation is there, and they have a mail.")
            )
    return await _page(
        request, session, found, 422 if changes is None else 409, accepting=form, changes=changes
    )


@router.post("/{interest_id:int}/decline", name="admin.decline_interest")
async def decline(request: Request, session: Session, viewer: Operator, interest_id: int) -> Response:
    """Say no, with a word."""
    found = await interest_deciding.find_interest(session, interest_id, lock=True)
    form = await read_form(request, DeclineInput)
    if found.state not in interests.OPEN:
        return await _too_late(request, session, found, form)
    changes = changed_meanwhile(form, found.version, {})
    if form.value is None:
        status = 422 if changes is None else 409
        return await _page(request, session, found, status, declining=form, changes=changes)
    await interest_deciding.decline(session, found, form.value.answer, viewer.name)
    log.info("interest.declined", operator=viewer.id, interest=found.id)
    await interest_mails.send_answer(session, request, found, link=None)
    return _back(request, found.id, lazy("Declined. They have a mail with your word."))


async def _too_late(request: Request, session: AsyncSession, found: Interest, form: Form[Any]) -> Response:
    """Somebody else has decided: it is said, and the word that was typed stays, as something for the others."""
    kept = Form[Any](values={"words": form.values.get("answer", "")})
    return await _page(request, session, found, 409, remark=kept.fail("", DecidedAlreadyError.message))


def _post(request: Request) -> Post:
    place = "{token}"
    return Post(request.app.state.mailer, address_of(request, "invitations.show", token=place))


async def _check(session: AsyncSession, form: Form[Any], typed: AcceptInput) -> None:
    """What can only be seen with the database, before anything is made."""
    if typed.tier and typed.tier not in {key for key, _name in await _tiers(session)}:
        form.fail("tier", lazy("Choose one of the options."))
    for name in ("money", "servers", "other"):
        if (getattr(typed, name) or 0) > LARGEST_CENTS:
            form.fail(name, lazy("Look at the amount again: its value in EUR is not possible."))


def _acceptance(typed: AcceptInput, found: Interest) -> Acceptance:
    return Acceptance(
        slug=typed.address or address_from(found.name),
        answer=typed.answer,
        tier=typed.tier,
        ends_at=clock.now() + YEAR if typed.tier else None,
        seats=typed.seats if typed.tier else None,
        money=typed.money,
        hours=typed.hours,
        servers=typed.servers,
        other=typed.other,
        is_here=typed.is_here,
    )


async def _tiers(session: AsyncSession) -> list[tuple[str, str]]:
    found = await tiers_for(session, HolderKind.ORGANISATION)
    return [(tier.key, _(tier.name)) for tier in found if tier.key != FREE and tier.retired_at is None]


async def _page(
    request: Request,
    session: AsyncSession,
    found: Interest,
    status: int = 200,
    *,
    remark: Form[Any] | None = None,
    accepting: Form[Any] | None = None,
    declining: Form[Any] | None = None,
    changes: list[Change] | None = None,
) -> Response:
    said = values_of(found)
    tiers = await _tiers(session)
    typed = accepting.values.get("address", "") if accepting else ""
    namesake = await interest_deciding.namesake(session, found, typed or address_from(found.name))
    offered = {
        "address": namesake.slug if namesake else address_from(found.name),
        "is_here": "yes" if namesake else "",
        "tier": tiers[-1 if found.as_producer else 0][0] if tiers and namesake is None else "",
        "seats": said["hosts"],
        "money": said["offers_cents"],
        "hours": said["offers_hours"],
        "version": said["version"],
    }
    return page(
        request,
        "admin/interest.html",
        status,
        interest=found,
        custodian=await interests.custodian_name(session, found),
        remarks=await interest_deciding.remarks_of(session, found.id),
        is_open=found.state in interests.OPEN,
        tiers=[("", _("No new tier: it keeps what it has, or begins with the free limits")), *tiers],
        namesake=namesake,
        remark=remark or Form(),
        accepting=accepting or Form(values=offered),
        declining=declining or Form(values={"version": said["version"]}),
        changes=changes,
    )


def _back(request: Request, interest_id: int, said: Any) -> Response:
    return go(request, path_of(request, "admin.interest", interest_id=interest_id), say=said)
