"""The hosts of an organisation: the list, and one host's role, share, suspension and end."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import wording
from app.accounts.access import SignedIn, Viewer
from app.db import Session
from app.errors import NotFoundError
from app.i18n import Text, lazy, ngettext
from app.i18n import gettext as _
from app.memberships.limits import Standing, hold, standing_of
from app.organisations.access import Place, administered, managed
from app.organisations.hosts import Host, find_host, list_hosts, open_invitations, others, with_space
from app.organisations.leaving import HeirNeededError, heir_of, left_behind, let_go
from app.organisations.schemas import LeaveInput, RoleInput, ShareInput
from app.organisations.service import LastAdminError, change_role, resume_host, suspend_host
from app.organisations.shares import Given, Wish, give_share, share_out_rest, shared_out
from app.web.forms import Form, read_form
from app.web.lists import Number, Search, tidy
from app.web.pages import go, page, path_of
from app.web.versions import Change
from quotas.limits import GIGABYTE

router = APIRouter(prefix="/organisations/{slug}/hosts")
log = structlog.get_logger()
ONE = "/{user_id:int}"
Found = tuple[Place, Standing, Host]


class NoHostError(NotFoundError):
    """Nobody of that number hosts for it: perhaps another admin was faster."""

    code = "no_host"
    title = lazy("They do not host for it")
    message = lazy(
        "Somebody else may have removed them, or they have left. The list of hosts says who is there."
    )


@router.get("", name="organisations.hosts")
async def index(
    request: Request, session: Session, viewer: SignedIn, slug: str, search: Search = "", number: Number = 1
) -> Response:
    """All hosts, 50 a page."""
    place = await administered(session, slug, viewer)
    standing = await standing_of(session, place.organisation.holder_id)
    search = tidy(search)
    return page(
        request,
        "organisations/hosts.html",
        place=place,
        standing=standing,
        search=search,
        hosts=await list_hosts(session, place.organisation, standing, search=search, number=number),
        sum=await shared_out(session, standing),
        open=await open_invitations(session, place.organisation.id),
    )


@router.post("/share-out", name="organisations.share_out")
async def share_out(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Give the space that nobody has yet to all hosts, in equal parts."""
    place = await managed(session, slug, viewer)
    part = await share_out_rest(session, place.organisation)
    path = path_of(request, "organisations.hosts", slug=slug)
    if part is None:
        return go(request, path, say=lazy("Nothing is left that could be shared out."), kind="warn")
    log.info("organisation.shared_out", by=viewer.id, organisation=place.organisation.id, part=part)
    return go(request, path, say=lazy("Each host has %(size)s more.", size=wording.size(part)))


