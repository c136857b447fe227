"""The list of recordings that someone manages, a holder at a time, with what is left of the storage."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from app.accounts.access import SignedIn, Viewer
from app.db import Reading
from app.i18n import gettext as _
from app.memberships.limits import standing_of
from app.memberships.storage_notice import removal_and_excess
from app.recordings.page_parts import row_of, storage_of
from app.recordings.queries import Held, Shown, Sort, WantedPage, held_by, managed_recordings
from app.rooms.access import acts_for
from app.web.lists import Number, Search
from app.web.pages import page, path_of

router = APIRouter()


@router.get("/recordings", name="recordings.index")
async def index(
    request: Request,
    session: Reading,
    viewer: SignedIn,
    number: Number = 1,
    search: Search = "",
    sort: Sort = Sort.NEWEST,
    shown: Shown = Shown.KEPT,
    holder: Annotated[int | None, Query()] = None,
) -> Response:
    """A fixed number of statements, however many recordings there are."""
    mine = await acts_for(session, viewer)
    held = await held_by(session, viewer, mine)
    one = _whose(holder, held, viewer)
    wanted = WantedPage(one.holder_id, number, search.strip(), sort, shown)
    found = await managed_recordings(session, viewer, mine, wanted, _known_total(wanted, one))
    standing = await standing_of(session, one.holder_id)
    removal, over_since = await removal_and_excess(session, one.holder_id)
    return page(
        request,
        "recordings/index.html",
        recordings=found,
        rows=[row_of(request, row, removal, own_name=viewer.name) for row in found.items],
        storage=await storage_of(session, standing, one, removal, over_since),
        held=one,
        holders=[_tab(request, each, viewer) for each in held.values()],
        filters={"search": wanted.search, "sort": str(sort), "shown": str(shown)},
        in_trash=shown is Shown.TRASH,
        live=path_of(request, "home.events"),
    )


def _whose(asked: int | None, held: Mapping[int, Held], viewer: Viewer) -> Held:
    """Whose recordings are shown: as asked, else the viewer's own, else the first that has any."""
    if asked is not None and asked in held:
        return held[asked]
    own = held[viewer.holder_id]
    return own if own.kept else next((one for one in held.values() if one.kept), own)


def _known_total(wanted: WantedPage, held: Held) -> int | None:
    """How many there are, where counting them once is enough."""
    if wanted.search:
        return None
    return {Shown.KEPT: held.kept, Shown.TRASH: held.trashed}.get(wanted.shown)


def _tab(request: Request, held: Held, viewer: Viewer) -> tuple[Any, ...]:
    name = _("You") if held.holder_id == viewer.holder_id else held.name
    href = f"{path_of(request, 'recordings.index')}?holder={held.holder_id}"
    return held.holder_id, name, href, held.kept
