"""The landing page, the dashboard, the way to a room by its address, and the operator's colour."""

import re
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator

from app.accounts.access import ACTING, AnyViewer, SignedIn
from app.db import Databased, Reading, Session
from app.home import tiers
from app.home.dashboard import Dashboard
from app.home.dashboard import dashboard as make_dashboard
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.limits import offers
from app.memberships.models import HolderKind, Tier
from app.memberships.refusal_words import amount
from app.rooms.addresses import SHORTEST, address_meant, leads_to
from app.web.browser import YEAR, set_cookie, settings_of
from app.web.forms import Form, Input, Line, Problem, read_form
from app.web.lists import Number, Search
from app.web.pages import go, page, path_of
from app.web.site import theme
from quotas.limits import LimitName, Limits

router = APIRouter()
router.include_router(tiers.router)
ADDRESS_LENGTH = 300
LINK = re.compile(r"/r/([^/?#\s]+)")
SHOWN = (LimitName.MEETING_MINUTES, LimitName.GROUP_SIZE, LimitName.ROOMS, LimitName.STORAGE_BYTES)


def _room_in(text: str) -> str:
    """The address of the room that is meant by a link, by its last part, or by the room's name.

    https://meet.example/r/weekly-assembly, Weekly-Assembly. and “Weekly Assembly” are all weekly-assembly.
    """
    typed = text[:ADDRESS_LENGTH]
    in_link = LINK.search(typed)
    address = address_meant(in_link[1] if in_link else typed)
    if len(address) < SHORTEST:
        raise Problem(lazy("Type the room’s link or its name, like “Weekly Assembly”."))
    return address


class JoinByAddress(Input):
    """Where someone wants to go."""

    address: Annotated[Line, AfterValidator(_room_in)]


@router.get("/", name="home.landing")
async def landing(request: Request, session: Reading, viewer: AnyViewer) -> Response:
    """What this house is; people with an account find it too, to compare the tiers."""
    del viewer
    return await _landing(request, session, Form())


@router.post("/", name="home.join_by_address")
async def join_by_address(request: Request, session: Session) -> Response:
    """To the room of a typed link or name."""
    form = await read_form(request, JoinByAddress)
    if form.value is not None:
        if await leads_to(session, form.value.address) is not None:
            return RedirectResponse(path_of(request, "rooms.show", slug=form.value.address), 303)
        form.fail("address", lazy("We can’t find that room. Check the link or name in your invitation."))
    return await _landing(request, session, form, 422)


@router.get("/rooms", name="home.dashboard")
async def dashboard(
    request: Request,
    database: Databased,
    viewer: SignedIn,
    number: Number = 1,
    search: Search = "",
    holder: Annotated[int | None, Query()] = None,
) -> Response:
    """The viewer's rooms, and what is left of every limit."""
    async with database.reading() as session:
        shown = await make_dashboard(session, viewer, number=number, search=search.strip(), holder=holder)
    if viewer.is_bookkeeper and not (
        viewer.is_operator or shown.rooms.total or search or len(shown.holders) > 1
    ):
        # Who keeps the books and hosts nothing begins there.
        return go(request, path_of(request, "contributions.ledger"))
    if holder is not None and shown.holder == holder and holder != viewer.acting_holder_id:
        # From now on they act for it on this browser, and this very page says so.
        viewer = request.state.viewer = replace(viewer, acting_holder_id=holder)
    response = page(
        request,
        "home/dashboard.html",
        rooms=shown.rooms,
        search=search.strip(),
        meters=shown.left.meters,
        membership={**shown.left.membership, "own": _membership_page(request, shown)},
        storage=shown.left.storage,
        holders=[
            (one.holder_id, _("You") if one.is_own else one.name, f"?holder={one.holder_id}", None)
            for one in shown.holders
        ],
        holder=shown.holder,
        live=path_of(request, "home.events"),
    )
    if holder is not None and shown.holder == holder:
        set_cookie(request, response, ACTING, str(holder), YEAR)
    return response


def _membership_page(request: Request, shown: Dashboard) -> str | None:
    """Where the membership is explained that the dashboard speaks of; hosts who are no admins do not see it."""
    whose = next(one for one in shown.holders if one.holder_id == shown.holder)
    return f"{path_of(request, 'memberships.own')}?holder={shown.holder}" if whose.is_admin else None


@router.get("/theme.css", name="home.theme")
async def colours(request: Request) -> Response:
    """The operator's accent colour, if one is set."""
    return Response(
        theme(settings_of(request).accent),
        media_type="text/css",
        headers={"cache-control": "public, max-age=3600"},
    )


def _what(tier: Tier, limits: Limits) -> str:
    """What a tier gives, in a few short sentences."""
    said = [amount(name, limits.of(name)) for name in SHOWN]
    if tier.kind == HolderKind.ORGANISATION:
        said.append(_("Rooms and space are counted for each host."))
    return " ".join(said)


async def _landing(
    request: Request, session: Session, form: Form[JoinByAddress], status: int = 200
) -> Response:
    shown = [
        {
            "name": _(tier.name),
            "who": _(tier.how_to_get),
            "what": _what(tier, limits),
        }
        for tier, limits in (await offers(session)).values()
    ]
    return page(request, "home/landing.html", status, form=form, tiers=shown)
