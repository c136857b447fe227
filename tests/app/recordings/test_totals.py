"""The nightly check of kept totals, while recordings go on changing."""

import asyncio

from sqlalchemy import select

from app.memberships.limits import hold
from app.memberships.models import Holder
from app.recordings.models import Recording
from app.recordings.totals import charge, check_totals, uncharge
from quotas.storage import ChargedBytes
from tests.app.recordings.rows import MEGABYTE, a_recording


async def test_a_change_on_its_way_is_neither_lost_nor_reported(database, ada):
    recording = await a_recording(database, ada, bytes=100 * MEGABYTE)
    spoil = 7
    async with database.transaction() as session:
        (await session.get_one(Holder, ada.holder_id)).stored_bytes += spoil
    async with database.transaction() as session:
        await hold(session, ada.holder_id)
        row = await session.get_one(Recording, recording.id)
        await charge(session, row, ChargedBytes(bytes=130 * MEGABYTE, estimated=False))
        check = asyncio.create_task(check_totals(database))
        await asyncio.sleep(0.2)
        assert not check.done()  # it waits for this transaction
    (said,) = await check
    assert f"{130 * MEGABYTE + spoil} → {130 * MEGABYTE}" in said
    assert await check_totals(database) == []


async def test_what_is_given_back_twice_is_given_back_once(database, ada):
    recording = await a_recording(database, ada, bytes=100 * MEGABYTE)
    await a_recording(database, ada, bytes=5 * MEGABYTE)
    for _ in range(2):
        async with database.transaction() as session:
            await hold(session, ada.holder_id)
            await uncharge(session, await session.get_one(Recording, recording.id))
    async with database.transaction() as session:
        found = select(Holder.stored_bytes).where(Holder.id == ada.holder_id)
        assert await session.scalar(found) == 5 * MEGABYTE
