"""Joining in: an organisation says that it wants to, and follows what becomes of it by its link."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import rates
from app.db import Databased, Session
from app.errors import TooManyError
from app.i18n import lazy, spoken
from app.joining import interest_mails, interests
from app.joining.interest_schemas import ApplyInput, CorrectInput, values_of
from app.web import spam
from app.web.forms import Form, read_form
from app.web.lists import Number
from app.web.pages import go, page, path_of
from app.web.rate_limits import Rate
from app.web.versions import Change, changed_meanwhile

router = APIRouter()

FROM_HERE = Rate("interest", 10, timedelta(hours=1))
ABOUT_ADDRESS = Rate("interest_mail", 3, timedelta(hours=24))
SENT_ALREADY = lazy(
    "This form was sent already: look into your mail. To send one more, send it again in a moment."
)


@router.get("/join-us", name="joining.new")
async def new(request: Request, session: Session) -> Response:
    """The form."""
    return await _form(request, session, Form())


@router.post("/join-us", name="joining.express")
async def express(request: Request, database: Databased) -> Response:
    """Keep it, and send a mail to the address that was typed."""
    form = await read_form(request, ApplyInput)
    if form.value is not None:
        typed = form.value
        if (why := spam.objection(request, typed.topic, typed.shown, typed.texts())) is not None:
            form.fail("", why)
    async with database.transaction() as session:
        await interests.check_custodian(session, form)
        if form.value is None:
            return await _form(request, session, form, 422)
    tries = rates.from_here(request, FROM_HERE), rates.to_address(ABOUT_ADDRESS, form.value.email)
    try:
        await rates.count(database, request, *tries)
    except TooManyError as error:
        async with database.transaction() as session:
            response = await _form(request, session, form.fail("", error.message), error.status)
        response.headers.update(error.headers())
        return response
    async with database.transaction() as session:
        if not await spam.is_new(session, request, form.value.shown):
            form.fail("", SENT_ALREADY)
            form.values = {**form.values, "shown": ""}
            return await _form(request, session, form, 409)
        token = await interests.express(session, form.value, spoken())
        await interest_mails.send_confirmation(session, request, form.value.email, spoken(), token)
    return go(request, path_of(request, "joining.sent"))


@router.get("/join-us/sent", name="joining.sent")
async def sent(request: Request) -> Response:
    """Look into your mail."""
    return page(request, "joining/sent.html")


@router.get("/members-and-friends", name="joining.members")
async def members(request: Request, session: Session, number: Number = 1) -> Response:
    """The public table of those who agreed to stand in it."""
    return page(request, "joining/members.html", found=await interests.public_table(session, number))


@router.get("/join-us/{token}", name="joining.show")
async def show(request: Request, session: Session, token: str) -> Response:
    """How far it is; before it is confirmed, one button: programs that look into mails press nothing."""
    interest = await interests.by_token(session, token)
    custodian = await interests.custodian_name(session, interest)
    return page(request, "joining/show.html", token=token, interest=interest, custodian=custodian)


@router.post("/join-us/{token}/confirm", name="joining.confirm")
async def confirm(request: Request, session: Session, token: str) -> Response:
    """Let the operators see it."""
    interest = await interests.by_token(session, token, lock=True)
    if await interests.confirm(session, interest):
        await interest_mails.tell_operators(session, request, interest)
    return _back(request, token, lazy("Confirmed. The operators see it now."))


@router.get("/join-us/{token}/correct", name="joining.edit")
async def edit(request: Request, session: Session, token: str) -> Response:
    """The form with what was said."""
    interest = await interests.by_token(session, token)
    if interest.state not in interests.OPEN:
        raise interests.DecidedError
    return await _form(request, session, Form(values=values_of(interest)), token=token)


@router.post("/join-us/{token}/correct", name="joining.correct")
async def correct(request: Request, session: Session, token: str) -> Response:
    """Say something else."""
    interest = await interests.by_token(session, token, lock=True)
    form = await read_form(request, CorrectInput)
    if interest.state not in interests.OPEN:
        # Decided while they typed: their words stay on the page, for a mail to the operators.
        form.fail("", interests.DecidedError.message)
        return await _form(request, session, form, 409, token=token)
    await interests.check_custodian(session, form)
    changes = changed_meanwhile(form, interest.version, values_of(interest))
    if form.value is None:
        status = 422 if changes is None else 409
        return await _form(request, session, form, status, token=token, changes=changes)
    await interests.correct(session, interest, form.value)
    return _back(request, token, lazy("Saved."))


@router.post("/join-us/{token}/public", name="joining.public")
async def public(request: Request, session: Session, token: str) -> Response:
    """Agree to stand in the public table, or no longer."""
    interest = await interests.by_token(session, token, lock=True)
    await interests.set_public(session, interest, is_public=not interest.is_public)
    said = (
        lazy("It may stand in the public table.")
        if interest.is_public
        else lazy("It no longer stands in the public table.")
    )
    return _back(request, token, said)


@router.get("/join-us/{token}/withdraw", name="joining.withdraw")
async def ask_withdraw(request: Request, session: Session, token: str) -> Response:
    """Asks first: it is deleted."""
    interest = await interests.by_token(session, token)
    return page(request, "joining/withdraw.html", token=token, interest=interest)


@router.post("/join-us/{token}/withdraw", name="joining.withdrawn")
async def withdraw(request: Request, session: Session, token: str) -> Response:
    """Delete it."""
    await interests.withdraw(session, await interests.by_token(session, token, lock=True))
    said = lazy("It is withdrawn, and what you told us is deleted.")
    return go(request, path_of(request, "home.landing"), say=said)


async def _form(
    request: Request,
    session: AsyncSession,
    form: Form[Any],
    status: int = 200,
    *,
    token: str | None = None,
    changes: list[Change] | None = None,
) -> Response:
    producers = [
        ("", lazy("none")),
        *((str(number), name) for number, name in await interests.co_producers(session)),
    ]
    # A form that was shown long enough ago keeps its moment: sent again, it is not too quick.
    known = form.values.get("shown")
    return page(
        request,
        "joining/form.html",
        status,
        form=form,
        token=token,
        changes=changes,
        co_producers=producers,
        shown=known if known and spam.is_ours(request, known) else spam.shown_now(request),
    )


def _back(request: Request, token: str, said: Any) -> Response:
    return go(request, path_of(request, "joining.show", token=token), say=said)
