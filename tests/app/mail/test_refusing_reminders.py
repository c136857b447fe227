"""Reminders can be ended: by one click in a mail program, from the page behind the link, and on one's account."""

import email
import email.policy
import re

import pytest
from sqlalchemy import func, select

from app.accounts.reminders import unsubscribe_links
from app.mail import OutgoingMail
from app.mail.message import message_of
from app.mail.reminders import KINDS, refusals_of
from app.main import make_app
from tests.app.mail.letters import LETTERS
from tests.conftest import new_person

HTTPS = "https://meet.example.org"
TASK = dict(LETTERS)["task_news"]
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


async def write(site, user, name="task_news", **context):
    async with site.state.database.transaction() as session:
        told = dict(LETTERS)[name] | context
        await site.state.mailer.send(session, user.email, name, language="en", reader=user.id, **told)


async def waiting(site):
    async with site.state.database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(OutgoingMail))


async def refused(site, user):
    async with site.state.database.transaction() as session:
        return await refusals_of(session, user.id)


@pytest.fixture
def link(settings, ada):
    return unsubscribe_links(settings)(ada.id, "tasks").removeprefix(settings.public_url)


@pytest.mark.parametrize("name", sorted({name for name, _context in LETTERS}))
async def test_reminders_say_how_to_end_them_and_nothing_else_does(site, settings, ada, name):
    secure = settings.model_copy(update={"public_url": HTTPS})
    mailer = make_app(secure).state.mailer
    async with site.state.database.transaction() as session:
        await mailer.send(session, ada.email, name, language="en", reader=ada.id, **dict(LETTERS)[name])
        mail = await session.scalar(select(OutgoingMail))
    raw = message_of(mail, secure)
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    if name not in KINDS:
        assert (letter["List-Unsubscribe"], letter["List-Unsubscribe-Post"]) == (None, None)
        assert "Unsubscribe" not in mail.html + mail.text
        return
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = re.fullmatch(rf"<({HTTPS}/unsubscribe/[\w.-]+)>", letter["List-Unsubscribe"])[1]
    # In one piece: no encoded words and nothing cut.
    assert f"<{address}>".encode() in raw
    for part in ("plain", "html"):
        assert address in letter.get_body((part,)).get_content()


async def test_without_https_there_is_a_link_and_no_one_click(site, settings, ada):
    await write(site, ada)
    async with site.state.database.transaction() as session:
        raw = message_of(await session.scalar(select(OutgoingMail)), settings)
    letter = email.message_from_bytes(raw, policy=email.policy.default)
    assert letter["List-Unsubscribe"].startswith("<http://127.0.0.1:8000/unsubscribe/")
    assert letter["List-Unsubscribe-Post"] is None


async def test_one_click_without_cookie_and_login_really_ends_them(site, someone, ada, link):
    await write(site, ada)
    await write(site, ada, "goodbye")
    answer = await someone.client.post(link, data=ONE_CLICK)
    assert (answer.status_code, answer.is_redirect) == (200, False)
    assert await refused(site, ada) == {"tasks"}
    # What was on its way does not come any more either; what is no reminder does.
    assert await waiting(site) == 1
    await write(site, ada)
    assert await waiting(site) == 1
    await write(site, ada, "recording_storage")
    assert await waiting(site) == 2


async def test_one_click_may_come_in_parts(site, someone, ada, link):
    answer = await someone.client.post(link, files={"List-Unsubscribe": (None, "One-Click")})
    assert answer.status_code == 200
    assert await refused(site, ada) == {"tasks"}


async def test_looking_at_the_link_ends_nothing_and_one_button_does(site, someone, ada, link):
    for method in ("GET", "HEAD"):
        assert (await someone.client.request(method, link)).status_code == 200
    assert await refused(site, ada) == set()
    await someone.open(link)
    assert "News about tasks" in someone.words
    await someone.submit("/unsubscribe/")
    assert "You won’t get these mails any more" in someone.words
    assert await refused(site, ada) == {"tasks"}
    await someone.submit("/unsubscribe/")
    assert await refused(site, ada) == set()


async def test_a_link_that_is_not_ours_ends_nothing(site, someone, settings, ada, link):
    forged = [f"{link}x", "/unsubscribe/x", unsubscribe_links(settings)(ada.id + 99, "tasks")]
    forged += [unsubscribe_links(settings)(ada.id, "everything")]
    for path in forged:
        assert (
            await someone.client.post(path.removeprefix("http://127.0.0.1:8000"), data=ONE_CLICK)
        ).status_code == 404
    assert await refused(site, ada) == set()


async def test_a_form_without_the_word_of_the_rfc_is_no_click(site, someone, ada, link):
    for data in ({}, {"List-Unsubscribe": "Maybe"}, {"List-Unsubscribe": "Undo"}):
        answer = await someone.client.post(link, data=data)
        assert answer.status_code in {403, 413}
    too_large = {"List-Unsubscribe": "One-Click", "more": "x" * 20_000}
    assert (await someone.client.post(link, data=too_large)).status_code == 413
    assert await refused(site, ada) == set()


async def test_the_link_works_for_years_and_after_a_new_address(site, someone, ada, link, move_clock):
    await move_clock(days=1200)
    assert (await someone.client.post(link, data=ONE_CLICK)).status_code == 200


async def test_on_ones_account_each_kind_is_a_box(site, at_ada_s, ada, link):
    await at_ada_s.open("/account/reminders")
    assert at_ada_s.form("/account/reminders").fields.keys() >= {"membership", "storage", "tasks"}
    assert "interests" not in at_ada_s.form("/account/reminders").names
    await at_ada_s.submit("/account/reminders", tasks=None, storage=None)
    assert await refused(site, ada) == {"tasks", "storage"}
    await at_ada_s.submit("/account/reminders", tasks="yes")
    assert await refused(site, ada) == {"storage"}
    async with new_person(site) as elsewhere:
        await elsewhere.client.post(link, data=ONE_CLICK)
    await at_ada_s.open("/account/reminders")
    assert "tasks" not in at_ada_s.form("/account/reminders").fields


async def test_operators_may_do_without_news_of_who_wants_to_join(site, olu, operator):
    await olu.open("/account/reminders")
    await olu.submit("/account/reminders", interests=None)
    assert await refused(site, operator) == {"interests"}


async def test_an_answer_to_an_application_goes_to_who_applied(site, settings, operator):
    await write(site, operator, "interest_new", reply_to="rosa@example.org")
    async with site.state.database.transaction() as session:
        raw = message_of(await session.scalar(select(OutgoingMail)), settings)
    assert email.message_from_bytes(raw)["Reply-To"] == "rosa@example.org"
