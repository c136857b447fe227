"""The list of recordings: what it shows, finds, sorts; few statements."""

import re
from datetime import timedelta
from html import unescape

import pytest

from app import clock
from tests.app.home.test_dashboard import counting
from tests.app.recordings.rows import MEGABYTE, a_recording
from tests.factories import a_person, a_room, an_organisation, signed_in


async def test_an_empty_list_teaches_how_a_recording_comes_about(site, database):
    bela = await a_person(database, tier="session-organiser")
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        assert "No recordings yet" in person.words
        assert "press the record button in the meeting" in person.words
        assert "0 bytes of 1 GB stored. About 2 h of recording left." in person.words


async def test_a_tier_without_storage_says_so_and_who_has_it(site, database):
    async with signed_in(site, await a_person(database)) as person:
        await person.open("/recordings")
        assert "Recording is not part of the tier “Free”" in person.words
        assert "Session organiser 1 GB for recordings. Give 120 EUR in a year" in person.words


async def test_a_row_says_all_that_matters(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, "Choir practice")
    soon = clock.now() + timedelta(days=3)
    await a_recording(database, bela, room, name="First rehearsal", kept_until=soon, estimated=True)
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        for words in (
            "First rehearsal",
            "Choir practice",
            "yesterday at",
            "45 min",
            "about 340 MB",
            "Published",
            "Seen by: Its hosts",
            "Unpublished then.",
            "The size of one recording is estimated",
            "340 MB of 1 GB stored. About 1 h 19 min of recording left.",
        ):
            assert words in person.words, words
        assert "bbb.example.org" not in person.page.text


async def test_every_state_is_told_in_words(site, database):
    bela = await a_person(database, tier="session-organiser")
    over = clock.now() - timedelta(days=1)
    for state, more in (
        ("processing", {}),
        ("unpublished", {"expired_at": over, "kept_until": over}),
        ("unpublished", {"expired_at": over}),
        ("unpublished", {"wanted": "published"}),
        ("gone", {"bytes": 0}),
    ):
        await a_recording(database, bela, name=f"It is {state}", state=state, **more)
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        for words in (
            "Being made That takes about as long",
            "Unpublished Its time was over on",
            "more was stored than the tier has",
            "Being published",
            "Gone The meeting server no longer has it",
            "Its room is deleted",
        ):
            assert words in person.words, words
        assert "Play (" not in person.words, "what BBB does not play has no button"


@pytest.mark.slow
async def test_a_hundred_stand_on_a_page_in_the_order_asked_for(site, database):
    bela = await a_person(database, tier="session-organiser")
    for number in range(103):
        await a_recording(
            database,
            bela,
            name=f"Take {number:03}",
            recorded_at=clock.now() - timedelta(hours=number),
            bytes=number * MEGABYTE,
            formats=(),
        )
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        assert person.page.text.count("Copy link") == 100
        assert "Page 1 of 2" in person.words
        await person.open("/recordings?page=2")
        assert person.page.text.count("Copy link") == 3
        for order, first in (("newest", "Take 000"), ("oldest", "Take 102"), ("largest", "Take 102")):
            await person.open(f"/recordings?sort={order}")
            assert person.words.index(first) < person.words.index("Take 050")
        await person.open("/recordings?page=9")
        assert "This page is empty" in person.words


async def test_a_search_looks_into_names_and_rooms_and_takes_signs_literally(site, database):
    bela = await a_person(database, tier="session-organiser")
    room = await a_room(database, bela, "Choir practice")
    await a_recording(database, bela, room, name="First rehearsal")
    await a_recording(database, bela, name="100 % garden")
    async with signed_in(site, bela) as person:
        for search, found in (("CHOIR", "First rehearsal"), ("rehears", "First rehearsal"), ("%25", "100 %")):
            await person.open(f"/recordings?search={search}")
            assert person.page.text.count("Copy link") == 1
            assert found in person.words
        for search in ("_", "%5C", "%00"):
            await person.open(f"/recordings?search={search}")
            assert "No recording like this" in person.words
        await person.open("/recordings?shown=gone")
        assert "No recording like this" in person.words


async def test_the_trash_is_a_list_of_its_own_and_gives_back(site, database):
    bela = await a_person(database, tier="session-organiser")
    made = await a_recording(database, bela, name="Thrown away", trashed_at=clock.now())
    going = await a_recording(database, bela, name="Going", trashed_at=clock.now(), wanted="deleted")
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        assert "Thrown away" not in person.words
        assert "680 MB of it is in the trash" in person.words
        way = re.search(r'href="([^"]+)">Open the trash', person.page.text)
        await person.open(unescape(way[1]))
        assert "recordings in the trash" in person.words
        assert "Open the trash" not in person.words
        await person.open("/recordings?shown=trash")
        assert "Deleted for good" in person.words
        assert "Take it back (Thrown away)" in person.words
        assert f"/recordings/{going.key}/restore" not in person.page.text
        form = person.form("").fields
        await person.client.post(f"/recordings/{made.key}/restore", data=form)
        await person.open("/recordings")
        assert "Thrown away" in person.words


async def test_each_holder_has_a_list_and_a_meter_of_its_own(site, database):
    ada, bela = await a_person(database), await a_person(database, "bela@example.org")
    made = await an_organisation(database, "Riverside", "consumer", ada="host", bela="admin")
    room = await a_room(database, ada, "Assembly", holder_id=made.holder_id)
    await a_recording(database, ada, room, name="Hers")
    await a_recording(database, bela, room, name="His")
    async with signed_in(site, ada) as person:
        await person.open("/recordings")
        assert "680 MB of 6 GB stored" in person.words
        assert "Hers" in person.words
        assert "His" not in person.words.split(), "a host of an organisation manages their own"
        await person.open(f"/recordings?holder={ada.holder_id}")
        assert "Recording is not part of the tier" in person.words
        await person.open(f"/recordings?holder={bela.holder_id}")
        assert "680 MB of 6 GB stored" in person.words, "nobody looks into the storage of others"
    async with signed_in(site, bela) as person:
        await person.open("/recordings")
        assert {"Hers", "His"} <= set(person.words.split())


async def test_who_left_an_organisation_still_finds_what_they_host(site, database):
    ada = await a_person(database)
    made = await an_organisation(database, "Riverside", "consumer")
    await a_recording(database, ada, name="Long ago", holder_id=made.holder_id)
    async with signed_in(site, ada) as person:
        await person.open("/recordings")
        assert "Long ago" in person.words


@pytest.mark.slow
@pytest.mark.parametrize("query", ["", "?search=take", "?shown=trash", "?sort=largest&shown=published"])
async def test_the_list_takes_few_statements_whatever_the_number(site, database, query):
    counts = []
    for number, recordings in ((1, 2), (2, 30)):
        person = await a_person(database, f"p{number}@example.org", tier="session-organiser")
        room = await a_room(database, person, address=f"room-{number}")
        for index in range(recordings):
            trashed = clock.now() if index % 2 else None
            await a_recording(database, person, room, name=f"Take {index}", trashed_at=trashed)
        async with signed_in(site, person) as browser:
            with counting(database) as said:
                assert (await browser.open(f"/recordings{query}")).status_code == 200
        counts.append(len(said))
    assert counts[0] == counts[1]
    assert counts[0] <= 8


@pytest.mark.parametrize("bad", ["page=0", "sort=x", "shown=x", "holder=x", "search=" + "x" * 101])
async def test_an_address_that_makes_no_sense_is_not_found(site, database, bad):
    async with signed_in(site, await a_person(database)) as ada:
        assert (await ada.open(f"/recordings?{bad}")).status_code == 404
