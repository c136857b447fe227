"""One recording: played by whoever may see it, changed, trashed and restored by those who manage it."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import AnyViewer, SignedIn, SignInNeededError, VerificationNeededError, Viewer
from app.db import Databased, Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.meetings.doors import check_code
from app.memberships.limits import standing_of
from app.recordings import list_pages, page_parts, words
from app.recordings.access import Way, playable, way_in
from app.recordings.codes import knows_code, remember_code
from app.recordings.models import Recording
from app.recordings.playback import PLAYS, fresh_address, has_key
from app.recordings.queries import recording_at
from app.recordings.schemas import CodeInput, RecordingInput
from app.recordings.service import (
    TRASH,
    KeptTooLongError,
    change_recording,
    delete_recording,
    publish_again,
    restore_recording,
    trash_recording,
)
from app.rooms.models import Visibility
from app.servers.pool import BBBServers
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of
from app.web.rate_limits import client_address, spend

router = APIRouter()
router.include_router(list_pages.router)


@router.get("/recordings/{key}", name="recordings.show")
async def show(request: Request, session: Session, viewer: AnyViewer, key: str) -> Response:
    """The recording, for whoever may see it; with its settings for those who manage it."""
    found, way = await _found(request, session, viewer, key)
    if way is Way.CODE:
        return _code_page(request, found, Form())
    return await _page(request, session, found, way, Form(values=_values(found)))


@router.post("/recordings/{key}", name="recordings.change")
async def change(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Change what a host may set."""
    found = await _managed(request, session, viewer, key)
    form = await read_form(request, RecordingInput)
    if form.value is not None:
        try:
            await change_recording(
                session,
                await session.get_one(Recording, found.id),
                **form.value.model_dump(),
                hidden=hidden_in(form, found),
            )
        except KeptTooLongError as error:
            form.fail("keep_days", error.message)
        else:
            return go(request, path_of(request, "recordings.show", key=key), say=lazy("Saved."))
    return await _page(request, session, found, Way.MANAGES, form, 422)


