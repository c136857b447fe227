"""Banning someone: what ends at once, what ends with the next round, and that it can be undone."""

import asyncio

import pytest

from app.accounts.tokens import create_token, find_by_token
from app.meetings.following import follow
from tests.app.accounts.conftest import PASSWORD, make_user, sign_in
from tests.app.admin.conftest import fresh
from tests.factories import a_person, a_room, an_organisation, meeting_by, start

REASON = "Sold places in meetings."


async def ban(olu, ada, reason=REASON):
    await olu.open(f"/admin/people/{ada.id}/ban")
    return await olu.submit(f"/people/{ada.id}/ban", reason=reason)


async def round_of(site):
    await follow(site.state.database, site.state.servers)


async def running_on_bbb(site):
    """BBB names a meeting for a while after it was ended."""
    found = await site.state.servers.client.get_meetings()
    return [meeting for meeting in found if not meeting.has_been_forcibly_ended]


async def test_the_page_before_says_what_will_happen(olu, site, database, ada):
    await start(site, await a_room(database, ada))
    await olu.open(f"/admin/people/{ada.id}")
    assert f"/admin/people/{ada.id}/ban" in olu.page.text
    await olu.open(f"/admin/people/{ada.id}/ban")
    for sentence in (
        "They are signed out everywhere, and cannot sign in.",
        "Their room closes: nobody can start or join it.",
        "The meeting that runs ends for everyone in it.",
        "Nothing is deleted.",
    ):
        assert sentence in olu.words


async def test_a_ban_needs_a_reason(olu, ada, database):
    page = await ban(olu, ada, "   ")
    assert page.status_code == 422
    assert "Write a reason." in olu.words
    assert (await fresh(database, ada)).banned_at is None


@pytest.mark.slow
async def test_a_banned_host_is_signed_out_and_their_room_is_closed(
    olu, site, someone, ada, database, at_browsers
):
    room = await a_room(database, ada, who_may_start="anyone")
    meeting = await start(site, room)
    her = await at_browsers(ada)
    assert (await her.open("/rooms")).status_code == 200
    await someone.open(f"/r/{room.slug}")
    token = someone.form("/join").fields["form_token"]

    await ban(olu, ada)
    assert "Banned. One meeting ends in a moment." in olu.words
    assert REASON in olu.words

    assert (await her.open("/rooms", follow=False)).status_code == 303
    await someone.open(f"/r/{room.slug}")
    assert "Closed" in someone.words
    for door in ("join", "start"):
        answer = await someone.client.post(
            f"/r/{room.slug}/{door}", data={"form_token": token, "name": "Ben"}
        )
        assert answer.status_code == 403, door
        assert "This room is closed" in answer.text

    assert (await meeting_by(database, meeting.id)).state == "running"
    await round_of(site)
    over = await meeting_by(database, meeting.id)
    assert (over.state, over.end_reason) == ("ended", "banned")
    assert await running_on_bbb(site) == []


async def test_the_reason_is_shown_to_who_signs_in(olu, someone, database):
    user = await make_user(database)
    await ban(olu, user)
    await sign_in(someone, password=PASSWORD)
    assert someone.page.status_code == 403
    assert REASON in someone.words


async def test_a_ban_ends_their_own_meetings_and_none_of_an_organisation(olu, site, database, ada):
    await a_person(database, "bea@example.org")
    riverside = await an_organisation(database, "Riverside Housing", "consumer", ada="host", bea="admin")
    cy = await a_person(database, "cy@example.org")
    of_cy = await start(site, await a_room(database, cy))
    own = await start(site, await a_room(database, ada, "Own"))
    theirs = await start(site, await a_room(database, ada, "Assembly", holder_id=riverside.holder_id))
    await ban(olu, ada)
    await round_of(site)
    assert (await meeting_by(database, own.id)).end_reason == "banned"
    assert (await meeting_by(database, theirs.id)).state == "running"
    assert (await meeting_by(database, of_cy.id)).state == "running"


@pytest.mark.slow
async def test_a_start_at_the_moment_of_the_ban_leaves_no_meeting_running(olu, site, database, ada):
    room = await a_room(database, ada)
    await olu.open(f"/admin/people/{ada.id}/ban")
    started, _banned = await asyncio.gather(
        start(site, room), olu.submit("/ban", reason=REASON), return_exceptions=True
    )
    await round_of(site)
    await round_of(site)
    if not isinstance(started, Exception):
        assert (await meeting_by(database, started.id)).end_reason == "banned"
    assert await running_on_bbb(site) == []


async def test_a_banned_person_s_tokens_no_longer_work(olu, ada, database):
    async with database.transaction() as session:
        token = await create_token(session, ada.id, "script", days=None)
    await ban(olu, ada)
    async with database.transaction() as session:
        found = await find_by_token(session, token.secret)
    assert found is None or found.banned_at is not None


async def test_unbanning_opens_the_room_again(olu, site, database, ada, at_browsers):
    room = await a_room(database, ada)
    await ban(olu, ada)
    await olu.open(f"/admin/people/{ada.id}")
    await olu.submit("/unban")
    assert "The ban is lifted." in olu.words
    user = await fresh(database, ada)
    assert (user.banned_at, user.ban_reason) == (None, None)
    her = await at_browsers(ada)
    assert (await her.open(f"/r/{room.slug}")).status_code == 200
    assert "Closed" not in her.words
    assert (await start(site, room)).state == "running"


async def test_an_operator_cannot_ban_themselves(olu, operator, ada, database):
    assert (await olu.open(f"/admin/people/{operator.id}/ban")).status_code == 409
    await olu.open(f"/admin/people/{operator.id}")
    assert "/ban" not in olu.page.text
    await olu.open(f"/admin/people/{ada.id}/ban")
    token = olu.form("/ban").fields["form_token"]
    answer = await olu.client.post(
        f"/admin/people/{operator.id}/ban", data={"form_token": token, "reason": REASON}
    )
    assert answer.status_code == 409
    assert (await fresh(database, operator)).banned_at is None


async def test_two_operators_who_ban_each_other_leave_one(olu, operator, database, at_browsers):
    second = await a_person(database, "second@example.org", is_operator=True)
    other = await at_browsers(second)
    await olu.open(f"/admin/people/{second.id}/ban")
    await other.open(f"/admin/people/{operator.id}/ban")
    await asyncio.gather(
        olu.submit("/ban", reason=REASON, follow=False), other.submit("/ban", reason=REASON, follow=False)
    )
    banned = [(await fresh(database, user)).banned_at is not None for user in (operator, second)]
    assert sorted(banned) == [False, True]


@pytest.mark.parametrize("path", ["ban", "unban"])
async def test_who_is_gone_cannot_be_banned(olu, ada, path):
    await olu.open(f"/admin/people/{ada.id}/ban")
    token = olu.form("/ban").fields["form_token"]
    answer = await olu.client.post(
        f"/admin/people/999999/{path}", data={"form_token": token, "reason": REASON}
    )
    assert answer.status_code == 404
