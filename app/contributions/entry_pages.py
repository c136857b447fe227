"""Recording an entry, looking at one, and putting a wrong one right."""

from dataclasses import replace
from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.contributions.access import Bookkeeping
from app.contributions.contributors import usual_custodian
from app.contributions.corrections import (
    Falling,
    GrantsWouldFallError,
    NotCorrectableError,
    reverse,
    why_not,
)
from app.contributions.entries import entry_row
from app.contributions.ledger import (
    NoSuchPledgeError,
    PledgeMovedError,
    RecordedAlreadyError,
    find_entry,
    open_cents,
    record,
    today,
)
from app.contributions.ledger_pages import custodian_choices
from app.contributions.membership_telling import tell_of_act
from app.contributions.models import EntryKind, LedgerEntry, What
from app.contributions.readers import Post
from app.contributions.schemas import ContributionInput, CorrectionInput, EntryInput
from app.contributions.typed import entry_of, new_key, values_of
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.memberships.limits import Standing, standing_of
from app.memberships.models import PolicyRow
from app.web.forms import Form, read_form
from app.web.lists import Id
from app.web.pages import address_of, go, page, path_of

router = APIRouter(prefix="/ledger")
log = structlog.get_logger()


@router.get("/new", name="contributions.new")
async def new(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    contributor: Id = None,
    pledge: Id = None,
) -> Response:
    """The form of a new entry; without a contributor, the way to find one."""
    del viewer
    if contributor is None:
        return RedirectResponse(path_of(request, "contributions.find"), 303)
    standing = await standing_of(session, contributor)
    values = {
        "kind": str(EntryKind.CONFIRMATION),
        "what": str(What.MONEY),
        "currency": "EUR",
        "custodian": str(await usual_custodian(session, contributor) or ""),
    }
    promised = await _pledge(session, pledge, standing)
    if promised is not None:
        left = await open_cents(session, promised)
        values |= values_of(promised) | {"amount": f"{left / 100:.2f}", "currency": "EUR", "rate": ""}
        values["left"] = str(left)
    values |= {"booked_on": today(standing).isoformat(), "note": "", "evidence": "", "once": new_key()}
    return await _new_page(request, session, standing, promised, Form(values=values))


@router.post("/new", name="contributions.record")
async def create(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    contributor: Id = None,
    pledge: Id = None,
) -> Response:
    """Record it, once."""
    standing = await standing_of(session, contributor or 0)
    promised = await _pledge(session, pledge, standing)
    form: Form[Any] = await read_form(request, ContributionInput if promised else EntryInput)
    confirms = promised.id if promised else None
    entry = await entry_of(session, form, standing, EntryKind.CONFIRMATION, confirms)
    if entry is not None and form.value is not None:
        left = form.value.left if promised else None
        try:
            made = (await record(session, entry, viewer.name, left=left)).id
        except RecordedAlreadyError as error:
            if not error.same:
                form.fail("once", error.message)
                form.values = {**form.values, "once": new_key()}
                return await _new_page(request, session, standing, promised, form, 409)
            made = error.entry_id
        except PledgeMovedError as error:
            form.fail("amount", error.message)
            form.values = {**form.values, "left": str(error.left)}
            return await _new_page(request, session, standing, promised, form, 409)
        except NoSuchPledgeError as error:
            form.fail("what", error.message)
            return await _new_page(request, session, standing, promised, form, 409)
        log.info("ledger.recorded", entry=made, by=viewer.id)
        return _to_entry(request, made, lazy("Recorded."))
    return await _new_page(request, session, standing, promised, form, 422)


@router.get("/entries/{entry_id:int}", name="contributions.entry")
async def show(request: Request, session: Session, viewer: Bookkeeping, entry_id: int) -> Response:
    """One entry, with what it confirms, what reverses it, what it earned."""
    del viewer
    row = await entry_row(session, entry_id)
    if row is None:
        raise NotFoundError
    refusal = await why_not(session, row.LedgerEntry)
    left = await open_cents(session, row.LedgerEntry) if row.LedgerEntry.kind == EntryKind.PLEDGE else 0
    return page(request, "contributions/entry.html", row=row, refusal=refusal, left=left)


