"""Putting people and organisations on tiers."""

import asyncio
from datetime import timedelta

import pytest

from app import clock
from app.memberships.limits import standing_of
from tests.app.admin.conftest import history
from tests.factories import a_person, a_room, an_organisation


async def standing(database, holder_id):
    async with database.transaction() as session:
        return await standing_of(session, holder_id)


async def put(olu, ada, **typed):
    await olu.open(f"/admin/holders/{ada.holder_id}/membership/give")
    return await olu.submit(
        "/membership/give", **{"tier": "session-organiser", "reason": "Gave 120 EUR.", **typed}
    )


@pytest.mark.slow
async def test_a_person_on_a_tier_has_its_limits_at_once(olu, ada, database, at_browsers):
    await a_room(database, ada)
    her = await at_browsers(ada)
    await her.open("/rooms/new")
    assert (await her.submit("/rooms/new", name="Choir")).status_code == 409
    await put(olu, ada)
    assert "The membership is given." in olu.words
    await her.open("/rooms/new")
    assert (await her.submit("/rooms/new", name="Choir")).status_code == 200
    assert "Choir" in her.words
    assert (await standing(database, ada.holder_id)).limits.group_size == 25


async def test_the_membership_says_who_granted_it_and_why(olu, ada, database):
    await put(olu, ada)
    ((key, membership),) = await history(database, ada.holder_id)
    assert (key, membership.reason, membership.granted_by) == (
        "session-organiser",
        "Gave 120 EUR.",
        "Olu Marsh",
    )
    assert membership.ends_at is None
    assert "Gave 120 EUR." in olu.words
    assert "“Session organiser” given Olu Marsh Gave 120 EUR." in olu.words


async def test_the_last_day_is_wholly_part_of_the_membership(olu, ada, database):
    day = (clock.now() + timedelta(days=30)).date()
    await put(olu, ada, until=day.isoformat())
    ((_key, membership),) = await history(database, ada.holder_id)
    assert membership.ends_at.isoformat() == f"{day}T23:59:00+00:00"


async def test_back_to_free_holds_at_once_and_keeps_the_history(olu, ada, database):
    await put(olu, ada)
    await put(olu, ada, tier="free", reason="Asked for it.")
    first, second = await history(database, ada.holder_id)
    assert (first[0], second[0]) == ("session-organiser", "free")
    assert first[1].ends_at == second[1].starts_at
    # No grace: the operator has decided.
    now = await standing(database, ada.holder_id)
    assert (now.tier_key, now.limits.group_size, now.membership_ends_at) == ("free", 10, None)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": "  "}, "Write a reason."),
        ({"until": "2020-01-01"}, "This day is over."),
        ({"until": "next spring"}, "Write the day as year-month-day"),
        ({"until": "9999-12-31"}, "This is too far away."),
        ({"tier": "free", "until": "2099-01-01"}, "The free tier has no end."),
        ({"tier": "co-producer"}, "This tier is not for them."),
        ({"tier": "nonsense"}, "This tier is not for them."),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_is_kept(olu, ada, database, typed, said):
    page = await put(olu, ada, **typed)
    assert page.status_code == 422
    assert said in olu.words
    kept = olu.form("/membership/give").fields
    assert kept.get("reason", "") == typed.get("reason", "Gave 120 EUR.")
    assert kept.get("until", "") == typed.get("until", "")
    assert await history(database, ada.holder_id) == []


async def test_an_organisation_is_put_on_a_tier_for_organisations_only(olu, ada, database):
    del ada
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    await olu.open(f"/admin/holders/{made.holder_id}/membership/give")
    await olu.submit("/membership/give", tier="co-producer", reason="Runs a server.")
    assert "The membership is given." in olu.words
    assert (await standing(database, made.holder_id)).limits.group_size == 100
    await olu.open(f"/admin/holders/{made.holder_id}/membership/give")
    page = await olu.submit("/membership/give", tier="session-organiser", reason="No.")
    assert page.status_code == 422
    assert "This tier is not for them." in olu.words


async def test_the_second_of_two_operators_is_told_and_loses_nothing_typed(olu, ada, database, at_browsers):
    other = await at_browsers(await a_person(database, "second@example.org", is_operator=True))
    for person in (olu, other):
        await person.open(f"/admin/holders/{ada.holder_id}/membership/give")
    answers = await asyncio.gather(
        *(
            person.submit("/membership/give", tier="session-organiser", reason=f"Reason {n}.")
            for n, person in enumerate((olu, other))
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 422]
    assert len(await history(database, ada.holder_id)) == 1
    told = olu if answers[0].status_code == 422 else other
    assert "Someone else changed this while you had it open." in told.words
    assert "Membership is now: “Session organiser” holds until further notice" in told.words
    assert told.form("/membership/give").fields["reason"].startswith("Reason ")
    # Having looked at it, they may: the one that was given meanwhile ends.
    assert (await told.submit("/membership/give")).status_code == 200
    first, second = await history(database, ada.holder_id)
    assert first[1].ends_at is not None
    assert second[1].ends_at is None
