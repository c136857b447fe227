"""One server under several addresses: what is on its other rows moves to the one that counts."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db import Database
from app.meetings.models import UNFINISHED, Meeting
from app.recordings.models import Recording
from app.recordings.models import RecordingState as Kept
from app.servers.addresses import is_same_server
from app.servers.models import Server
from app.servers.pool import Servers
from app.settings import Settings
from bbb_client.errors import BBBError
from bbb_client.recording_requests import GetRecordings
from bbb_client.vocabulary import RecordingState

# How many recordings a server is asked for before it is taken for another one's new address.
ASKED_FOR = 20


class RenameRefusedError(Exception):
    """It is not done; its text says why, to an operator at a terminal."""


@dataclass(frozen=True)
class Belongings:
    """What is on a server: meetings that are not over, and recordings that are not gone."""

    meetings: int
    recordings: int


async def belongings_of(session: AsyncSession, server_id: int) -> Belongings:
    """Count what is on a server."""
    meetings = select(func.count()).where(Meeting.server_id == server_id, Meeting.state.in_(UNFINISHED))
    recordings = select(func.count()).where(Recording.server_id == server_id, Recording.state != Kept.GONE)
    return Belongings(await session.scalar(meetings) or 0, await session.scalar(recordings) or 0)


async def rename_server(session: AsyncSession, old: str, new: str) -> Belongings:
    """An operator says that the server at `old` is reached at `new` now: it is the same, with all that is on it.

    Returns what is on it. If meetings were made at `new` already, they move to its row. Raises RenameRefusedError if
    there is nothing to say. Processes learn of it within half a minute.
    """
    rows = list(await session.scalars(select(Server).order_by(Server.id).with_for_update()))
    server, at_new = _root_of(rows, _row_at(rows, old)), _row_at(rows, new)
    if server is None:
        raise RenameRefusedError(f"No meeting was ever made at {old}. {_known(rows)}")
    if at_new is server:
        raise RenameRefusedError(f"{new} is that server's address already.")
    other = _root_of(rows, at_new)
    moving = [row for row in rows if row is not server and other and _root_of(rows, row) is other]
    if at_new is None:
        at_new = Server(url=f"{server.url}#", same_as=server.id)
        session.add(at_new)
    for row in moving:
        row.same_as, row.failing_since, row.failure = server.id, None, None
    await _swap_addresses(session, server, at_new, new)
    await unite(session, server.id, [row.id for row in moving])
    # Until the next round says what is true.
    server.failing_since = server.failure = None
    await session.flush()
    return await belongings_of(session, server.id)


async def rename(settings: Settings, old: str, new: str, *, even_if_empty: bool) -> str:
    """The same as a command, which says what became of it. Raises RenameRefusedError.

    If the settings have the new address, that server is asked for some of the old one's recordings first: one that
    has none of them is another server, on which all of them would soon be gone. `even_if_empty`: do it all the same.
    """
    database = Database(settings)
    try:
        if not even_if_empty and is_same_server(settings.bbb_url, new):
            await _look_there(database, settings, old, new)
        async with database.transaction() as session:
            there = await rename_server(session, old, new)
    finally:
        await database.close()
    return (
        f"{old} is {new} now. On it: {there.meetings} meetings that are not over, {there.recordings} recordings.\n"
        "Processes that run learn of it within half a minute."
    )


async def _look_there(database: Database, settings: Settings, old: str, new: str) -> None:
    async with database.transaction() as session:
        record_ids = await _some_recordings(session, old)
    if not record_ids:
        return
    async with Servers(settings).connected() as servers:
        request = GetRecordings(record_ids=record_ids, states=[RecordingState.ANY])
        try:
            found = await servers.client.all_recordings(request)
        except BBBError as error:
            raise RenameRefusedError(
                f"{new} could not be asked whether it has the recordings of {old} ({error}). Add --yes to go on."
            ) from None
    if not {each.record_id for each in found.recordings} & set(record_ids):
        raise RenameRefusedError(
            f"{new} has none of the {len(record_ids)} newest recordings of {old}: it looks like another server, on "
            "which they would soon be gone. Add --yes if it is the same one."
        )


async def _some_recordings(session: AsyncSession, url: str) -> list[str]:
    """BBB's ids of the newest recordings on the server at an address."""
    rows = list(await session.scalars(select(Server)))
    server = _root_of(rows, _row_at(rows, url))
    here = Recording.server_id == (server.id if server else 0), Recording.state != Kept.GONE
    newest = select(Recording.record_id).where(*here).order_by(Recording.recorded_at.desc())
    return list(await session.scalars(newest.limit(ASKED_FOR)))


def _known(rows: list[Server]) -> str:
    return f"Known: {', '.join(row.url for row in rows)}." if rows else "None is known."


async def unite(session: AsyncSession, server_id: int, other_ids: Collection[int]) -> None:
    """What is on other rows of a server is on the one that counts."""
    for table in (Meeting, Recording):
        moved = update(table).where(table.server_id.in_(other_ids))
        await session.execute(moved.values(server_id=server_id))


async def unite_all(database: Database, servers: Servers) -> None:
    """The same for what a process has put there that had not heard yet, and for rows that an older version wrote."""
    for bbb in await servers.all(database):
        others = bbb.ids - {bbb.id}
        if others:
            async with database.transaction() as session:
                await _keep_united(session, bbb.id, others)


async def _keep_united(session: AsyncSession, server_id: int, other_ids: Collection[int]) -> None:
    known = update(Server).where(Server.id.in_(other_ids), Server.same_as.is_(None))
    noted = {"same_as": server_id, "failing_since": None, "failure": None}
    news = await session.scalars(known.values(noted).returning(Server.id))
    if news.all():
        await unite(session, server_id, other_ids)
        return
    # Only what is asked about: an index finds these.
    here = Meeting.server_id.in_(other_ids)
    asked_about = or_(Meeting.state.in_(UNFINISHED), Meeting.recordings_due_at.is_not(None))
    await session.execute(update(Meeting).where(here, asked_about).values(server_id=server_id))
    await session.execute(
        update(Recording).where(Recording.server_id.in_(other_ids)).values(server_id=server_id)
    )


def _row_at(rows: list[Server], url: str) -> Server | None:
    return next((row for row in rows if is_same_server(row.url, url)), None)


def _root_of(rows: list[Server], row: Server | None) -> Server | None:
    return next((each for each in rows if row is not None and each.id == row.same_as), row)


async def _swap_addresses(session: AsyncSession, server: Server, other: Server, new: str) -> None:
    """The row that counts shows the new address. Addresses are unique, so one has to step aside first."""
    old = server.url
    other.url = f"{old}#"
    await session.flush()
    server.url = new
    await session.flush()
    other.url = old
    await session.flush()
