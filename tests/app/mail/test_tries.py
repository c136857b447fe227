"""Against a real SMTP server: each try is written down with why, when again and whose matter it is."""

import asyncio
from types import SimpleNamespace

import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy import select, text

from app import clock, jobs, mail
from app.mail import OutgoingMail, smtp
from app.mail.bounces import bounce_of
from app.mail.delivery import MOST_AT_ONCE, WAITS, _Turns
from app.mail.faults import NotSentError, Reason, Stage, reason_of
from app.mail.trial import send_test_mail
from tests.app.mail.post_office import LOGIN, USER, post_office, rude_server

ADA = "ada@example.org"


@pytest.fixture
def trusting(settings, authority):
    return settings.model_copy(update={"ca_file": authority.file})


async def write(site):
    async with site.state.database.transaction() as session:
        await site.state.mailer.send(session, ADA, "goodbye", language="en")
        return await session.scalar(select(OutgoingMail.id).order_by(OutgoingMail.id.desc()).limit(1))


async def attempt(site, settings, number, url, job=None):
    """One try, with what the log said of it."""
    around = jobs.Surroundings(
        settings.model_copy(update={"smtp_url": url}), site.state.database, site.state.alerts
    )
    context = SimpleNamespace(additional_context={"surroundings": around}, job=job)
    with structlog.testing.capture_logs() as lines:
        try:
            await mail.deliver.func(context, mail_id=number)
        except NotSentError as error:
            lines.append({"wait": error.wait})
    return lines


async def row(site, number):
    async with site.state.database.transaction() as session:
        return await session.get(OutgoingMail, number)


async def bounce(site):
    async with site.state.database.transaction() as session:
        return await bounce_of(session, ADA.upper())


async def failed(site, settings, url):
    """The line of a first try that failed, and the mail after it."""
    number = await write(site)
    [line, *_rest] = await attempt(site, settings, number, url)
    assert (line["event"], line["mail"], line["attempt"]) == ("mail.not_sent", number, 1)
    assert ADA not in str(line)
    return line, await row(site, number)


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_a_mail_goes_over_tls_with_a_login_and_a_ca_of_ones_own(site, trusting, authority, kind):
    scheme = "smtps" if kind == "tls" else "smtp"
    async with post_office(**{kind: authority.server()}, login=True) as office:
        number = await write(site)
        [line] = await attempt(site, trusting, number, office.url(scheme, login=LOGIN))
    assert (line["event"], line["attempt"], line["server"]) == ("mail.sent", 1, "250 2.0.0 queued as 4F1")
    assert office.envelopes == [("hall@example.org", [ADA])]
    assert office.peers_over_tls == [True]
    assert office.logins
    assert await row(site, number) is None


@pytest.mark.parametrize("kind", ["starttls", "tls"])
async def test_an_untrusted_ca_loses_no_mail_and_is_in_the_log(site, settings, authority, kind):
    scheme = "smtps" if kind == "tls" else "smtp"
    async with post_office(**{kind: authority.server()}) as office:
        line, kept = await failed(site, settings, office.url(scheme))
    assert line["reason"] == kept.reason == "untrusted_certificate"
    assert "certificate verify failed" in line["server"]
    assert line["next"] == kept.next_try_at.isoformat()
    assert kept.ended_at is None
    assert await bounce(site) is None


async def test_a_certificate_of_another_name_is_not_trusted(site, trusting, authority):
    async with post_office(starttls=authority.server("mail.example.org")) as office:
        line, _kept = await failed(site, trusting, office.url())
    assert line["reason"] == "untrusted_certificate"


async def test_a_wrong_password_loses_no_mail_and_is_in_the_log(site, trusting, authority):
    async with post_office(starttls=authority.server(), login=True) as office:
        line, kept = await failed(site, trusting, office.url(login="hall:nonsense-nonsense"))
        assert line["reason"] == kept.reason == "login_refused"
        assert line["server"].startswith("535 ")
        assert "nonsense" not in str(line) + kept.words
        # Mended meanwhile: the next try takes it.
        lines = await attempt(site, trusting, kept.id, office.url(login=LOGIN))
    assert [(one["event"], one["attempt"]) for one in lines] == [("mail.sent", 2)]
    assert await bounce(site) is None


async def test_a_password_is_not_sent_in_clear_over_the_network(site, settings, monkeypatch):
    monkeypatch.setattr(smtp, "LOOPBACK", frozenset())
    async with post_office() as office:
        line, kept = await failed(site, settings, office.url(login=LOGIN))
    assert line["reason"] == "tls"
    assert "STARTTLS" in kept.words
    assert office.logins == []


