"""The link of an invitation: accept it with an account, or make one with the address that it was sent to."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import passwords, rates, signing_in, zones
from app.accounts.access import AnyViewer, SignedIn, Viewer
from app.accounts.elsewhere import provided_for, refuse_if_elsewhere
from app.accounts.models import User
from app.accounts.schemas import SignUp
from app.accounts.service import AddressTakenError, create_account, find_by_email
from app.db import Databased, Session
from app.i18n import lazy, spoken
from app.organisations.accepting import Asked, OtherAddressError, accept, find_invitation
from app.web.forms import Form, check_form
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/invitations/{token}")
log = structlog.get_logger()


@router.get("", name="invitations.show")
async def show(request: Request, session: Session, viewer: AnyViewer, token: str) -> Response:
    """Who invites, and the one thing to do."""
    return await _page(request, session, await find_invitation(session, token), viewer, token, None)


@router.post("", name="invitations.accept")
async def take(request: Request, session: Session, viewer: SignedIn, token: str) -> Response:
    """Accept it with the account that is signed in, if it was sent to its address."""
    try:
        asked = await accept(session, token, viewer.id, stay_signed_in=viewer.session_id)
    except OtherAddressError as error:
        # The page says what to do then.
        return await _page(
            request, session, await find_invitation(session, token), viewer, token, None, error.status
        )
    return _welcome(request, asked, viewer.id)


@router.post("/sign-up", name="invitations.sign_up")
async def sign_up(request: Request, database: Databased, viewer: AnyViewer, token: str) -> Response:
    """Make the account of the invited address, verified by the link, and accept."""
    async with database.transaction() as session:
        asked = await find_invitation(session, token)
        if viewer is not None or await find_by_email(session, asked.invitation.email) is not None:
            return go(request, path_of(request, "invitations.show", token=token))
        onward = path_of(request, "invitations.show", token=token)
        await refuse_if_elsewhere(session, asked.invitation.email, onward)
    form = await _read(request, asked.invitation.email)
    if form.value is None:
        async with database.transaction() as session:
            return await _page(request, session, asked, None, token, form, 422)
    await rates.count(database, request, rates.from_here(request, rates.SIGN_UPS))
    # No connection is held meanwhile.
    hashed = await passwords.hash_password(form.value.password)
    try:
        async with database.transaction() as session:
            user = await _make(session, form.value, hashed)
            opened = await signing_in.open_on_this_browser(session, request, user)
            await accept(session, token, user.id)
    except AddressTakenError:  # made at this very moment, in another window
        return go(request, path_of(request, "invitations.show", token=token))
    return signing_in.remember(request, _welcome(request, asked, user.id), opened)


async def _make(session: AsyncSession, typed: SignUp, hashed: str) -> User:
    return await create_account(
        session,
        email=typed.email,
        name=typed.name,
        password_hash=hashed,
        language=spoken(),
        time_zone=typed.time_zone,
        verified=True,
    )


async def _read(request: Request, email: str) -> Form[SignUp]:
    """The form of an account, with the address that was invited, whatever else was sent as one."""
    posted = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    return check_form(posted | {"email": email}, SignUp)


async def _page(
    request: Request,
    session: AsyncSession,
    asked: Asked,
    viewer: Viewer | None,
    token: str,
    form: Form[Any] | None,
    status: int = 200,
) -> Response:
    known = viewer is None and await find_by_email(session, asked.invitation.email) is not None
    response = page(
        request,
        "organisations/invitation.html",
        status,
        asked=asked,
        token=token,
        form=form,
        has_account=known,
        provided=await provided_for(session, asked.invitation.email) if viewer is None else None,
        zones=zones.by_part_of_the_world(),
    )
    response.headers["cache-control"] = "no-store"
    return response


def _welcome(request: Request, asked: Asked, user_id: int) -> Response:
    log.info("organisation.accepted", organisation=asked.organisation.id, person=user_id)
    said = lazy("You host for %(organisation)s now.", organisation=asked.name)
    return go(request, path_of(request, "organisations.show", slug=asked.organisation.slug), say=said)
