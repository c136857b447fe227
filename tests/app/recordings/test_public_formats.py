"""Statistics, and formats that nobody here knows, are shown to those who manage a recording and to nobody else."""

import pytest

from app.recordings.access import PUBLIC_FORMATS
from app.rooms.models import Visibility
from tests.app.recordings.rows import a_recording
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in

AT = "https://bbb.example.org/{kind}/{{id}}"


def formats(*kinds):
    return tuple((kind, AT.format(kind=kind)) for kind in kinds)


PRIVATE = ("statistics", "Statistics", "bbb-attendance", "learning-dashboard", "capture", "x")


async def test_what_is_not_for_everybody_is_shown_to_those_who_manage_it_only(site, database):
    ada, olu = await a_person(database), await a_person(database, "olu@example.org")
    room = await a_room(database, ada, address="the-place")
    made = await a_recording(
        database, ada, room, visibility=Visibility.PUBLIC, formats=formats(*PRIVATE, *PUBLIC_FORMATS)
    )
    at = f"/recordings/{made.key}"
    for person_of in (new_person(site), signed_in(site, olu)):
        async with person_of as person:
            page = await person.open(at)
            for kind in PRIVATE:
                assert f'"{at}/{kind}"' not in page.text, kind
                assert (await person.client.get(f"{at}/{kind}")).status_code == 404
            for kind in PUBLIC_FORMATS:
                assert f'"{at}/{kind}"' in page.text, kind
                assert (await person.client.get(f"{at}/{kind}")).status_code == 303
    async with signed_in(site, ada) as host:
        page = await host.open(at)
        for kind in (*PRIVATE, *PUBLIC_FORMATS):
            assert f'"{at}/{kind}"' in page.text, kind
            assert (await host.client.get(f"{at}/{kind}")).status_code == 303
        assert 'name="hide_video"' in page.text
        assert 'name="hide_statistics"' not in page.text


@pytest.mark.parametrize(("kind", "listed"), [("statistics", False), ("screenshare", True), ("Video", True)])
async def test_a_rooms_page_lists_only_what_a_visitor_can_play(site, database, kind, listed):
    ada = await a_person(database)
    room = await a_room(database, ada, address="the-place")
    made = await a_recording(
        database, ada, room, name="The evening", visibility=Visibility.PUBLIC, formats=formats(kind)
    )
    async with new_person(site) as guest:
        page = await guest.open("/r/the-place")
        assert (made.key in page.text) is listed
        await guest.open(f"/recordings/{made.key}")
        assert ("Nothing of this recording can be played" in guest.words) is not listed


def test_the_rooms_statement_and_the_rule_know_the_same_formats():
    from app.meetings.queries import _ROOM

    statement = str(getattr(_ROOM, "text", None) or vars(_ROOM))
    assert all(f"'{kind}'" in statement for kind in PUBLIC_FORMATS)