@pytest.mark.parametrize(
    ("command", "answer", "reason"),
    [
        ("RCPT", "451 4.7.1 greylisted, come back", "later"),
        ("RCPT", "450 try later", "later"),
        ("DATA", "452 4.3.1 no space", "later"),
        ("MAIL", "421 4.3.2 shutting down", "later"),
        ("MAIL", "550 5.7.1 this sender is not yours", "sender_refused"),
        ("MAIL", "530 5.7.0 log in first", "login_refused"),
        ("RCPT", "554 5.7.1 <ada@example.org>: Relay access denied", "relay_refused"),
        ("RCPT", "550 relay not permitted", "relay_refused"),
        ("RCPT", "530 5.7.1 Authentication required", "login_refused"),
        ("RCPT", "503 5.5.1 bad sequence", "relay_refused"),
    ],
)
async def test_what_is_not_the_addresss_fault_is_tried_again(site, settings, command, answer, reason):
    async with post_office() as office:
        office.answers[command] = [answer]
        line, kept = await failed(site, settings, office.url())
        assert (line["reason"], kept.reason) == (reason, reason)
        assert kept.words == answer
        assert kept.ended_at is None
        assert WAITS[0] <= kept.next_try_at - kept.tried_at < 2 * WAITS[0]
        assert await bounce(site) is None
        office.answers.clear()
        lines = await attempt(site, settings, kept.id, office.url())
    assert [(one["event"], one["attempt"]) for one in lines] == [("mail.sent", 2)]
    assert len(office.letters) == 1


@pytest.mark.parametrize(
    ("command", "answer", "marked"),
    [
        ("RCPT", "550 5.1.1 <ada@example.org>: user unknown", True),
        ("RCPT", "550 no such user here", True),
        ("RCPT", "552 5.2.2 mailbox full", True),
        ("RCPT", "550 5.4.4 no such host", True),
        ("RCPT", "554 5.7.1 rejected by policy", False),
        ("DATA", "550 5.1.1 user unknown", True),
        ("DATA", "554 5.6.0 it looks like spam", False),
        ("DATA", "552 too large", False),
    ],
)
async def test_what_is_refused_for_good_ends_at_once(site, settings, command, answer, marked):
    async with post_office() as office:
        office.answers[command] = [answer]
        line, kept = await failed(site, settings, office.url())
        assert line["next"] == "never"
        assert (kept.ended_at is not None, kept.next_try_at) == (True, None)
        assert kept.words == answer
        # A job that was left over does nothing any more.
        assert await attempt(site, settings, kept.id, office.url()) == []
    found = await bounce(site)
    assert (found.words if found else None) == (answer if marked else None)


async def test_a_server_that_hangs_holds_nobody_up(site, settings, monkeypatch):
    monkeypatch.setattr(smtp, "SECONDS_IN_ALL", 0.2)
    for lines in ((), ("220 here",), ("220 here", "250-post", "250 AUTH")):
        async with rude_server(*lines) as port:
            line, _kept = await failed(site, settings, SecretStr(f"smtp://127.0.0.1:{port}"))
        assert line["reason"] == "timeout"
        assert line["server"]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((None,), "unreachable"),
        (("220 here", None), "disconnected"),
        (("220 here", "250 post", None), "disconnected"),
        (("220 here", "250 post", "250 fine", "250 fine", None), "disconnected"),
        (("220 here", "250 post", "250 fine", "250 fine", "354 go on", None), "disconnected"),
        (("554 5.7.1 no mail from your network",), "relay_refused"),
        (("421 too busy",), "later"),
    ],
)
async def test_a_server_that_goes_away_or_will_not_begin_is_tried_again(site, settings, lines, reason):
    async with rude_server(*lines) as port:
        line, kept = await failed(site, settings, SecretStr(f"smtp://127.0.0.1:{port}"))
    assert line["reason"] == reason
    assert kept.ended_at is None


async def test_nobody_listening_and_a_name_that_is_none_are_said(site, settings):
    for url in ("smtp://127.0.0.1:9", "smtp://no-such-host.invalid:25"):
        line, _kept = await failed(site, settings, SecretStr(url))
        assert line["reason"] == "unreachable"


async def test_the_waits_between_tries_grow(site, settings):
    number = await write(site)
    for count, wait in enumerate((*WAITS, WAITS[-1]), start=1):
        lines = await attempt(site, settings, number, SecretStr("smtp://127.0.0.1:9"))
        assert (lines[0]["attempt"], lines[-1]["wait"]) == (count, wait)


