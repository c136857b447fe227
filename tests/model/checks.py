"""What must be true after every step, and what must be true once BBB behaves and the worker has had its rounds."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from bbb_client.simulator.recordings import State
from tests.model.spec import bytes_for
from tests.model.town import Town

_TOTALS = text("""
    SELECT h.name, h.stored_bytes, coalesce(sum(r.bytes), 0) AS summed
    FROM holders h LEFT JOIN recordings r ON r.holder_id = h.id GROUP BY h.id
    HAVING h.stored_bytes <> coalesce(sum(r.bytes), 0) OR h.stored_bytes < 0
""")
_SHARES = text("""
    SELECT o.slug, h.user_id, h.stored_bytes, coalesce(sum(r.bytes), 0) AS summed
    FROM organisation_hosts h JOIN organisations o ON o.id = h.organisation_id
    LEFT JOIN recordings r ON r.holder_id = o.holder_id AND r.host_id = h.user_id
    GROUP BY o.slug, h.organisation_id, h.user_id HAVING h.stored_bytes <> coalesce(sum(r.bytes), 0)
""")
_TWICE = text("""
    SELECT room_id FROM meetings WHERE state IN ('starting', 'running') AND room_id IS NOT NULL
    GROUP BY room_id HAVING count(*) > 1
""")
_TOO_LONG = text("""
    SELECT id FROM meetings WHERE state = 'ended'
        AND NOT (started_at <= ended_at AND ended_at - started_at <= minutes * interval '1 minute')
""")
_RESERVING = text("""
    SELECT id, state, recorded, minutes, reserved_bytes FROM meetings
    WHERE state IN ('starting', 'running', 'failed') OR reserved_bytes <> 0
""")
_NAMES = text("""
    SELECT a.name FROM attendances a JOIN meetings m ON m.id = a.meeting_id WHERE m.state <> 'running'
""")
_UNFINISHED = text("""
    SELECT external_id, state, room_id, minutes, coalesce(started_at, reserved_at) AS began FROM meetings
    WHERE state IN ('starting', 'running')
""")

_RECORDED = text("""
    SELECT r.record_id, r.bytes, r.estimated, m.reserved_bytes, r.holder_id = m.holder_id AS mine
    FROM recordings r JOIN meetings m ON m.id = r.meeting_id WHERE r.state <> 'gone'
""")
_KEPT_FREE = text(
    "SELECT id, external_id, reserved_bytes FROM meetings WHERE reserved_bytes <> 0 AND state = 'ended'"
)


async def after_every_step(session: AsyncSession) -> None:
    """Whatever BBB does."""
    assert not (found := list(await session.execute(_TOTALS))), f"kept totals are not the sums: {found}"
    assert not (found := list(await session.execute(_SHARES))), f"hosts' totals are not the sums: {found}"
    assert not (found := list(await session.execute(_TWICE))), f"two meetings in one room: {found}"
    assert not (found := list(await session.execute(_TOO_LONG))), f"longer than granted: {found}"
    assert not (found := list(await session.execute(_NAMES))), f"names of a meeting that is over: {found}"
    for row in await session.execute(_RESERVING):
        if row.state in {"starting", "running"}:
            expected = bytes_for(row.minutes) if row.recorded else 0
            assert row.reserved_bytes == expected, f"reserved for what it may become: {row}"
        else:
            may_reserve = row.state == "ended" and row.recorded
            assert may_reserve or not row.reserved_bytes, f"reserved for nothing: {row}"


async def when_all_is_calm(session: AsyncSession, town: Town) -> None:
    """BBB answers, and the rounds were there: both sides agree, and nothing outlives its terms."""
    ours = {row.external_id: row for row in await session.execute(_UNFINISHED)}
    theirs = {meeting.external_id for meeting in town.bbb.meetings.values()}
    assert {row.state for row in ours.values()} <= {"running"}, f"starts for ever: {ours}"
    assert set(ours) == theirs, f"only here: {set(ours) - theirs}; only at BBB: {theirs - set(ours)}"
    assert all(row.room_id for row in ours.values()), f"runs without its room: {ours}"


async def at_last(session: AsyncSession, town: Town) -> None:
    """Days later nothing runs, nobody holds a place, and every byte at BBB is charged, once, to whom it belongs."""
    unfinished = list(await session.execute(_UNFINISHED))
    assert not (found := [row for row in unfinished if row.minutes is not None]), f"runs for ever: {found}"
    there = {each.record_id: each for each in town.bbb.recordings.values() if each.state is not State.DELETED}
    here = {row.record_id: row for row in await session.execute(_RECORDED)}
    assert set(here) == set(there), (
        f"only here: {set(here) - set(there)}; only there: {set(there) - set(here)}"
    )
    for record_id, row in here.items():
        assert row.mine, f"charged to somebody else: {row}"
        assert row.reserved_bytes == 0, f"charged twice: {row}"
        assert row.estimated or row.bytes == there[record_id].size, f"{row}: {there[record_id].size} bytes"
        assert row.bytes > 0, f"for nothing: {row}"
    assert not (found := list(await session.execute(_KEPT_FREE))), f"kept free for ever: {found}"
