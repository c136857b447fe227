"""/recordings: list, show, change, trash, restore, for those who manage them; nobody else is told of them."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import Viewer
from app.accounts.scopes import Scope
from app.api import answers, bodies
from app.api.errors import WITH_BODY, fails_with
from app.api.gate import Caller, GuardedRoute, needs
from app.api.recording_answers import Recording, Recordings
from app.api.rooms import PageNumber
from app.db import Session
from app.errors import NotFoundError
from app.i18n import marked as _
from app.recordings import models, queries, service
from app.recordings.queries import Shown, Sort, WantedPage
from app.rooms.access import acts_for
from app.rooms.models import Visibility
from app.web.pagination import PAGE_SIZE

router = APIRouter(prefix="/recordings", route_class=GuardedRoute, tags=[_("Recordings")])

Key = Annotated[str, Path(description=_("The last part of the recording’s link."))]


@router.get(
    "",
    name="api.list_recordings",
    dependencies=needs(Scope.READ),
    summary=_("List recordings"),
    description=_("The recordings that you manage, of yourself and of organisations whose admin you are."),
    response_description=_("One page of recordings."),
)
async def list_recordings(
    request: Request,
    session: Session,
    caller: Caller,
    number: PageNumber = 1,
    search: Annotated[
        str, Query(max_length=100, description=_("Only recordings with this in their name or their room’s."))
    ] = "",
    sort: Annotated[Sort, Query(description=_("The order of the list."))] = Sort.NEWEST,
    shown: Annotated[
        Shown, Query(description=_("Which: all that are kept, those in one state, or those in the trash."))
    ] = Shown.KEPT,
    holder_id: Annotated[int | None, Query(description=_("Only those of this holder."))] = None,
) -> Recordings:
    """One page of what the caller manages."""
    mine = await acts_for(session, caller)
    wanted = WantedPage(holder_id, number, search.strip(), sort, shown, PAGE_SIZE)
    found = await queries.managed_recordings(session, caller, mine, wanted)
    return Recordings(items=[Recording.of(request, row) for row in found.items], **answers.figures(found))


@router.get(
    "/{key}",
    name="api.show_recording",
    dependencies=needs(Scope.READ),
    summary=_("Show a recording"),
    description=_("One recording that you manage, with where its formats are played."),
    response_description=_("The recording."),
    responses=fails_with(404),
)
async def show(request: Request, session: Session, caller: Caller, key: Key) -> Recording:
    """One recording for those who manage it."""
    return Recording.of(request, await _managed(session, key, caller))


@router.patch(
    "/{key}",
    name="api.change_recording",
    dependencies=needs(Scope.ROOMS),
    summary=_("Change a recording"),
    description=_("The fields that are sent are changed, the others stay."),
    response_description=_("The recording as it is now."),
    responses=WITH_BODY | fails_with(404, 409),
)
async def change(
    request: Request, session: Session, caller: Caller, key: Key, body: bodies.RecordingChange
) -> Recording:
    """Change what is sent by the same service as the page, keep the rest."""
    found = await _managed(session, key, caller)
    kept = {
        "name": found.name,
        "visibility": Visibility(found.visibility),
        "keep_days": found.keep_days,
        "hidden": {one.type for one in found.formats if one.hidden},
    }
    wanted = kept | body.model_dump(exclude_unset=True)
    await service.change_recording(session, await _row(session, found), **wanted)
    return Recording.of(request, await _managed(session, key, caller))


@router.delete(
    "/{key}",
    name="api.delete_recording",
    dependencies=needs(Scope.ROOMS),
    status_code=204,
    summary=_("Move a recording to the trash"),
    description=_("From now on nobody can play it. It counts until it is deleted for good, 7 days later."),
    response_description=_("It is in the trash."),
    responses=fails_with(404, 409),
)
async def trash(session: Session, caller: Caller, key: Key) -> None:
    """To the trash by the same service as the page."""
    await service.trash_recording(session, await _row(session, await _managed(session, key, caller)))


@router.post(
    "/{key}/restore",
    name="api.restore_recording",
    dependencies=needs(Scope.ROOMS),
    summary=_("Take a recording back"),
    description=_("Out of the trash, as it was before."),
    response_description=_("The recording."),
    responses=fails_with(404, 409),
)
async def restore(request: Request, session: Session, caller: Caller, key: Key) -> Recording:
    """Out of the trash by the same service as the page."""
    await service.restore_recording(session, await _row(session, await _managed(session, key, caller)))
    return Recording.of(request, await _managed(session, key, caller))


async def _managed(session: AsyncSession, key: str, caller: Viewer) -> Any:
    found = await queries.recording_at(session, key, caller)
    if found is None or not found.manages:
        raise NotFoundError
    return found


async def _row(session: AsyncSession, found: Any) -> models.Recording:
    return await session.get_one(models.Recording, found.id)
