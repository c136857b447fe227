"""The browsers someone is signed in on, API tokens, and who the API lets in."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy import select

from app import clock
from app.accounts.access import ApiViewer
from app.accounts.deletion import delete_account
from app.accounts.models import ApiToken, BrowserSession, User
from app.accounts.service import ban
from app.accounts.tokens import MOST, TooManyTokensError, create_token, find_by_token
from tests.app.accounts.conftest import OTHER_PASSWORD, is_signed_in, make_user, sign_in
from tests.browser import Person
from tests.conftest import new_person

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1"


async def sessions_of(database, user: User) -> list[int]:
    async with database.transaction() as session:
        found = select(BrowserSession.id).where(BrowserSession.user_id == user.id).order_by(BrowserSession.id)
        return list(await session.scalars(found))


async def token_for(database, user: User, days: int | None = None) -> str:
    async with database.transaction() as session:
        return (await create_token(session, user.id, "robot", days=days)).secret


async def used_at(database) -> object:
    async with database.transaction() as session:
        return await session.scalar(select(ApiToken.last_used_at))


async def post(person: Person, path: str, **fields: str):
    """Send what the page has no form for, with the token of a form that it has."""
    await person.open("/account")
    token = person.form("/account").fields["form_token"]
    return await person.client.post(path, data={"form_token": token, **fields})


async def test_browsers_are_listed_with_this_one_marked(site, ada):
    del ada
    async with (
        new_person(site, **{"user-agent": FIREFOX}) as desk,
        new_person(site, **{"user-agent": SAFARI}) as phone,
    ):
        await sign_in(desk)
        await sign_in(phone)
        await desk.open("/account/sessions")
        assert "Firefox · Linux This one" in desk.words
        assert "Safari · iPhone" in desk.words
        assert "Safari · iPhone This one" not in desk.words


async def test_one_browser_is_signed_out_from_another(site, her, ada, database):
    async with new_person(site) as elsewhere:
        await sign_in(elsewhere)
        _, other = await sessions_of(database, ada)
        await her.open("/account/sessions")
        await her.submit(f"/account/sessions/{other}/end")
        assert "That browser is signed out." in her.words
        assert not await is_signed_in(elsewhere)
    assert await is_signed_in(her)


async def test_ending_this_session_is_signing_out(her, ada, database):
    (this,) = await sessions_of(database, ada)
    await her.open("/account/sessions")
    await her.submit(f"/account/sessions/{this}/end", follow=False)
    assert not await is_signed_in(her)
    assert "session" not in her.client.cookies


async def test_all_others_are_signed_out_at_once(site, her, ada, database):
    async with new_person(site) as one, new_person(site) as two:
        await sign_in(one)
        await sign_in(two)
        await her.open("/account/sessions")
        await her.submit("/account/sessions/end")
        assert len(await sessions_of(database, ada)) == 1
    assert await is_signed_in(her)


async def test_other_peoples_sessions_are_not_there(site, her, database):
    bo = await make_user(database, "bo@example.org")
    async with new_person(site) as person:
        await sign_in(person, "bo@example.org")
        (theirs,) = await sessions_of(database, bo)
        answer = await post(her, f"/account/sessions/{theirs}/end")
        assert answer.status_code == 404
        await post(her, "/account/sessions/end")
        assert await is_signed_in(person)


async def test_a_token_is_shown_once_and_kept_as_a_hash(her, ada, database):
    await her.open("/account/tokens")
    assert "No tokens yet" in her.words
    assert her.form("/account/tokens").fields["days"] == "90"
    await her.submit("/account/tokens", name="Calendar robot", days="30", scope_rooms="yes")
    assert her.page.headers["cache-control"] == "no-store"
    secret = her.page.text.partition('value="gh_')[2].partition('"')[0]
    assert len(secret) > 40
    await her.open("/account/tokens")
    assert "Calendar robot Read, Rooms" in her.words
    assert secret not in her.page.text
    async with database.transaction() as session:
        kept = (await session.scalars(select(ApiToken))).one()
    assert len(kept.token_hash) == 32
    assert kept.user_id == ada.id
    assert timedelta(days=29) < kept.expires_at - clock.now() <= timedelta(days=30)
    assert kept.scopes == ["read", "rooms"]


@pytest.mark.parametrize(
    ("choice", "days"), [(None, 90), ("7", 7), ("90", 90), ("365", 365), ("never", None)]
)
async def test_a_token_holds_for_90_days_unless_one_says_otherwise(her, database, choice, days):
    await her.open("/account/tokens")
    await her.submit("/account/tokens", name="robot", days=choice)
    assert ("It ends on" in her.words) == (days is not None)
    async with database.transaction() as session:
        kept = (await session.scalars(select(ApiToken))).one()
    assert kept.scopes == ["read"]
    assert kept.expires_at == (kept.created_at + timedelta(days=days) if days else None)


async def test_the_owner_is_told_by_mail_that_a_token_was_made(her):
    await her.open("/account/tokens")
    await her.submit("/account/tokens", name="Calendar robot", scope_rooms="yes")
    secret = her.page.text.partition('value="gh_')[2].partition('"')[0]
    told = (await her.mails("ada@example.org"))[-1]
    assert "new API token" in told.subject
    assert "“Calendar robot”" in told.text
    assert "Read, Rooms" in told.text
    assert "revoke the token and change your password" in told.text
    assert secret not in told.text


async def test_a_token_that_may_do_nothing_is_not_made(her, database):
    await her.open("/account/tokens")
    await her.submit("/account/tokens", name="robot", scope_read=None)
    assert her.page.status_code == 422
    assert "Tick at least one thing that it may do." in her.words
    assert her.form("/account/tokens").fields["name"] == "robot"
    assert "scope_read" not in her.form("/account/tokens").fields
    async with database.transaction() as session:
        assert list(await session.scalars(select(ApiToken))) == []


async def test_a_token_without_an_end_holds_until_it_is_revoked(her, ada, database, move_clock):
    secret = await token_for(database, ada)
    await move_clock(days=4000)
    async with database.transaction() as session:
        assert await find_by_token(session, secret) is not None
    await sign_in(her)
    await her.open("/account/tokens")
    await her.submit("/revoke")
    assert "The token is revoked" in her.words
    async with database.transaction() as session:
        assert await find_by_token(session, secret) is None


async def test_other_peoples_tokens_are_not_there(her, database):
    bo = await make_user(database, "bo@example.org")
    secret = await token_for(database, bo)
    async with database.transaction() as session:
        token_id = await session.scalar(select(ApiToken.id))
    assert (await post(her, f"/account/tokens/{token_id}/revoke")).status_code == 404
    async with database.transaction() as session:
        assert await find_by_token(session, secret) is not None
    await her.open("/account/tokens")
    assert "robot" not in her.words.replace("program", "")


@pytest.mark.parametrize(("name", "days"), [("", "30"), ("x" * 61, ""), ("robot", "12"), ("robot", "-1")])
async def test_a_token_without_a_name_or_with_another_end_is_not_made(her, database, name, days):
    await her.open("/account/tokens")
    await her.submit("/account/tokens", name=name, days=days)
    assert her.page.status_code == 422
    assert her.form("/account/tokens").fields["name"] == name
    async with database.transaction() as session:
        assert list(await session.scalars(select(ApiToken))) == []


async def test_nobody_has_more_tokens_than_they_can_look_after_even_by_asking_at_once(her, ada, database):
    async def one() -> bool:
        try:
            await token_for(database, ada)
        except TooManyTokensError:
            return False
        return True

    assert sum(await asyncio.gather(*(one() for _ in range(MOST + 8)))) == MOST
    answer = await post(her, "/account/tokens", name="one more", scope_read="yes")
    assert answer.status_code == 422
    assert "You have 20 tokens" in answer.text


async def test_the_last_use_is_noted_every_ten_minutes_at_most(ada, database, move_clock):
    secret = await token_for(database, ada)

    async def use() -> object:
        async with database.transaction() as session:
            await find_by_token(session, secret)
        return await used_at(database)

    assert await used_at(database) is None
    first = await use()
    assert first is not None
    await move_clock(minutes=9)
    assert await use() == first
    await move_clock(minutes=2)
    assert await use() > first


@pytest.fixture
def api(site: FastAPI) -> Iterator[str]:
    """An address of the API that says who asks, while a test runs."""

    async def whoami(viewer: ApiViewer) -> dict[str, object]:
        return {"id": viewer.id, "session": viewer.session_id}

    route = APIRoute("/api/v1/whoami", whoami, methods=["GET", "POST"])
    site.router.routes.insert(0, route)
    yield route.path
    site.router.routes.remove(route)


async def knock(person: Person, path: str, authorization: str | None):
    headers = {} if authorization is None else {"authorization": authorization}
    return await person.client.get(path, headers=headers)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
async def test_the_api_knows_people_by_their_token(someone, ada, database, api, scheme):
    secret = await token_for(database, ada)
    answer = await knock(someone, api, f"{scheme} {secret}")
    assert answer.json() == {"id": ada.id, "session": None}
    posted = await someone.client.post(api, headers={"authorization": f"{scheme} {secret}"})
    assert posted.status_code == 200


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer gh_wrong", "Basic YTpi", "gh_x"]
)
async def test_without_a_token_of_ours_the_api_asks_for_one(someone, ada, api, authorization):
    del ada
    answer = await knock(someone, api, authorization)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    known = authorization == "Bearer gh_wrong"
    assert answer.json()["error"]["code"] == ("token_over" if known else "token_needed")


async def test_cookies_mean_nothing_to_the_api(her, api):
    assert (await knock(her, api, None)).status_code == 401
    session = her.client.cookies["session"]
    assert (await knock(her, api, f"Bearer {session}")).status_code == 401


async def test_a_token_is_no_session(someone, ada, database):
    someone.client.cookies.set("session", await token_for(database, ada))
    assert not await is_signed_in(someone)


async def test_a_token_that_is_over_opens_nothing(someone, ada, database, api, move_clock):
    secret = await token_for(database, ada, days=30)
    await move_clock(days=30)
    assert (await knock(someone, api, f"Bearer {secret}")).status_code == 401


async def test_the_token_of_a_banned_person_is_refused_with_the_reason(someone, ada, database, api):
    secret = await token_for(database, ada)
    async with database.transaction() as session:
        await ban(session, ada.id, "Sold places.")
    answer = await knock(someone, api, f"Bearer {secret}")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "banned"
    assert "Sold places." in answer.json()["error"]["message"]


async def test_the_token_of_an_unverified_person_is_refused(someone, database, api):
    user = await make_user(database, verified=False)
    answer = await knock(someone, api, f"Bearer {await token_for(database, user)}")
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "verification_needed"


async def test_the_api_answers_in_the_language_of_the_account(someone, database, api):
    user = await make_user(database, language="ca", verified=False)
    answer = await knock(someone, api, f"Bearer {await token_for(database, user)}")
    assert answer.status_code == 403


async def test_a_wrong_password_ends_no_session(her):
    await her.open("/account/password")
    await her.submit("/account/password", password=OTHER_PASSWORD, new_password="a cart of turnips")
    assert await is_signed_in(her)


@pytest.mark.slow
async def test_the_session_of_someone_who_was_deleted_elsewhere_is_over(her, ada, database):
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    assert not await is_signed_in(her)


@pytest.mark.slow
async def test_seldom_used_sessions_say_when_they_were_seen(her, move_clock):
    await move_clock(minutes=30)
    await her.open("/account/sessions")
    assert "now" in her.words
    assert clock.offset() >= timedelta(minutes=30)
