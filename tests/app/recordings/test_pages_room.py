"""Recordings on a room's page, and what its settings say of new ones."""

from datetime import timedelta

from app import clock
from app.rooms.models import Visibility
from tests.app.home.test_dashboard import counting
from tests.app.recordings.rows import a_recording
from tests.conftest import new_person
from tests.factories import a_person, a_room, put_on_tier, signed_in


async def test_a_rooms_page_lists_the_ten_newest_for_everyone_without_a_statement_more(site, database):
    ada = await a_person(database, tier="session-organiser")
    room = await a_room(database, ada, "Hall")
    async with new_person(site) as guest:
        with counting(database) as before:
            await guest.open("/r/hall")
        for number in range(12):
            at = clock.now() - timedelta(days=number)
            await a_recording(
                database, ada, room, name=f"Take {number:02}", recorded_at=at, visibility=Visibility.PUBLIC
            )
        all_hidden = {"hidden": ("presentation", "podcast"), "visibility": Visibility.PUBLIC}
        await a_recording(database, ada, room, name="Nothing to play", **all_hidden)
        with counting(database) as said:
            await guest.open("/r/hall")
    # An ended meeting of a moment ago says when the room can be started again: with that it is at its most.
    assert len(before) == 1
    assert len(said) <= 4
    assert "Take 00" in guest.words
    assert "Take 09" in guest.words
    assert "Take 10" not in guest.words
    assert "Nothing to play" not in guest.words


async def test_the_settings_of_a_room_say_what_its_new_recordings_begin_with(site, database):
    ada = await a_person(database, tier="session-organiser")
    await a_room(database, ada, "Hall")
    async with signed_in(site, ada) as person:
        await person.open("/r/hall/settings")
        assert person.form("/settings").fields["recording_visibility"] == "hosts"
        await person.submit("/settings", recording_visibility="nobody", recording_days="30")
        await person.open("/r/hall/settings")
        fields = person.form("/settings").fields
        assert (fields["recording_visibility"], fields["recording_days"]) == ("nobody", "30")
        for bad in ("0", "x", "1.5", "99999"):
            assert (await person.submit("/settings", recording_days=bad)).status_code == 422
        assert (
            await person.submit("/settings", recording_visibility="all", recording_days="")
        ).status_code == 422


async def test_what_was_chosen_for_new_recordings_outlives_a_tier_without_them(site, database):
    ada = await a_person(database, tier="session-organiser")
    await a_room(database, ada, "Hall", recording_visibility="nobody", recording_days=30)
    await put_on_tier(database, ada.holder_id, "free")
    async with signed_in(site, ada) as person:
        await person.open("/r/hall/settings")
        assert "Recording is not part of the tier" in person.words
        await person.submit("/settings", name="Great hall")
        await person.open("/r/hall/settings")
        fields = person.form("/settings").fields
        assert (fields["recording_visibility"], fields["recording_days"]) == ("nobody", "30")


async def test_the_settings_of_a_recording_keep_what_was_typed_and_say_what_is_wrong(site, database):
    ada = await a_person(database, tier="session-organiser")
    made = await a_recording(database, ada, hidden=("podcast",))
    async with signed_in(site, ada) as person:
        await person.open(f"/recordings/{made.key}")
        await person.submit(
            made.key, name="  ", visibility="link", hide_podcast=None, hide_presentation="yes"
        )
        assert person.page.status_code == 422
        assert "Give the recording a name." in person.words
        fields = person.form(made.key).fields
        assert (fields["visibility"], "hide_podcast" in fields, fields["hide_presentation"]) == (
            "link",
            False,
            "yes",
        )
        assert (await person.submit(made.key, name="<b>Evening</b>")).status_code == 200
        assert "&lt;b&gt;Evening&lt;/b&gt;" in person.page.text
        assert "Hidden from others" in person.words
