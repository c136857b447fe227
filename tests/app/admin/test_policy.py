"""The numbers that hold for everyone."""

import asyncio

import pytest
from sqlalchemy import select

from app.memberships.models import PolicyRow
from tests.factories import a_person

GOOD = {
    "sitting_gap_minutes": "15",
    "large_session_above": "60",
    "recording_megabytes_per_hour": "400",
    "grace_days": "21",
    "retention_grace_days": "60",
    "recording_removal": "delete",
    "time_zone": "Europe/Madrid",
    "hour_value": "30,50",
}


async def numbers(database):
    async with database.transaction() as session:
        row = await session.scalar(select(PolicyRow))
    return (
        *(row.sitting_gap_minutes, row.large_session_above, row.recording_bytes_per_hour, row.grace_days),
        *(row.retention_grace_days, row.recording_removal, row.time_zone, row.hour_cents),
    )


async def test_the_numbers_are_changed_and_megabytes_are_millions(olu, database):
    await olu.open("/admin/policy")
    assert olu.form("/policy").fields["recording_megabytes_per_hour"] == "500"
    await olu.submit("/policy", **GOOD)
    assert "Saved. It holds from now on." in olu.words
    assert await numbers(database) == (15, 60, 400_000_000, 21, 60, "delete", "Europe/Madrid", 3_050)


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("sitting_gap_minutes", "soon", "Write a whole number."),
        ("sitting_gap_minutes", "", "Write a whole number."),
        ("sitting_gap_minutes", "-1", "This is too small: at least 0."),
        ("sitting_gap_minutes", "1441", "This is too large: at most 1440."),
        ("large_session_above", "0", "This is too small: at least 1."),
        ("recording_megabytes_per_hour", "0", "This is too small: at least 1."),
        ("recording_megabytes_per_hour", "2.5", "Write a whole number."),
        ("retention_grace_days", "3651", "This is too large: at most 3650."),
        ("grace_days", "366", "This is too large: at most 365."),
        ("grace_days", "9" * 5000, "Write a whole number."),
    ],
)
async def test_a_wrong_number_is_explained_and_everything_typed_is_kept(olu, database, name, typed, said):
    before = await numbers(database)
    await olu.open("/admin/policy")
    page = await olu.submit("/policy", **{**GOOD, name: typed})
    assert page.status_code == 422
    assert said in olu.words
    kept = olu.form("/policy").fields
    assert {key: kept.get(key, "") for key in GOOD} == {**GOOD, name: typed}
    assert await numbers(database) == before


async def test_what_is_no_choice_is_refused(olu, database):
    before = await numbers(database)
    await olu.open("/admin/policy")
    assert (await olu.submit("/policy", **{**GOOD, "recording_removal": "burn"})).status_code == 422
    assert "Choose one of the options." in olu.words
    assert (await olu.submit("/policy", **{**GOOD, "time_zone": "Europe/Atlantis"})).status_code == 422
    assert "There is no such time zone. Choose one from the list." in olu.words
    assert await numbers(database) == before


async def test_two_operators_at_once_the_second_is_told_and_loses_nothing(olu, database, at_browsers):
    other = await at_browsers(await a_person(database, "second@example.org", is_operator=True))
    for person in (olu, other):
        await person.open("/admin/policy")
    answers = await asyncio.gather(
        olu.submit("/policy", **{**GOOD, "grace_days": "21"}),
        other.submit("/policy", **{**GOOD, "grace_days": "7"}),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late, typed, saved = (other, "7", "21") if answers[1].status_code == 409 else (olu, "21", "7")
    assert "Someone else changed this while you had it open." in late.words
    assert f"Days of grace is now: {saved}" in late.words
    assert late.form("/policy").fields["grace_days"] == typed
    assert (await numbers(database))[3] == int(saved)
    await late.submit("/policy")
    assert (await numbers(database))[3] == int(typed)