@router.get(ONE, name="organisations.host")
async def show(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """One host."""
    seen = await administered(session, slug, viewer)
    place, standing, host = await _find(session, seen, user_id)
    return await _page(request, session, place, standing, host, {})


@router.post(ONE + "/role", name="organisations.change_role")
async def role(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Make a host an admin, or an admin a host."""
    place, standing, host = await _held(session, slug, viewer, user_id)
    form = await read_form(request, RoleInput)
    changes = await _changed(session, (place, standing, host), form, "role")
    if form.value is not None:
        try:
            await change_role(session, place.organisation, user_id, form.value.role)
        except LastAdminError as error:
            form.fail("role", error.message)
        else:
            return _done(request, viewer, place, user_id, "role", lazy("Saved."))
    status = 422 if changes is None else 409
    return await _page(request, session, place, standing, host, {"role": form}, status, changes=changes)


@router.post(ONE + "/share", name="organisations.change_share")
async def share(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Give a host another share of the storage."""
    place, standing, host = await _held(session, slug, viewer, user_id)
    form = await read_form(request, ShareInput)
    changes = await _changed(session, (place, standing, host), form, "share")
    confirm = False
    if form.value is not None:
        wish = Wish(user_id, form.value.share, form.value.sure, form.value.other)
        given = await give_share(session, place.organisation, wish)
        if given.is_kept:
            return _done(request, viewer, place, user_id, "share", lazy("The share is saved."))
        confirm = given.uses is not None
        form.fail("share", why_not(given, _("Tick the box if you want it so.")))
    status, forms = 422 if changes is None else 409, {"share": form}
    return await _page(
        request, session, place, standing, host, forms, status, confirm=confirm, changes=changes
    )


@router.post(ONE + "/suspend", name="organisations.suspend")
async def suspend(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Keep a host from acting for it."""
    place, _standing, host = await _held(session, slug, viewer, user_id)
    try:
        await suspend_host(session, place.organisation, user_id)
    except LastAdminError as error:
        return _back(request, place, user_id, error.message, kind="bad")
    said = lazy("%(name)s is suspended. Rooms and recordings stay.", name=host.row.name)
    return _done(request, viewer, place, user_id, "suspended", said)


@router.post(ONE + "/resume", name="organisations.resume")
async def resume(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Let them act again."""
    place, _standing, host = await _held(session, slug, viewer, user_id)
    await resume_host(session, place.organisation, user_id)
    return _done(
        request, viewer, place, user_id, "resumed", lazy("%(name)s may host again.", name=host.row.name)
    )


@router.get(ONE + "/remove", name="organisations.confirm_removal")
async def confirm_removal(
    request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int
) -> Response:
    """Say what becomes of their rooms and recordings, and ask."""
    place, _standing, host = await _find(session, await administered(session, slug, viewer), user_id)
    return await _removal_page(request, session, place, host, Form())


@router.post(ONE + "/remove", name="organisations.remove_host")
async def remove(request: Request, session: Session, viewer: SignedIn, slug: str, user_id: int) -> Response:
    """Remove a host; what was theirs goes to whom the admin chose."""
    place, _standing, host = await _held(session, slug, viewer, user_id)
    form = await read_form(request, LeaveInput)
    if form.value is not None:
        try:
            heir = await heir_of(session, form.value.heir_email, form.value.heir)
            left = await let_go(session, place.organisation, user_id, heir)
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
    return await _removal_page(request, session, place, host, form, 422)


async def _held(session: AsyncSession, slug: str, viewer: Viewer, user_id: int) -> Found:
    """The host under the holder's lock, for changing something."""
    return await _find(session, await managed(session, slug, viewer), user_id)


async def _find(session: AsyncSession, place: Place, user_id: int) -> Found:
    standing = await standing_of(session, place.organisation.holder_id)
    host = await find_host(session, place.organisation, standing, user_id) if user_id < 2**63 else None
    if host is None:
        raise NoHostError
    return place, standing, host


def _shown(host: Host) -> dict[str, str]:
    """What the forms show of a host."""
    share = host.row.storage_share
    typed = "" if share is None else f"{share / GIGABYTE:.9f}".rstrip("0").rstrip(".")
    return {"role": host.row.role, "share": typed}


async def _changed(session: AsyncSession, found: Found, form: Form[Any], name: str) -> list[Change] | None:
    """What another admin has changed since the form was shown, read under the lock; None: nothing, or to the same."""
    place, standing, seen = found
    await hold(session, place.organisation.holder_id)
    host = await find_host(session, place.organisation, standing, seen.row.user_id)
    if host is None:
        raise NoHostError
    now, typed = _shown(host)[name], form.values.get(name, "")
    if form.value is None or now in (form.values.get("was", now), typed):
        return None
    form.value, form.values = None, {**form.values, "was": now}
    return [Change(name, str(_SAID.get(now, now)), typed)]


_SAID = {"admin": lazy("Admin"), "host": lazy("Host"), "": lazy("what the tier says")}


def why_not(given: Given, how: Text) -> Text:
    """Why a share is not given; `how`: the sentence that says how to give it although more is used."""
    if given.lacks is not None:
        return _(
            "The other host has %(size)s to give. Choose somebody else, or less.",
            size=wording.size(given.lacks),
        )
    if given.above is not None:
        return _(
            "That would be %(given)s for all hosts together; there are %(limit)s. Give another host less first.",
            given=_("no end") if given.above.given is None else wording.size(given.above.given),
            limit=wording.size(given.above.limit or 0),
        )
    return _(
        "%(name)s uses %(used)s, which is more. What is there stays, and they record nothing until there is space. "
        "%(how)s",
        name=given.user,
        used=wording.size(given.uses or 0),
        how=how,
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
    changes: list[Change] | None = None,
) -> Response:
    fresh = {name: Form[Any](values={name: now, "was": now}) for name, now in _shown(host).items()}
    total = await shared_out(session, standing)
    return page(
        request,
        "organisations/host.html",
        status,
        place=place,
        standing=standing,
        host=host,
        role_form=forms.get("role", fresh["role"]),
        share_form=forms.get("share", fresh["share"]),
        changes=changes,
        confirm=confirm,
        sum=total,
        others=[] if total.limit is None else await with_space(session, standing, host.row.user_id),
    )


async def _removal_page(
    request: Request, session: AsyncSession, place: Place, host: Host, form: Form[Any], status: int = 200
) -> Response:
    return page(
        request,
        "organisations/remove_host.html",
        status,
        place=place,
        host=host,
        form=form,
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
