"""An address that was refused for good is marked until it is changed or confirmed again; operators see why."""

import pytest
from sqlalchemy import func, select, text, update

from app import clock
from app.accounts import reach
from app.accounts.models import User
from app.mail import OutgoingMail
from app.mail.bounces import bounce_of, mark
from app.mail.faults import Reason
from tests.conftest import new_person
from tests.factories import signed_in

WORDS = "550 5.1.1 <ada@example.org>: user unknown & <gone>"


async def bounced(database, address="ada@example.org"):
    async with database.transaction() as session:
        return await bounce_of(session, address)


@pytest.fixture
async def refused_ada(database, ada):
    async with database.transaction() as session:
        await mark(session, "Ada@Example.org", WORDS)
    return ada


async def test_the_account_says_that_mail_comes_back_and_what_the_server_said(refused_ada, at_ada_s):
    for path in ("/account", "/account/email"):
        await at_ada_s.open(path)
        assert "Mail to ada@example.org comes back" in at_ada_s.words
        assert WORDS in at_ada_s.words


async def test_it_says_nothing_as_long_as_mail_arrives(at_ada_s):
    await at_ada_s.open("/account")
    assert "comes back" not in at_ada_s.words


async def test_operators_read_it_on_the_persons_page(olu, refused_ada):
    await olu.open(f"/admin/people/{refused_ada.id}")
    assert "Mail comes back" in olu.words
    assert WORDS in olu.words


async def test_confirming_the_address_again_takes_the_mark_away(site, database, refused_ada, at_ada_s):
    await at_ada_s.open("/account/email")
    await at_ada_s.submit("/account/email/again")
    link = (await at_ada_s.link_in_mail("ada@example.org")).removeprefix("http://127.0.0.1:8000")
    assert await bounced(database) is not None
    async with new_person(site) as elsewhere:
        await elsewhere.open(link)
        assert await bounced(database) is not None  # looking is not enough
        await elsewhere.submit(link)
    assert await bounced(database) is None
    await at_ada_s.open("/account/email")
    assert "comes back" not in at_ada_s.words


async def test_the_link_is_of_no_use_for_another_address_or_later(
    site, database, refused_ada, at_ada_s, move_clock
):
    await at_ada_s.open("/account/email")
    await at_ada_s.submit("/account/email/again")
    link = (await at_ada_s.link_in_mail("ada@example.org")).removeprefix("http://127.0.0.1:8000")
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == refused_ada.id).values(email="new@example.org"))
    assert (await at_ada_s.open(link)).status_code == 410
    async with database.transaction() as session:
        await session.execute(update(User).where(User.id == refused_ada.id).values(email="ada@example.org"))
    assert (await at_ada_s.open(link)).status_code == 200
    await move_clock(days=4)
    assert (await at_ada_s.open(link)).status_code == 410


async def test_changing_the_address_takes_the_mark_away(database, refused_ada):
    from app.accounts.changes import change_address

    async with database.transaction() as session:
        user = await session.get_one(User, refused_ada.id)
        await change_address(session, user, "new@example.org", stay_signed_in=None, end_tokens=False)
    assert await bounced(database) is None


async def test_verifying_takes_the_mark_away(database, refused_ada):
    from app.accounts.service import verify_address

    async with database.transaction() as session:
        await verify_address(session, await session.get_one(User, refused_ada.id))
    assert await bounced(database) is None


async def test_marks_of_strangers_go_after_a_month_and_those_of_people_stay(
    database, refused_ada, move_clock
):
    async with database.transaction() as session:
        await mark(session, "stranger@example.org", "550 no")
    await move_clock(days=31)
    async with database.transaction() as session:
        await reach.forget_strangers(session)
    assert await bounced(database, "stranger@example.org") is None
    assert await bounced(database) is not None


async def test_what_is_known_is_in_ones_data_and_goes_with_the_account(database, refused_ada, at_ada_s):
    data = (await at_ada_s.client.get("/account/data.json")).json()
    assert data["mail"]["refused"]["words"] == WORDS
    from app.accounts.deletion import delete_account

    async with database.transaction() as session:
        await delete_account(session, refused_ada.id)
    assert await bounced(database) is None


# The operators' list


@pytest.fixture
async def two_mails(database):
    async with database.transaction() as session:
        now = clock.now()
        said = {
            "subject": "A secret subject",
            "text": "https://secret",
            "html": "https://secret",
            "created_at": now,
        }
        waits = OutgoingMail(
            to="jo@example.org",
            mail="verify_address",
            tries=3,
            reason=Reason.UNTRUSTED,
            next_try_at=now,
            **said,
        )
        waits.words = "certificate verify failed"
        ended = OutgoingMail(
            to="ada@example.org", mail="goodbye", tries=1, reason=Reason.RECIPIENT, ended_at=now, **said
        )
        ended.words = WORDS
        session.add_all([waits, ended])
        await session.flush()
        return waits.id, ended.id


async def jobs_of(database):
    async with database.transaction() as session:
        found = await session.scalars(text("SELECT (args ->> 'mail_id')::bigint FROM procrastinate_jobs"))
        return sorted(found)


async def test_operators_read_the_servers_words_and_never_what_is_in_a_mail(olu, two_mails):
    await olu.open("/admin")
    assert "One mail was refused for good." in olu.words
    await olu.open("/admin/mails")
    for words in ("jo@example.org", "isn’t trusted", "certificate verify failed", "refused for good", WORDS):
        assert words in olu.words
    assert "secret" not in olu.page.text


async def test_one_mail_is_tried_again_and_another_dropped(olu, database, two_mails):
    waits, ended = two_mails
    await olu.open("/admin/mails")
    await olu.submit(f"/admin/mails/{ended}/retry")
    assert "It’s being tried now." in olu.words
    assert await jobs_of(database) == [ended]
    await olu.submit(f"/admin/mails/{waits}/drop")
    async with database.transaction() as session:
        [left] = list(await session.scalars(select(OutgoingMail)))
    assert (left.id, left.ended_at) == (ended, None)
    assert (await olu.client.post(f"/admin/mails/{waits}/drop")).status_code == 403


async def test_all_are_tried_again_at_once(olu, database, two_mails):
    await olu.open("/admin/mails")
    await olu.submit("/admin/mails/retry")
    assert await jobs_of(database) == sorted(two_mails)


async def test_what_is_being_sent_is_neither_sent_twice_nor_dropped(olu, database, two_mails):
    waits, _ended = two_mails
    async with database.transaction() as session:
        mail = await session.get_one(OutgoingMail, waits)
        mail.reason, mail.next_try_at = Reason.TRYING, clock.now().replace(year=clock.now().year + 1)
    await olu.open("/admin/mails")
    await olu.submit(f"/admin/mails/{waits}/retry")
    assert "It’s being sent right now" in olu.words
    await olu.submit(f"/admin/mails/{waits}/drop")
    assert "It’s being sent right now" in olu.words
    assert await jobs_of(database) == []
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(OutgoingMail)) == 2


async def test_an_empty_list_says_so_and_a_mail_that_is_gone_is_not_there(
    olu, site, database, operator, two_mails
):
    async with database.transaction() as session:
        await session.execute(text("DELETE FROM outgoing_mails"))
    await olu.open("/admin/mails")
    assert "All mail has left" in olu.words
    async with signed_in(site, operator) as again:
        await again.open("/account")
        token = again.form("").fields["form_token"]
        answer = await again.client.post(f"/admin/mails/{two_mails[0]}/retry", data={"form_token": token})
    assert answer.status_code == 404
