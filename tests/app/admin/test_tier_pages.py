"""Tiers are data: operators make, copy, change, order, retire them, and every change is a version."""

import asyncio

import pytest
from sqlalchemy import select

from app.memberships.granting import tiers_for
from app.memberships.limits import standing_of
from app.memberships.models import Tier, TierVersion
from app.memberships.tier_terms import SAID
from app.memberships.tiers import change_tier, find_tier
from tests.factories import a_person, a_room, put_on_tier, start

ORGANISER = 2


async def tier_of(database, key):
    async with database.transaction() as session:
        return await session.scalar(select(Tier).where(Tier.key == key))


async def versions(database, tier_id):
    async with database.transaction() as session:
        found = await session.scalars(
            select(TierVersion).where(TierVersion.tier_id == tier_id).order_by(TierVersion.version)
        )
        return [(one.version, one.by) for one in found]


async def look(olu, tier_id, **typed):
    """Type into the form of a tier and look at what it does; None takes a tick away."""
    await olu.open(f"/admin/tiers/{tier_id}/change")
    return await olu.submit("/change", **typed)


async def save(olu, tier_id, **typed):
    await look(olu, tier_id, **typed)
    return await olu.submit("/change")


async def test_the_tiers_are_listed_with_their_limits_and_who_is_on_them(olu, ada, database):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    await olu.open("/admin/tiers")
    assert "Session organiser a person 3 h 25 5 1 1 GB for ever none 1 (Session organiser)" in olu.words
    assert "no limit no limit 5 GB further hosts 1 GB each for ever 4 a month, 150 people 0" in olu.words
    assert "Free a person 1 h 10 1 1 none for ever none 1 (Free)" in olu.words


async def test_a_change_is_saved_after_a_look_and_holds_from_the_next_decision(olu, ada, database, site):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    room = await a_room(database, ada)
    page = await look(olu, ORGANISER, group_size="40", meeting_minutes_none="yes", price="100; 80,50")
    assert page.status_code == 200
    for said in (
        "People in a meeting 25 40",
        "Time of a sitting 3 h no limit",
        "Price no price €100.00 in the first year, €80.50 a year later on.",
        "One holder is on this tier.",
        "nobody loses anything",
    ):
        assert said in olu.words, olu.words[olu.words.find("thing") :][:300]
    assert (await tier_of(database, "session-organiser")).group_size == 25
    await olu.submit("/change")
    assert "Saved. It holds from the next decision." in olu.words
    tier = await tier_of(database, "session-organiser")
    assert (tier.group_size, tier.meeting_minutes, tier.yearly_cents) == (40, None, [10_000, 8_050])
    assert (tier.rooms_per_host, tier.storage_first_host, tier.version) == (5, 10**9, 2)
    meeting = await start(site, room, ada)
    assert (meeting.minutes, meeting.people) == (None, 40)


async def test_what_was_saved_is_kept_as_a_version_with_who_and_what(olu, database):
    await save(olu, ORGANISER, group_size="40")
    await save(olu, ORGANISER, name="Organiser", storage_first_host="2,5")
    assert await versions(database, ORGANISER) == [(1, ""), (2, "Olu Marsh"), (3, "Olu Marsh")]
    words = olu.words
    assert words.index("Version 3") < words.index("Version 2") < words.index("Version 1")
    assert "Space of the first host 1 GB → 2.5 GB" in words
    assert "Name Session organiser → Organiser" in words
    assert "People in a meeting 25 → 40" in words
    assert "by Olu Marsh" in words
    assert "with the installation" in words
    assert (await tier_of(database, "session-organiser")).name == "Organiser"


async def test_nothing_different_is_no_version(olu, database):
    await look(olu, ORGANISER)
    assert "Nothing is different from what is saved." in olu.words
    assert await versions(database, ORGANISER) == [(1, "")]


async def test_one_can_go_on_typing_after_the_look(olu, database):
    await look(olu, ORGANISER, group_size="40", rooms_per_host_none="yes")
    await olu.submit("/change", step="edit")
    fields = olu.form("/change").fields
    assert (fields["group_size"], fields["rooms_per_host_none"]) == ("40", "yes")
    assert await versions(database, ORGANISER) == [(1, "")]


