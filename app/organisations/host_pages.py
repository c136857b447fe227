"""The hosts of an organisation: the list, and one host's role, share, suspension and end."""

from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.accounts.access import SignedIn, Viewer
from app.db import Session
from app.errors import NotFoundError
from app.i18n import Text, lazy, ngettext
from app.i18n import gettext as _
from app.memberships.limits import Standing, standing_of
from app.organisations.access import Place, administered
from app.organisations.hosts import Host, find_host, list_hosts, open_invitations, others
from app.organisations.leaving import HeirNeededError, left_behind, let_go
from app.organisations.schemas import LeaveInput, RoleInput, ShareInput
from app.organisations.service import LastAdminError, change_role, resume_host, suspend_host
from app.organisations.shares import Given, Wish, give_share, shares
from app.web.forms import WHITESPACE, Form, read_form
from app.web.pages import go, page, path_of
from quotas.limits import GIGABYTE

router = APIRouter(prefix="/organisations/{slug}/hosts")
log = structlog.get_logger()
Number = Annotated[int, Query(alias="page", ge=1, le=100_000)]
Search = Annotated[str, Query(max_length=100)]
ONE = "/{user_id:int}"


@router.get("", name="organisations.hosts")
async def index(
    request: Request, session: Session, viewer: SignedIn, slug: str, search: Search = "", number: Number = 1
) -> Response:
    """All hosts, 50 a page."""
    place = await administered(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    search = WHITESPACE.sub(" ", search.replace("\0", "")).strip()
    return page(
        request,
        "organisations/hosts.html",
        place=place,
        standing=standing,
        search=search,
        hosts=await list_hosts(session, place.organisation, standing, search=search, number=number),
        sum=(await shares(session, standing)).sum_with(),
        open=await open_invitations(session, place.organisation.id),
    )


@router.get(ONE, name="organisations.host")
async def show(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """One host."""
    place, standing, host = await _find(session, slug, viewer, user_id)
    return await _page(request, session, place, standing, host, {})


@router.post(ONE + "/role", name="organisations.change_role")
async def role(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Make a host an admin, or an admin a host."""
    place, standing, host = await _find(session, slug, viewer, user_id)
    form = await read_form(request, RoleInput)
    if form.value is not None:
        try:
            await change_role(session, place.organisation, user_id, form.value.role)
        except LastAdminError as error:
            form.fail("role", error.message)
        else:
            return _done(request, viewer, place, user_id, "role", lazy("Saved."))
    return await _page(request, session, place, standing, host, {"role": form}, 422)


@router.post(ONE + "/share", name="organisations.change_share")
async def share(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Give a host another share of the storage."""
    place, standing, host = await _find(session, slug, viewer, user_id)
    form = await read_form(request, ShareInput)
    confirm = False
    if form.value is not None:
        wish = Wish(user_id, form.value.share, form.value.sure)
        given = await give_share(session, place.organisation, wish)
        if given.is_kept:
            return _done(request, viewer, place, user_id, "share", lazy("The share is saved."))
        confirm = given.uses is not None
        form.fail("share", _why_not(given))
    return await _page(request, session, place, standing, host, {"share": form}, 422, confirm=confirm)


@router.post(ONE + "/suspend", name="organisations.suspend")
async def suspend(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Keep a host from acting for it."""
    place, _standing, host = await _find(session, slug, viewer, user_id)
    try:
        await suspend_host(session, place.organisation, user_id)
    except LastAdminError as error:
        return _back(request, place, user_id, error.message, kind="bad")
    said = lazy("%(name)s is suspended. Rooms and recordings stay.", name=host.row.name)
    return _done(request, viewer, place, user_id, "suspended", said)


@router.post(ONE + "/resume", name="organisations.resume")
async def resume(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Let them act again."""
    place, _standing, host = await _find(session, slug, viewer, user_id)
    await resume_host(session, place.organisation, user_id)
    return _done(
        request, viewer, place, user_id, "resumed", lazy("%(name)s may host again.", name=host.row.name)
    )


@router.post(ONE + "/remove", name="organisations.remove_host")
async def remove(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Remove a host; what was theirs goes to whom the admin chose."""
    place, standing, host = await _find(session, slug, viewer, user_id)
    form = await read_form(request, LeaveInput)
    if form.value is not None:
        try:
            left = await let_go(session, place.organisation, user_id, form.value.heir)
        except (LastAdminError, HeirNeededError) as error:
            form.fail("heir", error.message)
        else:
            log.info("organisation.host.removed", by=viewer.id, organisation=place.organisation.id)
            said = ngettext(
                "Removed. One room went to someone else.",
                "Removed. %(num)s rooms went to someone else.",
                left.rooms,
            )
            target = "organisations.hosts" if viewer.is_operator or user_id != viewer.id else "home.dashboard"
            return go(
                request,
                path_of(request, target, slug=place.organisation.slug),
                say=said if left.rooms else lazy("Removed."),
            )
    return await _page(request, session, place, standing, host, {"heir": form}, 422)


async def _find(
    session: AsyncSession, slug: str, viewer: Viewer, user_id: int
) -> tuple[Place, Standing, Host]:
    place = await administered(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    host = await find_host(session, place.organisation, standing, user_id) if user_id < 2**63 else None
    if host is None:
        raise NotFoundError
    return place, standing, host


def _why_not(given: Given) -> Text:
    if given.above is not None:
        return _(
            "That would be %(given)s for all hosts together; there are %(limit)s. Give another host less first.",
            given=_("no end") if given.above.given is None else wording.size(given.above.given),
            limit=wording.size(given.above.limit or 0),
        )
    return _(
        "They use %(used)s, which is more. What is there stays, and they record nothing until there is space. "
        "Tick the box if you want it so.",
        used=wording.size(given.uses or 0),
    )


async def _page(
    request: Request,
    session: AsyncSession,
    place: Place,
    standing: Standing,
    host: Host,
    forms: dict[str, Form[Any]],
    status: int = 200,
    *,
    confirm: bool = False,
) -> Response:
    typed = {"role": host.row.role}
    share = host.row.storage_share
    return page(
        request,
        "organisations/host.html",
        status,
        place=place,
        standing=standing,
        host=host,
        role_form=forms.get("role", Form(values=typed)),
        share_form=forms.get(
            "share", Form(values={"share": "" if share is None else f"{share / GIGABYTE:g}"})
        ),
        heir_form=forms.get("heir", Form()),
        confirm=confirm,
        sum=(await shares(session, standing)).sum_with(),
        left=await left_behind(session, place.organisation.holder_id, host.row.user_id),
        heirs=await others(session, place.organisation, host.row.user_id),
    )


def _back(request: Request, place: Place, user_id: int, said: Text, *, kind: Any = "good") -> Response:
    path = path_of(request, "organisations.host", slug=place.organisation.slug, user_id=user_id)
    return go(request, path, say=said, kind=kind)


def _done(request: Request, viewer: Viewer, place: Place, user_id: int, what: str, said: Text) -> Response:
    log.info("organisation.host", what=what, by=viewer.id, organisation=place.organisation.id, person=user_id)
    # An admin who has just made themselves a host sees the page no more.
    if user_id == viewer.id and not viewer.is_operator:
        return go(request, path_of(request, "organisations.show", slug=place.organisation.slug), say=said)
    return _back(request, place, user_id, said)
