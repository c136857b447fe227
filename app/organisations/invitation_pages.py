"""Inviting hosts: by one address or a list of a thousand, looked at before it is sent; again, and taken back."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import SignedIn
from app.db import Session
from app.errors import TooManyError
from app.i18n import lazy, ngettext
from app.memberships.limits import standing_of
from app.organisations import invitations
from app.organisations.access import Place, administered, managed
from app.organisations.address_list import TooManyLinesError, addresses_in
from app.organisations.hosts import open_invitations
from app.organisations.invitation_report import Line, Outcome, report
from app.organisations.invitations import Post
from app.organisations.schemas import InviteInput
from app.web import rate_limits
from app.web.forms import Form, read_form, uploaded
from app.web.lists import Number
from app.web.pages import address_of, go, page, path_of
from app.web.rate_limits import Rate
from quotas.contributions import suggested

router = APIRouter(prefix="/organisations/{slug}/invitations")
ONE = "/{invitation_id:int}"

# An organisation invites its hosts, it does not write to the world; one person is not written to over and over.
INVITED = Rate("organisation_invites", 20, timedelta(hours=1))
SENT_AGAIN = Rate("invitation_again", 3, timedelta(days=1))
WORDS = {
    Outcome.INVITED: lazy("Gets an invitation"),
    Outcome.HOSTS: lazy("Hosts already"),
    Outcome.OPEN: lazy("Is invited already"),
    Outcome.TWICE: lazy("Stands above already"),
    Outcome.OFTEN: lazy("Was invited three times today"),
    Outcome.INVALID: lazy("Not an e-mail address"),
    Outcome.NO_SEAT: lazy("No seat left"),
}


@router.get("", name="organisations.invitations")
async def index(
    request: Request, session: Session, viewer: SignedIn, slug: str, number: Number = 1
) -> Response:
    """Who is invited, and the form."""
    place = await administered(session, slug, viewer)
    return await _page(request, session, place, Form(), number=number)


@router.post("", name="organisations.look_at_invitations")
async def look(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """What would become of each line; nothing is sent yet."""
    place = await administered(session, slug, viewer)
    form, typed = await _typed(request)
    if form.value is None:
        return await _page(request, session, place, form, status=422)
    standing = await standing_of(session, place.organisation.holder_id)
    lines = await report(session, standing, place.organisation, typed)
    return _report(request, place, form.value.role, lines)


@router.post("/change", name="organisations.change_list")
async def change_list(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Back from the report to the form, with every line that was typed or in the file."""
    place = await administered(session, slug, viewer)
    form = await read_form(request, InviteInput)
    return await _page(request, session, place, form, status=200 if form.value else 422)


@router.post("/send", name="organisations.invite")
async def send(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Send what was looked at, as a whole; if something has changed since, it is shown again."""
    place = await managed(session, slug, viewer)
    form, typed = await _typed(request)
    if form.value is None:
        return await _page(request, session, place, form, status=422)
    await rate_limits.check(session, request, INVITED, str(place.organisation.id))
    lines, is_sent = await invitations.invite(
        session,
        post_of(request),
        place.organisation,
        typed,
        role=form.value.role,
        by=viewer.id,
        expected=len(typed),
    )
    if not is_sent:
        return _report(request, place, form.value.role, lines, 409)
    await rate_limits.spend(session, request, INVITED, str(place.organisation.id))
    said = ngettext(
        "One invitation is on its way. It holds for 14 days.",
        "%(num)s invitations are on their way. They hold for 14 days.",
        len(typed),
    )
    return _back(request, place, said)


@router.post(ONE + "/resend", name="organisations.resend_invitation")
async def resend(
    request: Request, session: Session, viewer: SignedIn, slug: str, invitation_id: int
) -> Response:
    """Send one again; the link of the first mail ends."""
    place = await managed(session, slug, viewer)
    try:
        await rate_limits.check(session, request, SENT_AGAIN, str(invitation_id))
    except TooManyError:
        return _back(request, place, lazy("It was sent three times today. Wait a day."), kind="warn")
    post, organisation = post_of(request), place.organisation
    if not await invitations.resend(session, post, organisation, invitation_id, by=viewer.id):
        return _back(request, place, lazy("It has run out, and no seat is left for it."), kind="bad")
    await rate_limits.spend(session, request, SENT_AGAIN, str(invitation_id))
    return _back(request, place, lazy("The invitation is on its way again, with a new link."))


@router.post(ONE + "/withdraw", name="organisations.withdraw_invitation")
async def withdraw(
    request: Request, session: Session, viewer: SignedIn, slug: str, invitation_id: int
) -> Response:
    """Take one back."""
    place = await managed(session, slug, viewer)
    await invitations.withdraw(session, place.organisation, invitation_id)
    return _back(request, place, lazy("The invitation is taken back; its link no longer works."))


async def _typed(request: Request) -> tuple[Form[InviteInput], list[str]]:
    """The form, and the addresses in what was typed and in the file."""
    form = await read_form(request, InviteInput)
    if form.value is None:
        return form, []
    found = await uploaded(request, "file")
    text = form.value.emails
    if found is not None:
        try:
            text += "\n" + found.decode("utf-8-sig")
        except UnicodeDecodeError:
            return form.fail("file", lazy("This is not a text file. Save the list as CSV in UTF-8.")), []
    try:
        typed = addresses_in(text)
    except TooManyLinesError as error:
        return form.fail("emails", error.message), []
    if not typed:
        return form.fail("emails", lazy("Type at least one e-mail address, or choose a file.")), []
    return form, typed


def _report(request: Request, place: Place, role: str, lines: list[Line], status: int = 200) -> Response:
    chosen = [line.typed for line in lines if line.outcome is Outcome.INVITED]
    return page(
        request,
        "organisations/report.html",
        status,
        place=place,
        role=role,
        lines=lines,
        words=WORDS,
        chosen=chosen,
        counts={one: sum(line.outcome is one for line in lines) for one in Outcome},
    )


async def _page(
    request: Request,
    session: AsyncSession,
    place: Place,
    form: Form[Any],
    *,
    number: int = 1,
    status: int = 200,
) -> Response:
    standing = await standing_of(session, place.organisation.holder_id)
    waiting = await open_invitations(session, place.organisation.id)
    return page(
        request,
        "organisations/invitations.html",
        status,
        place=place,
        standing=standing,
        form=form,
        open=waiting,
        suggested=suggested(Decimal(standing.hosts + waiting)),
        invitations=await invitations.list_invitations(session, place.organisation.id, number=number),
    )


def post_of(request: Request) -> Post:
    """What invitations are written with."""
    link = address_of(request, "invitations.show", token="TOKEN").replace("TOKEN", "{token}")  # noqa: S106  the token's place in the address
    return Post(request.app.state.mailer, link)


def _back(request: Request, place: Place, said: Any, *, kind: Any = "good") -> Response:
    path = path_of(request, "organisations.invitations", slug=place.organisation.slug)
    return go(request, path, say=said, kind=kind)