@pytest.mark.parametrize(
    ("name", "typed", "said"),
    [
        ("group_size", "", "Write what the limit is to be, or tick “No limit”."),
        ("group_size", "0", "This is too small: at least 1."),
        ("group_size", "-3", "Write a whole number, 0 or more."),
        ("group_size", "many", "Write a whole number, 0 or more."),
        ("group_size", "2000000", "This is too large: at most 1,000,000."),
        ("meeting_minutes", "0", "This is too small: at least 1."),
        ("recording_days", "0", "This is too small: at least 1."),
        ("storage_first_host", "1.0001", "Write gigabytes as a number: 5 or 2.5."),
        ("storage_first_host", "9999999", "This is too large: at most 1,000,000."),
        ("large_sessions_per_month", "2", "A large session has more people than a meeting."),
        ("name", " ", "Fill this in."),
        ("name", "x" * 61, "This is too long: at most 60 characters."),
        ("price", "a lot", "Write amounts in figures"),
        ("price", "1 2 3 4 5 6 7 8 9 10 11", "at most 10"),
        ("price", "99999999", "This is too large."),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_saved(olu, database, name, typed, said):
    ticked = {"recording_days_none": ""} if name == "recording_days" else {}
    page = await look(olu, ORGANISER, **{name: typed, **ticked})
    assert page.status_code == 422
    assert said in olu.words
    assert olu.form("/change").fields.get(name, "") == typed
    assert await versions(database, ORGANISER) == [(1, "")]


async def test_two_operators_at_once_the_second_is_told_and_loses_nothing(olu, database, at_browsers):
    other = await at_browsers(await a_person(database, "second@example.org", name="Vera", is_operator=True))
    for person, typed in ((olu, "40"), (other, "30")):
        await look(person, ORGANISER, group_size=typed, description=f"Up to {typed}.")
    answers = await asyncio.gather(olu.submit("/change"), other.submit("/change"))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    late, typed, saved = (other, "30", "40") if answers[1].status_code == 409 else (olu, "40", "30")
    assert "Someone else changed this while you had it open." in late.words
    assert f"People in a meeting is now: {saved}" in late.words
    assert f"What members read of it is now: Up to {saved}." in late.words
    fields = late.form("/change").fields
    assert (fields["group_size"], fields["description"], fields["version"]) == (typed, f"Up to {typed}.", "2")
    assert (await tier_of(database, "session-organiser")).group_size == int(saved)
    await late.submit("/change")
    await late.submit("/change")
    assert (await tier_of(database, "session-organiser")).group_size == int(typed)
    assert len(await versions(database, ORGANISER)) == 3


async def test_the_second_who_saves_waits_and_reads_what_the_first_saved(site, database):
    async with database.transaction() as session:
        tier = await find_tier(session, ORGANISER, lock=True)
        said = {name: getattr(tier, name) for name in SAID}

        async def second() -> int:
            async with database.transaction() as another:
                # The list has one lock: who orders tiers touches others than the one they have open.
                await find_tier(another, 3, lock=True)
                return (await find_tier(another, ORGANISER)).version

        waiting = asyncio.create_task(second())
        assert (await asyncio.wait([waiting], timeout=0.2))[0] == set()
        # Decisions and new memberships do not wait.
        await put_on_tier(database, (await a_person(database)).holder_id, "session-organiser")
        await change_tier(session, tier, said | {"group_size": 40}, by="Olu")
    assert await waiting == 2


async def test_a_copy_begins_as_the_other_is_and_can_be_for_others(olu, database):
    await olu.open("/admin/tiers/3")
    await olu.open("/admin/tiers/new?copy=3")
    fields = olu.form("/new").fields
    assert (fields["name"], fields["kind"], fields["group_size"]) == (
        "Copy of Consumer organisation",
        "organisation",
        "50",
    )
    await olu.submit("/new", name="Fèstival & co", kind="person", at_once_per_host_none="yes")
    assert "The tier is there." in olu.words
    made = await tier_of(database, "festival-co")
    assert (made.kind, made.at_once_per_host, made.group_size, made.position) == ("person", None, 50, 3)
    assert (await tier_of(database, "co-producer")).position == 4
    assert await versions(database, made.id) == [(1, "Olu Marsh")]
    # A second of that name is another one.
    await olu.open("/admin/tiers/new?copy=3")
    await olu.submit("/new", name="Festival, Co.")
    assert (await tier_of(database, "festival-co-2")).kind == "organisation"


async def test_a_new_tier_is_written_from_nothing_and_can_be_got_at_once(olu, ada, database):
    await olu.open("/admin/tiers/new")
    page = await olu.submit("/new", name="Choirs")
    assert page.status_code == 422
    assert "9 things need a change" in olu.words
    figures = dict.fromkeys(("rooms_per_host", "at_once_per_host", "large_sessions_per_month"), "0")
    figures |= dict.fromkeys(("storage_first_host", "storage_further_host", "large_session_people"), "0")
    await olu.submit("/new", meeting_minutes="90", group_size="12", recording_days_none="yes", **figures)
    made = await tier_of(database, "choirs")
    assert (made.kind, made.meeting_minutes, made.recording_days, made.position) == ("person", 90, None, 4)
    await put_on_tier(database, ada.holder_id, "choirs")
    async with database.transaction() as session:
        assert "choirs" in {tier.key for tier in await tiers_for(session, "person")}
        assert (await standing_of(session, ada.holder_id)).limits.group_size == 12


async def test_a_tier_is_put_in_another_place(olu, database):
    await save(olu, ORGANISER, after="4")
    keys = [(await tier_of(database, key)).position for key in ("free", "consumer", "co-producer")]
    assert keys == [0, 1, 2]
    assert (await tier_of(database, "session-organiser")).position == 3


async def test_a_retired_tier_is_gone_for_new_ones_and_stays_for_who_is_on_it(olu, ada, database, someone):
    await put_on_tier(database, ada.holder_id, "session-organiser")
    await olu.open(f"/admin/tiers/{ORGANISER}/retire")
    assert "One membership stays as it is, to its end." in olu.words
    assert "This rule grants nothing meanwhile: €120.00 within 365 days" in olu.words
    await olu.submit("/retire")
    assert "The tier is retired." in olu.words
    async with database.transaction() as session:
        assert (await standing_of(session, ada.holder_id)).limits.group_size == 25
    await someone.open("/tiers")
    assert "Session organiser" not in someone.words
    async with database.transaction() as session:
        assert {tier.key for tier in await tiers_for(session, "person")} == {"free"}
    await olu.open(f"/admin/tiers/{ORGANISER}")
    await olu.submit("/restore")
    assert "The tier is back." in olu.words
    assert "Brought back." in olu.words
    assert await versions(database, ORGANISER) == [(1, ""), (2, "Olu Marsh"), (3, "Olu Marsh")]
    await someone.open("/tiers")
    assert "Session organiser" in someone.words


async def test_who_retires_a_tier_that_was_changed_meanwhile_is_asked_again(olu, database, at_browsers):
    other = await at_browsers(await a_person(database, "second@example.org", is_operator=True))
    await olu.open(f"/admin/tiers/{ORGANISER}/retire")
    await save(other, ORGANISER, group_size="40")
    assert (await olu.submit("/retire")).status_code == 409
    assert "Someone else changed this tier meanwhile." in olu.words
    assert (await tier_of(database, "session-organiser")).retired_at is None
    await olu.submit("/retire")
    assert (await tier_of(database, "session-organiser")).retired_at is not None


async def test_the_free_tier_stays_first_costs_nothing_and_keeps_its_key(olu, database):
    await olu.open("/admin/tiers/1")
    assert "Retire" not in olu.words.replace("cannot be retired", "")
    assert (await olu.open("/admin/tiers/1/retire")).status_code == 409
    token = olu.form("/language").fields["form_token"]
    answer = await olu.client.post("/admin/tiers/1/retire", data={"form_token": token, "version": "1"})
    assert answer.status_code == 409
    await olu.open("/admin/tiers/1/change")
    sent = olu.form("/change").fields | {"price": "5", "step": "save"}
    assert (await olu.client.post("/admin/tiers/1/change", data=sent)).status_code == 422
    sent |= {"price": "", "after": "4", "name": "Everyone", "group_size": "12"}
    await olu.client.post("/admin/tiers/1/change", data=sent)
    free = await tier_of(database, "free")
    assert (free.name, free.group_size, free.position, free.retired_at) == ("Everyone", 12, 0, None)
