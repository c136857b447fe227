"""Making, changing and deleting rooms in the browser."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import SignedIn, Verified, Viewer
from app.db import Session
from app.i18n import gettext as _
from app.i18n import lazy
from app.memberships.limits import standings
from app.rooms.access import acts_for, hosted_room
from app.rooms.models import Room
from app.rooms.schemas import RoomInput, suggested_code
from app.rooms.service import (
    AddressTakenError,
    change_room,
    create_room,
    delete_room,
    people_in,
    recordings_in,
)
from app.web.browser import settings_of
from app.web.forms import Form, read_form
from app.web.pages import address_of, go, page, path_of

router = APIRouter()


@router.get("/rooms/new", name="rooms.new")
async def new(request: Request, session: Session, viewer: Verified) -> Response:
    """The form for a new room."""
    values = {"holder_id": str(viewer.acting.holder_id)} if viewer.acting else {}
    return await _form_page(request, session, viewer, None, Form(values=values))


@router.post("/rooms/new", name="rooms.create")
async def create(request: Request, session: Session, viewer: Verified) -> Response:
    """Make the room."""
    form = await read_form(request, RoomInput)
    if form.value is not None:
        try:
            # A savepoint: an address that is taken leaves nothing behind of the attempt.
            async with session.begin_nested():
                room = await create_room(session, viewer, form.value)
        except AddressTakenError as error:
            form.fail("address", error.message)
        else:
            return go(
                request,
                path_of(request, "rooms.show", slug=room.slug),
                say=lazy("The room is ready. Send its link to the people you want to meet."),
            )
    return await _form_page(request, session, viewer, None, form, 422)


@router.get("/r/{slug}/settings", name="rooms.edit")
async def edit(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """The form for a room that is there."""
    room = await hosted_room(session, slug, viewer)
    return await _form_page(request, session, viewer, room, Form(values=_values(room)))


@router.post("/r/{slug}/settings", name="rooms.change")
async def change(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Change the room."""
    room = await hosted_room(session, slug, viewer)
    form = await read_form(request, RoomInput)
    if form.value is not None:
        try:
            await change_room(session, room, form.value)
        except AddressTakenError as error:
            form.fail("address", error.message)
        else:
            return go(request, path_of(request, "rooms.show", slug=room.slug), say=lazy("Saved."))
    return await _form_page(request, session, viewer, room, form, 422)


@router.get("/r/{slug}/delete", name="rooms.delete")
async def ask_to_delete(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Ask before a room is deleted."""
    room = await hosted_room(session, slug, viewer)
    told = {
        "name": room.name,
        "slug": room.slug,
        "address": address_of(request, "rooms.show", slug=room.slug),
    }
    return page(
        request,
        "rooms/delete.html",
        room=told,
        people=await people_in(session, room.id),
        recordings=await recordings_in(session, room.id),
    )


@router.post("/r/{slug}/delete", name="rooms.deleted")
async def delete(request: Request, session: Session, viewer: SignedIn, slug: str) -> Response:
    """Delete the room."""
    room = await hosted_room(session, slug, viewer)
    await delete_room(session, room)
    return go(request, path_of(request, "home.dashboard"), say=lazy("The room is deleted."))


async def _form_page(
    request: Request,
    session: AsyncSession,
    viewer: Viewer,
    room: Room | None,
    form: Form[Any],
    status: int = 200,
) -> Response:
    mine = await acts_for(session, viewer)
    holders = [(str(holder.holder_id), holder.name) for holder in mine]
    return page(
        request,
        "rooms/edit.html",
        status,
        room=room,
        form=form,
        prefix=settings_of(request).public_url.split("://", 1)[1] + "/r/",
        suggested_code=suggested_code(),
        holders=[] if room else holders,
        recording=await _no_recording(session, room.holder_id if room else viewer.holder_id, len(holders)),
    )


async def _no_recording(session: AsyncSession, holder_id: int, holders: int) -> str | None:
    """The sentence why recording is off, None if it is not, or if another holder can still be chosen."""
    standing = (await standings(session, [holder_id]))[holder_id]
    if standing.limits.storage_bytes != 0 or holders > 1:
        return None
    return _("Recording is not part of the tier “%(tier)s”.", tier=_(standing.tier_name))


def _values(room: Room) -> dict[str, str]:
    ticked = {name: "yes" for name in ("lobby", "record") if getattr(room, name)}
    return {
        "name": room.name,
        "address": room.slug,
        "description": room.description,
        "access_code": room.access_code,
        "who_may_start": room.who_may_start,
        "recording_visibility": room.recording_visibility,
        "recording_days": "" if room.recording_days is None else str(room.recording_days),
        **ticked,
    }
