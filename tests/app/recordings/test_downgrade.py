"""After a downgrade recordings stay for 90 days; then the oldest go until the rest fits, and not without warnings."""

from datetime import timedelta

import pytest

from app import clock, wording
from app.recordings.service import delete_recording, trash_recording
from tests.app.recordings.kept import days_ago
from tests.app.recordings.rows import MEGABYTE
from tests.factories import put_on_tier


def day(number):
    return wording.day(clock.now() + timedelta(days=number))


async def warned(house, recording):
    row = await house.row(recording)
    return row.first_warned_at is not None, row.last_warned_at is not None


@pytest.mark.slow
async def test_after_a_downgrade_the_oldest_go_when_90_days_are_over_and_the_rest_fits(house, ada):
    await put_on_tier(house.database, ada.holder_id, "consumer")
    old, older, new = [
        await house.a_recording(ada, recorded_at=days_ago(age), bytes=600 * MEGABYTE) for age in (20, 30, 10)
    ]
    await house.round()
    assert (await house.holder(ada.holder_id)).over_since is None
    await house.move_clock(minutes=1)
    await put_on_tier(house.database, ada.holder_id, "session-organiser")
    async with house.post_office():
        await house.round()
        assert (await house.holder(ada.holder_id)).over_since is not None
        assert house.subjects() == ["More recordings are stored than the tier has space for"]
        assert f"From {day(90)} on the oldest recordings end" in house.body()
        await house.move_clock(days=74)
        await house.days(1)
        assert len(house.letters) == 1
        await house.days(1)
        assert "2 recordings are unpublished on" in house.subjects()[-1]
        assert "These are the oldest recordings, as many as are too much:" in house.body()
        await house.days(13)
        assert len(house.letters) == 3
        assert [house.at_bbb(each) for each in (older, old, new)] == ["published"] * 3
        await house.days(1)
        assert [house.at_bbb(each) for each in (older, old, new)] == [
            "unpublished",
            "unpublished",
            "published",
        ]
        # From now on its page can say that it went for space, not for time.
        assert (await house.row(old)).kept_until is None
        await house.days(4)
        assert len(house.letters) == 3
    row = await house.row(old)
    assert (row.kept_until, row.expired_at is not None) == (None, True)
    assert (await house.row(new)).kept_until is None


@pytest.mark.slow
async def test_space_that_was_made_in_time_forgets_the_warnings(house, ada):
    await put_on_tier(house.database, ada.holder_id, "consumer")
    old, new = [
        await house.a_recording(ada, recorded_at=days_ago(age), bytes=600 * MEGABYTE) for age in (20, 10)
    ]
    await house.move_clock(minutes=1)
    await put_on_tier(house.database, ada.holder_id, "session-organiser")
    async with house.post_office():
        await house.days(1)
        await house.move_clock(days=74)
        await house.days(14)
        assert await warned(house, old) == (True, True)
        await house.do(trash_recording, new)
        await house.do(delete_recording, new)
        await house.days(10)
    assert await warned(house, old) == (False, False)
    assert house.at_bbb(old) == "published"
    assert (await house.holder(ada.holder_id)).over_since is None


@pytest.mark.slow
async def test_deleting_after_a_downgrade_leaves_no_more_than_the_tier_has(house, ada):
    await house.set_policy(recording_removal="delete", retention_grace_days=20)
    for age in (40, 30, 20, 10):
        await house.a_recording(ada, recorded_at=days_ago(age), bytes=400 * MEGABYTE)
    async with house.post_office():
        await house.days(22)
    holder = await house.holder(ada.holder_id)
    assert (holder.stored_bytes, holder.over_since) == (800 * MEGABYTE, None)
