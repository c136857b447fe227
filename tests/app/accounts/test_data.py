"""Taking one's data along and deleting one's account; operators; what is never logged."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from structlog.testing import capture_logs

from app import clock
from app.accounts import deletion, export
from app.accounts.deletion import StillNeededError, delete_account, goes_with_account, stands_in_the_way
from app.accounts.models import ApiToken, BrowserSession, User
from app.accounts.service import WeakPasswordError, ban, create_operator, forget_unverified
from app.accounts.tokens import create_token
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder, HolderKind, Membership, Tier
from app.organisations.models import HostRole, Organisation, OrganisationHost
from app.servers.models import Server
from tests.app.accounts.conftest import ADA, OTHER_PASSWORD, PASSWORD, is_signed_in, make_user, sign_in

pytestmark = pytest.mark.slow


async def membership(database, user: User, reason: str = "gave 120 EUR") -> None:
    async with database.transaction() as session:
        tier = await session.scalar(select(Tier.id).where(Tier.key == "session-organiser"))
        session.add(
            Membership(
                holder_id=user.holder_id,
                tier_id=tier,
                starts_at=clock.now(),
                reason=reason,
                granted_by="Olga Operator",
            )
        )


async def organisation(database, admins: list[User], hosts: tuple[User, ...] = ()) -> None:
    async with database.transaction() as session:
        holder = Holder(kind=HolderKind.ORGANISATION, name="Riverside Housing", created_at=clock.now())
        session.add(holder)
        await session.flush()
        made = Organisation(holder_id=holder.id, slug="riverside", created_at=clock.now())
        session.add(made)
        await session.flush()
        for role, people in ((HostRole.ADMIN, admins), (HostRole.HOST, hosts)):
            for user in people:
                session.add(
                    OrganisationHost(
                        organisation_id=made.id, user_id=user.id, role=role, joined_at=clock.now()
                    )
                )


async def meeting(database, user: User, state: MeetingState) -> None:
    async with database.transaction() as session:
        server = Server(url="https://bbb.example.org/")
        session.add(server)
        await session.flush()
        session.add(
            Meeting(
                holder_id=user.holder_id,
                server_id=server.id,
                name="Weekly assembly",
                external_id="m1",
                callback_token="t",
                state=state,
                sitting_id="m1",
                tier="free",
                recorded=False,
                reserved_at=clock.now(),
            )
        )


async def exists(database, user: User) -> bool:
    async with database.transaction() as session:
        return await session.scalar(select(User.id).where(User.id == user.id)) is not None


async def farewell(person, password: str = PASSWORD, word: str = "delete") -> None:
    await person.open("/account/delete")
    await person.submit("/account/delete", password=password, word=word)


async def test_the_export_holds_everything_about_its_owner_and_no_secret(her, ada, database):
    await membership(database, ada)
    bo = await make_user(database, "bo@example.org")
    await membership(database, bo, "somebody else's")
    async with database.transaction() as session:
        token = await create_token(session, ada.id, "robot", days=30)
    answer = await her.open("/account/data.json")
    assert "attachment" in answer.headers["content-disposition"]
    data = json.loads(answer.text)
    assert data["account"]["email"] == ADA
    assert data["account"]["name"] == "Ada"
    assert len(data["sessions"]) == 1
    assert data["api_tokens"][0]["name"] == "robot"
    assert data["memberships"][0]["tier"] == "session-organiser"
    assert data["memberships"][0]["reason"] == "gave 120 EUR"
    for secret in ("argon2", token.secret, "hash", "Olga", "bo@example.org", "somebody else's"):
        assert secret not in answer.text


async def test_features_add_their_part_to_the_export(her, ada, monkeypatch):
    async def rooms(session, user_id: int) -> dict[str, object]:
        del session
        return {"shelves": [{"of": user_id, "since": clock.now()}]}

    monkeypatch.setattr(export, "exporters", [*export.exporters])
    export.exports(rooms)
    export.exports(rooms)  # twice is once
    data = json.loads((await her.open("/account/data.json")).text)
    assert data["shelves"][0]["of"] == ada.id
    assert export.exporters.count(rooms) == 1


async def test_deleting_an_account_takes_everything_but_a_nameless_holder_and_its_memberships(
    her, ada, database
):
    await membership(database, ada)
    async with database.transaction() as session:
        await create_token(session, ada.id, "robot", days=None)
    await farewell(her)
    assert "Your account is deleted" in her.words
    assert not await is_signed_in(her)
    async with database.transaction() as session:
        for table in (User, BrowserSession, ApiToken):
            assert await session.scalar(select(func.count()).select_from(table)) == 0
        assert (await session.get_one(Holder, ada.holder_id)).name == ""
        assert await session.scalar(select(func.count()).select_from(Membership)) == 1
    assert "is deleted" in (await her.mails(ADA))[-1].subject


async def test_a_deleted_account_opens_to_nobody_and_its_address_is_free_again(her, ada, database):
    del ada
    await farewell(her)
    await sign_in(her)
    assert "There is no account" in her.words
    await make_user(database)
    await sign_in(her)
    assert await is_signed_in(her)


@pytest.mark.parametrize(
    ("password", "word", "sentence"),
    [
        (OTHER_PASSWORD, "delete", "This is not your password."),
        (PASSWORD, "yes", "Type the word “delete” here."),
        (PASSWORD, "", "Type the word “delete” here."),
        ("", "delete", "Fill this in."),
    ],
)
async def test_an_account_is_deleted_only_by_its_password_and_the_word(
    her, ada, database, password, word, sentence
):
    await farewell(her, password, word)
    assert her.page.status_code == 422
    assert sentence in her.words
    assert await exists(database, ada)
    assert await is_signed_in(her)


async def test_the_word_may_be_typed_with_capitals(her, ada, database):
    await farewell(her, word=" DELETE ")
    assert not await exists(database, ada)


@pytest.mark.parametrize("state", [MeetingState.STARTING, MeetingState.RUNNING])
async def test_whoever_has_a_meeting_running_ends_it_first(her, ada, database, state):
    await her.open("/account/delete")  # the form, before the meeting starts
    await meeting(database, ada, state)
    await her.submit("/account/delete", password=PASSWORD, word="delete")
    assert her.page.status_code == 409
    assert "A meeting of yours is running: Weekly assembly." in her.words
    assert await exists(database, ada)
    await her.open("/account/delete")
    assert "A meeting of yours is running: Weekly assembly." in her.words
    assert "Delete my account" not in her.words


async def test_a_meeting_that_is_over_keeps_nobody(her, ada, database):
    await meeting(database, ada, MeetingState.ENDED)
    await farewell(her)
    assert not await exists(database, ada)


async def test_the_only_admin_of_an_organisation_hands_it_over_first(her, ada, database):
    bo = await make_user(database, "bo@example.org")
    await organisation(database, [ada], (bo,))
    await her.open("/account/delete")
    assert "You are the only admin of Riverside Housing." in her.words
    async with database.transaction() as session:
        with pytest.raises(StillNeededError):
            await delete_account(session, ada.id)


async def test_of_the_last_two_admins_who_leave_at_once_one_stays(ada, database):
    bo = await make_user(database, "bo@example.org")
    await organisation(database, [ada, bo])

    async def leave(user: User) -> bool:
        try:
            async with database.transaction() as session:
                await delete_account(session, user.id)
        except StillNeededError:
            return False
        return True

    assert sorted(await asyncio.gather(leave(ada), leave(bo))) == [False, True]


async def test_a_host_of_an_organisation_may_leave(her, ada, database):
    bo = await make_user(database, "bo@example.org")
    await organisation(database, [bo], (ada,))
    await farewell(her)
    assert not await exists(database, ada)


async def test_the_only_operator_stays_until_there_is_another(her, ada, database):
    async with database.transaction() as session:
        await create_operator(session, ADA, "Ada", "")
    await her.open("/account/delete")
    assert "You are the only operator of this site." in her.words
    async with database.transaction() as session:
        await create_operator(session, "bo@example.org", "Bo", PASSWORD)
    await farewell(her)
    assert not await exists(database, ada)


async def test_features_take_their_part_away_or_object(ada, database, monkeypatch):
    monkeypatch.setattr(deletion, "hooks", [])
    monkeypatch.setattr(deletion, "objectors", [])
    seen = []

    async def hook(session, user_id: int) -> None:
        seen.append(await session.scalar(select(User.email).where(User.id == user_id)))

    async def objection(session, user_id: int) -> str | None:
        del session, user_id
        return None if seen else "Water the plants first."

    goes_with_account(hook)
    stands_in_the_way(objection)
    async with database.transaction() as session:
        with pytest.raises(StillNeededError) as refused:
            await delete_account(session, ada.id)
    assert str(refused.value.message) == "Water the plants first."
    seen.append("watered")
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    assert seen == ["watered", ADA]
    assert not await exists(database, ada)


async def test_an_operator_made_from_the_command_line_is_verified_and_can_sign_in(someone, database):
    async with database.transaction() as session:
        made = await create_operator(session, ADA, "Ada", PASSWORD)
    assert made.is_new
    assert made.user.is_operator
    assert made.user.verified_at is not None
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_an_account_that_exists_is_promoted_and_keeps_its_password(someone, database):
    user = await make_user(database, verified=False)
    async with database.transaction() as session:
        await ban(session, user.id, "by mistake")
    async with database.transaction() as session:
        made = await create_operator(session, ADA.upper(), "Someone", OTHER_PASSWORD)
    assert not made.is_new
    assert (made.user.id, made.user.name) == (user.id, "Ada")
    assert made.user.is_operator
    assert made.user.verified_at is not None
    await sign_in(someone)
    assert await is_signed_in(someone)


async def test_an_operator_with_a_weak_password_is_not_made(database):
    async with database.transaction() as session:
        with pytest.raises(WeakPasswordError):
            await create_operator(session, ADA, "Ada", "password1")
        assert await session.scalar(select(func.count()).select_from(User)) == 0


async def test_accounts_that_were_never_verified_are_forgotten_after_a_month(database, move_clock):
    await make_user(database, verified=False)
    kept = await make_user(database, "kept@example.org")
    given = await make_user(database, "given@example.org", verified=False)
    await membership(database, given)
    await move_clock(days=29)
    async with database.transaction() as session:
        await forget_unverified(session)
        assert await session.scalar(select(func.count()).select_from(User)) == 3
    await move_clock(days=2)
    async with database.transaction() as session:
        await forget_unverified(session)
        left = set(await session.scalars(select(User.id)))
        holders = set(await session.scalars(select(Holder.id)))
    assert left == {kept.id, given.id}
    assert holders == {kept.holder_id, given.holder_id}


async def test_passwords_links_cookies_and_tokens_are_in_no_log_line(someone, database, capfd):
    with capture_logs() as logs:
        await someone.open("/sign-up")
        await someone.submit("/sign-up", name="Ada", email=ADA, password=PASSWORD)
        verify = (await someone.link_in_mail(ADA)).rpartition("/")[2]
        await someone.open(f"/verify/{verify}")
        await someone.submit("/verify/")
        await someone.submit("/sign-out", follow=False)
        await sign_in(someone, password=OTHER_PASSWORD)
        await sign_in(someone)
        cookie = someone.client.cookies["session"]
        await someone.open("/account/tokens")
        await someone.submit("/account/tokens", name="robot")
        token = "gh_" + someone.page.text.partition('value="gh_')[2].partition('"')[0]
        await someone.open("/account/email")
        await someone.submit("/account/email", email="new@example.org", password=PASSWORD)
        change = (await someone.link_in_mail("new@example.org")).rpartition("/")[2]
        await someone.open("/forgotten-password")
        await someone.submit("/forgotten-password", email=ADA)
        reset = (await someone.link_in_mail(ADA)).rpartition("/")[2]
        await someone.open(f"/new-password/{reset}")
        await someone.submit("/new-password/", new_password=OTHER_PASSWORD)
    async with database.transaction() as session:
        hashed = await session.scalar(select(User.password_hash))
    assert len(logs) > 15
    said = repr(logs) + "".join(capfd.readouterr())
    for secret in (
        PASSWORD,
        OTHER_PASSWORD,
        verify,
        cookie,
        token,
        change,
        reset,
        hashed,
        ADA,
        "new@example.org",
    ):
        assert secret
        assert secret not in said


async def test_the_session_of_someone_who_was_deleted_elsewhere_is_over(her, ada, database):
    async with database.transaction() as session:
        await delete_account(session, ada.id)
    assert not await is_signed_in(her)


async def test_seldom_used_sessions_say_when_they_were_seen(her, move_clock):
    await move_clock(minutes=30)
    await her.open("/account/sessions")
    assert "now" in her.words
    assert clock.offset() >= timedelta(minutes=30)
