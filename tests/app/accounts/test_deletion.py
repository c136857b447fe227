"""Deleting one's account: what goes, what stays, and what stands in the way."""

import asyncio

import pytest
from sqlalchemy import func, select

from app import clock
from app.accounts import deletion
from app.accounts.deletion import StillNeededError, delete_account, goes_with_account, stands_in_the_way
from app.accounts.models import ApiToken, BrowserSession, User
from app.accounts.service import create_operator
from app.accounts.tokens import create_token
from app.meetings.models import Meeting, MeetingState
from app.memberships.models import Holder, HolderKind, Membership
from app.organisations.models import HostRole, Organisation, OrganisationHost
from app.servers.models import Server
from tests.app.accounts.conftest import (
    ADA,
    OTHER_PASSWORD,
    PASSWORD,
    is_signed_in,
    make_user,
    membership,
    sign_in,
)

pytestmark = pytest.mark.slow


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