@router.post("/recordings/{key}/publish", name="recordings.publish")
async def publish(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Let it be seen again after it was unpublished by the site."""
    found = await _managed(request, session, viewer, key)
    await publish_again(session, await session.get_one(Recording, found.id))
    return go(request, path_of(request, "recordings.show", key=key), say=lazy("It is published again."))


@router.post("/recordings/{key}/code", name="recordings.code")
async def open_with_code(request: Request, session: Session, viewer: AnyViewer, key: str) -> Response:
    """The room's code, typed by a visitor; wrong ones are counted together with those at the room's door."""
    found, way = await _found(request, session, viewer, key)
    here = path_of(request, "recordings.show", key=key)
    if way is not Way.CODE:
        return go(request, here)
    form = await read_form(request, CodeInput)
    if form.value is None:
        return _code_page(request, found, form, 422)
    if not await check_code(session, request, found, form.value.code, client_address(request)):
        wrong = lazy("This is not the code of this room. It is in your invitation.")
        return _code_page(request, found, form.fail("code", wrong), 422)
    return remember_code(request, go(request, here), found)


@router.get("/recordings/{key}/delete", name="recordings.delete")
async def ask_to_trash(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Ask before a recording is moved to the trash."""
    found = await _managed(request, session, viewer, key)
    if found.trashed_at is not None:
        return go(request, path_of(request, "recordings.show", key=key))
    return page(
        request,
        "recordings/delete.html",
        key=key,
        name=found.name,
        size=words.size_of(found),
        days=TRASH.days,
    )


@router.post("/recordings/{key}/delete", name="recordings.deleted")
async def trash(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Move it to the trash."""
    found = await _managed(request, session, viewer, key)
    await trash_recording(session, await session.get_one(Recording, found.id))
    return go(
        request,
        f"{path_of(request, 'recordings.index')}?holder={found.holder_id}",
        say=lazy("“%(name)s” is in the trash.", name=found.name),
    )


@router.post("/recordings/{key}/restore", name="recordings.restore")
async def restore(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Take it out of the trash."""
    found = await _managed(request, session, viewer, key)
    await restore_recording(session, await session.get_one(Recording, found.id))
    return go(request, path_of(request, "recordings.show", key=key), say=lazy("The recording is back."))


@router.post("/recordings/{key}/erase", name="recordings.erase")
async def erase(request: Request, session: Session, viewer: SignedIn, key: str) -> Response:
    """Delete for good what is in the trash, to make room now."""
    found = await _managed(request, session, viewer, key)
    await delete_recording(session, await session.get_one(Recording, found.id))
    return go(
        request,
        f"{path_of(request, 'recordings.index')}?holder={found.holder_id}&shown=trash",
        say=lazy("It is being deleted. Its space is free when the meeting server has agreed."),
    )


@router.get("/recordings/{key}/{kind}", name="recordings.play")
async def play(
    request: Request, database: Databased, servers: BBBServers, viewer: AnyViewer, key: str, kind: str
) -> Response:
    """To BBB's player or file. The only way by which an address of BBB's leaves this site, asked each time.

    Of a protected recording BBB is asked for the address, and no connection to the database waits for that.
    """
    async with database.transaction() as session:
        found, way = await _found(request, session, viewer, key)
        if way is Way.CODE:
            return go(request, path_of(request, "recordings.show", key=key))
        chosen = next((one for one in playable(found, way) if one.type == kind), None)
        if chosen is None:
            raise NotFoundError
        # What was kept by an older version may have a key that is used up.
        is_fresh = found.protected or has_key(chosen.url)
        if is_fresh:
            await spend(session, request, PLAYS, client_address(request))
    address = await fresh_address(database, servers, found, kind) if is_fresh else chosen.url
    # Who may see it today may not tomorrow: no cache keeps the answer, and BBB is not told the address here.
    return RedirectResponse(address, 303, {"cache-control": "no-store", "referrer-policy": "no-referrer"})


def hidden_in(form: Form[Any], found: Any) -> set[str]:
    """The formats whose box *hide* is ticked. One that came after the page was shown has no box: it stays."""
    return {one.type for one in found.formats if form.values.get(f"hide_{one.type}")}


async def _found(request: Request, session: AsyncSession, viewer: Viewer | None, key: str) -> tuple[Any, Way]:
    """The recording, and how the viewer stands before it. What they may not see is not found."""
    found = await recording_at(session, key, viewer)
    if found is None:
        raise NotFoundError
    way = way_in(found, viewer, knows_code=knows_code(request, found))
    if way is Way.SIGN_IN:
        raise SignInNeededError(path_of(request, "recordings.show", key=key))
    if way is Way.VERIFY:
        raise VerificationNeededError
    if way is Way.CLOSED:
        raise NotFoundError
    return found, way


async def _managed(request: Request, session: AsyncSession, viewer: Viewer, key: str) -> Any:
    """The recording for those who manage it; for everyone else there is nothing here to change."""
    found, way = await _found(request, session, viewer, key)
    if way is not Way.MANAGES:
        raise NotFoundError
    return found


async def _page(
    request: Request, session: AsyncSession, found: Any, way: Way, form: Form[Any], status: int = 200
) -> Response:
    host = None
    if way is Way.MANAGES:
        standing = await standing_of(session, found.holder_id)
        removal = await page_parts.removal_policy(session)
        host = page_parts.host_facts_of(request, found, standing, removal)
    answer = page(
        request,
        "recordings/show.html",
        status,
        recording=page_parts.facts_of(request, found, way),
        host=host,
        form=form,
        options=words.visibility_options(),
    )
    return _unlisted(answer, found)


def _code_page(request: Request, found: Any, form: Form[Any], status: int = 200) -> Response:
    """Nothing of the recording but that it needs a code."""
    return _unlisted(page(request, "recordings/code.html", status, key=found.key, form=form), found)


def _unlisted(answer: Response, found: Any) -> Response:
    if found.visibility != Visibility.PUBLIC:
        answer.headers["x-robots-tag"] = "noindex"
    return answer


def _values(found: Any) -> dict[str, str]:
    hidden = {f"hide_{one.type}": "yes" for one in found.formats if one.hidden}
    days = "" if found.keep_days is None else str(found.keep_days)
    return {"name": found.name, "visibility": found.visibility, "keep_days": days, **hidden}