@router.get("/entries/{entry_id:int}/correct", name="contributions.correct")
async def ask_to_correct(request: Request, session: Session, viewer: Bookkeeping, entry_id: int) -> Response:
    """Say what a correction does, and which grants would fall."""
    entry = await find_entry(session, entry_id)
    if (refusal := await why_not(session, entry)) is not None:
        return _to_entry(request, entry_id, refusal.message, "bad")
    falling = await _falling(session, entry, viewer.name)
    form: Form[Any] = Form(values=values_of(entry) | {"replace": "no", "once": new_key()})
    return await _correct_page(request, session, entry, form, falling)


@router.post("/entries/{entry_id:int}/correct", name="contributions.corrected")
async def correct(request: Request, session: Session, viewer: Bookkeeping, entry_id: int) -> Response:
    """Reverse the entry, and record what is right in its place if that was filled in."""
    entry = await find_entry(session, entry_id)
    form = await read_form(request, CorrectionInput)
    said, instead = form.value, None
    if said is not None and said.replace:
        right: Form[Any] = await read_form(request, ContributionInput)
        standing = await standing_of(session, entry.contributor_id)
        instead = await entry_of(session, right, standing, EntryKind(entry.kind))
        form.errors |= right.errors
    if said is None or (said.replace and instead is None):
        return await _correct_page(request, session, entry, form, [], 422)
    # The right entry has a key of its own beside the correction's.
    if instead is not None:
        instead = replace(instead, once=f"{said.once}.instead")
    try:
        async with session.begin_nested():
            done = await reverse(
                session,
                entry_id,
                said.why,
                viewer.name,
                instead=instead,
                agreed=said.agreed_grants,
                once=said.once,
            )
    except GrantsWouldFallError as error:
        return await _correct_page(request, session, entry, form, error.falling, 409)
    except NotCorrectableError as error:
        # Somebody else was faster: what was typed stays on the page.
        form.fail("why", error.message)
        return await _correct_page(request, session, entry, form, [], 409)
    except RecordedAlreadyError as error:
        return _to_entry(request, error.entry_id, lazy("Corrected."))
    post = Post(request.app.state.mailer, address_of(request, "memberships.own"))
    for ended in done.ended:
        await tell_of_act(session, post, entry.contributor_id, ended)
    log.info("ledger.corrected", entry=entry_id, by=viewer.id, fallen=len(done.fallen))
    return _to_entry(request, (done.instead or done.correction).id, lazy("Corrected."))


async def _falling(session: AsyncSession, entry: LedgerEntry, by: str) -> list[Falling]:
    """What would fall if the entry were reversed and nothing took its place: tried, and undone."""
    trial = await session.begin_nested()
    try:
        await reverse(session, entry.id, "", by)
    except GrantsWouldFallError as error:
        return list(error.falling)
    finally:
        await trial.rollback()
    return []


async def _pledge(session: AsyncSession, number: int | None, standing: Standing) -> LedgerEntry | None:
    if number is None:
        return None
    found = await find_entry(session, number)
    if found.kind != EntryKind.PLEDGE or found.contributor_id != standing.holder_id:
        raise NotFoundError
    return found


async def _new_page(
    request: Request,
    session: AsyncSession,
    standing: Standing,
    promised: LedgerEntry | None,
    form: Form[Any],
    status: int = 200,
) -> Response:
    _keep_key(form)
    return page(
        request,
        "contributions/new.html",
        status,
        standing=standing,
        promised=promised,
        form=form,
        **await _choices(session),
    )


async def _correct_page(
    request: Request,
    session: AsyncSession,
    entry: LedgerEntry,
    form: Form[Any],
    falling: Any,
    status: int = 200,
) -> Response:
    _keep_key(form)
    return page(
        request,
        "contributions/correct.html",
        status,
        row=await entry_row(session, entry.id),
        form=form,
        falling=falling,
        agreed=",".join(str(one.grant_id) for one in falling),
        **await _choices(session),
    )


def _keep_key(form: Form[Any]) -> None:
    """A form that lost its key gets a new one, so that it can be sent again."""
    if "once" in form.errors or not form.values.get("once"):
        form.values = {**form.values, "once": new_key()}


async def _choices(session: AsyncSession) -> dict[str, Any]:
    hour = wording.money((await session.get_one(PolicyRow, 1)).hour_cents)
    return {"custodians": await custodian_choices(session), "hour": hour}


def _to_entry(request: Request, entry_id: int, said: Any, kind: Any = "good") -> Response:
    return go(request, path_of(request, "contributions.entry", entry_id=entry_id), say=said, kind=kind)