async def test_a_mail_that_another_job_is_at_is_left_to_it(site, settings):
    number = await write(site)
    async with post_office() as office:
        office.answers["RCPT"] = ["450 later"]
        await attempt(site, settings, number, office.url(), SimpleNamespace(id=5))
        office.answers.clear()
        assert await attempt(site, settings, number, office.url(), SimpleNamespace(id=6)) == []
        # A worker was killed: its job is done once more, whenever that is.
        lines = await attempt(site, settings, number, office.url(), SimpleNamespace(id=5))
    assert lines[0]["event"] == "mail.sent"
    assert len(office.letters) == 1


async def test_three_at_once_and_the_others_wait_without_a_try(site, settings, monkeypatch):
    number = await write(site)
    monkeypatch.setattr(_Turns, "taken", MOST_AT_ONCE)
    [line] = await attempt(site, settings, number, SecretStr("smtp://127.0.0.1:9"))
    assert line["wait"].total_seconds() < 10
    assert (await row(site, number)).tries == 0


async def test_every_letter_that_is_given_up_is_in_the_log(site, settings, move_clock):
    number = await write(site)
    await attempt(site, settings, number, SecretStr("smtp://127.0.0.1:9"))
    await move_clock(days=8)
    with structlog.testing.capture_logs() as lines:
        async with site.state.database.transaction() as session:
            await mail.forget_old(session, settings)
    [line] = lines
    assert (line["event"], line["mail"], line["reason"], line["tries"]) == (
        "mail.given_up",
        number,
        "unreachable",
        1,
    )


async def test_a_real_worker_tries_again_at_the_next_moment(site, settings, monkeypatch):
    """The job library is told when: nothing else would try it again."""
    from app.worker import TASKS

    number = await write(site)
    async with post_office() as office:
        office.answers["RCPT"] = ["450 4.2.0 later", "450 4.2.0 later"]
        changed = settings.model_copy(update={"smtp_url": office.url()})
        with jobs.runner(changed, TASKS) as app:
            async with app.open_async():
                await app.run_worker_async(
                    queues=[jobs.QUEUE],
                    wait=False,
                    install_signal_handlers=False,
                    additional_context={
                        "surroundings": jobs.Surroundings(changed, site.state.database, site.state.alerts)
                    },
                )
    async with site.state.database.transaction() as session:
        job = (
            await session.execute(
                text("SELECT status, scheduled_at FROM procrastinate_jobs WHERE args ? 'mail_id'")
            )
        ).one()
    kept = await row(site, number)
    assert (job.status, kept.tries) == ("todo", 1)
    assert abs((job.scheduled_at - clock.now()).total_seconds() - WAITS[0].total_seconds()) < 10


def test_each_answer_is_somebodys_matter():
    for stage in Stage:
        assert reason_of(stage, 451, "4.3.0 later") is Reason.LATER
    assert reason_of(Stage.TLS, 554, "no") is Reason.TLS
    assert reason_of(Stage.LOGIN, 534, "5.7.9 too weak") is Reason.LOGIN


async def test_the_password_and_the_user_are_read_from_the_address(settings):
    url = SecretStr(f"smtp://{LOGIN}@mail.example.org:2525")
    talk = smtp.Conversation(settings.model_copy(update={"smtp_url": url}))
    assert (talk.host, talk.port, talk.user) == ("mail.example.org", 2525, USER)
    await asyncio.sleep(0)


async def test_a_test_mail_is_sent_with_all_that_is_said(trusting, authority):
    steps = []
    async with post_office(starttls=authority.server(), login=True) as office:
        there = trusting.model_copy(update={"smtp_url": office.url(login=LOGIN)})
        assert await send_test_mail(there, "jo@mail.lan", lambda done, said: steps.append((done, said)))
        said = dict(steps)
        assert said["MAIL FROM:<hall@example.org>"] == "250 2.1.0 fine"
        assert said["RCPT TO:<jo@mail.lan>"] == "250 2.1.5 fine"
        assert said["DATA"] == "250 2.0.0 queued as 4F1"
        assert "STARTTLS" in said["EHLO"] or "AUTH" in said["EHLO"]
        assert f"log in as {USER}" in said
        assert "pa:ss" not in str(steps)
        office.answers["RCPT"] = ["550-5.1.1 unknown\r\n550 5.1.1 ask the office"]
        steps.clear()
        assert not await send_test_mail(there, "jo@mail.lan", lambda done, said: steps.append((done, said)))
    assert steps[-1] == ("not sent (recipient_refused)", "550 5.1.1 unknown\n5.1.1 ask the office")
    assert len(office.letters) == 1
