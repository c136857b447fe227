"""The numbers that hold for everyone."""

import pytest
from sqlalchemy import select

from app.memberships.models import PolicyRow

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


async def test_the_tiers_are_listed_with_their_limits(olu):
    await olu.open("/admin/policy")
    assert "Session organiser a person 3 h 25 5 1 1 GB for ever none" in olu.words
    assert "no limit no limit 5 GB further hosts 1 GB each for ever 4 a month, 150 people" in olu.words
