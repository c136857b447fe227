"""Mails leave here: the worker hands them to the SMTP server, tries again, writes down why not, and forgets them."""

import contextlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from procrastinate import BaseRetryStrategy, Blueprint, JobContext, RetryDecision
from procrastinate.jobs import Job
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, jobs
from app.mail import bounces
from app.mail.faults import FOR_GOOD, NotSentError, Reason, without_addresses
from app.mail.models import OutgoingMail
from app.mail.smtp import SECONDS_IN_ALL, Conversation
from app.settings import Settings

KEEP_UNSENT = timedelta(days=7)
KEEP_IN_DEMO = timedelta(days=30)
# After the first try, the second, and so on; the last of these again and again.
WAITS = tuple(timedelta(seconds=seconds) for seconds in (15, 60, 300, 900, 1800, 3600, 7200))
# A worker that was killed in the middle of a try is over by then.
TRY_LASTS = timedelta(seconds=SECONDS_IN_ALL + 30)
# At the same time in one process: a server that hangs leaves the worker its other hands.
MOST_AT_ONCE = 3
BUSY = timedelta(seconds=3)

log = structlog.get_logger()
tasks = Blueprint()


class _Again(BaseRetryStrategy):
    """The next try is when the mail says it is; after a failure of another kind, by the same waits."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision:
        """When to try again."""
        wait = exception.wait if isinstance(exception, NotSentError) else None
        wait = wait or _wait_after(job.attempts + 1)
        return RetryDecision(retry_in={"seconds": int(wait.total_seconds())})


class _Turns:
    """How many mails this process is handing over."""

    taken = 0


@tasks.task(name="deliver", pass_context=True, queue=jobs.QUEUE, retry=_Again())
async def deliver(context: JobContext, mail_id: int) -> None:
    """Hand one mail to the SMTP server and forget it. In demo mode it stays, for the mailbox in the browser.

    Raises NotSentError, which has the job tried again; not where the mail was refused for good.
    """
    around = jobs.surroundings(context)
    if around.settings.demo and not around.settings.smtp_url.get_secret_value():
        async with around.database.transaction() as session:
            shown = await session.get(OutgoingMail, mail_id, with_for_update=True)
            if shown is not None:
                await _do_what_follows(session, shown)
        return
    if _Turns.taken >= MOST_AT_ONCE:
        busy = NotSentError(Reason.LATER, "other mails are being sent")
        busy.wait = BUSY
        raise busy
    _Turns.taken += 1
    try:
        await _try(around, mail_id, _job_of(context))
    finally:
        _Turns.taken -= 1


async def deliver_now(around: jobs.Surroundings, mail_id: int) -> None:
    """Try once, from a process that is no worker; what cannot be sent now waits for the worker as any other mail."""
    if around.settings.demo and not around.settings.smtp_url.get_secret_value():
        return
    with contextlib.suppress(NotSentError):
        await _try(around, mail_id, None)


def _job_of(context: JobContext) -> int | None:
    job = getattr(context, "job", None)
    return job.id if job is not None else None


async def _try(around: jobs.Surroundings, mail_id: int, job_id: int | None) -> None:
    async with around.database.transaction() as session:
        mail = await _claim(session, mail_id, job_id)
    if mail is None:
        return
    try:
        said = await Conversation(around.settings).send(mail)
    except NotSentError as error:
        async with around.database.transaction() as session:
            await _note_failure(session, mail_id, error)
        if error.wait is None:
            return
        raise
    log.info("mail.sent", mail=mail_id, kind=mail.mail, attempt=mail.tries, server=without_addresses(said))
    async with around.database.transaction() as session:
        sent = await session.get(OutgoingMail, mail_id, with_for_update=True)
        if sent is not None:
            # With the mail goes what follows from it: a worker killed before this sends it once more at worst.
            await _do_what_follows(session, sent)
            await session.delete(sent)


async def _claim(session: AsyncSession, mail_id: int, job_id: int | None) -> OutgoingMail | None:
    """The mail, for a try of this job; None if it is gone, refused, or another job's turn."""
    mail = await session.get(OutgoingMail, mail_id, with_for_update=True)
    now = clock.now()
    if mail is None or mail.ended_at is not None:
        return None
    if mail.next_try_at is not None and mail.next_try_at > now and mail.job_id != job_id:
        return None
    mail.tries += 1
    mail.tried_at, mail.next_try_at, mail.job_id = now, now + TRY_LASTS, job_id
    mail.reason = Reason.TRYING
    return mail


async def _note_failure(session: AsyncSession, mail_id: int, error: NotSentError) -> None:
    """Why not, and when again; sets the error's `wait`. What was refused for good is kept to be looked at."""
    mail = await session.get(OutgoingMail, mail_id, with_for_update=True)
    if mail is None:  # taken back meanwhile
        return
    now = clock.now()
    mail.reason, mail.words = error.reason, error.words
    if error.reason in FOR_GOOD:
        mail.ended_at, mail.next_try_at = now, None
        if error.reason is Reason.RECIPIENT:
            await bounces.mark(session, mail.to, error.words)
    else:
        error.wait = _wait_after(mail.tries)
        mail.next_try_at = now + error.wait
    log.warning(
        "mail.not_sent",
        mail=mail_id,
        kind=mail.mail,
        reason=str(error.reason),
        attempt=mail.tries,
        next=mail.next_try_at.isoformat() if mail.next_try_at else "never",
        server=without_addresses(error.words),
    )


def _wait_after(tries: int) -> timedelta:
    return WAITS[min(tries, len(WAITS)) - 1]


async def _do_what_follows(session: AsyncSession, sent: OutgoingMail) -> None:
    """Let the worker do, once, what was to be done after this mail."""
    if sent.then_task is not None:
        await jobs.defer(session, sent.then_task, **(sent.then_args or {}))
        sent.then_task = sent.then_args = None


async def retry(session: AsyncSession, mails: Sequence[OutgoingMail]) -> int:
    """Try these now, those too that were refused for good; not those that are tried at this moment. Rows held."""
    now = clock.now()
    due = [mail for mail in mails if not is_being_tried(mail)]
    for mail in due:
        mail.ended_at, mail.next_try_at, mail.job_id = None, now, None
        await jobs.defer(session, "mail:deliver", mail_id=mail.id)
    return len(due)


def is_being_tried(mail: OutgoingMail) -> bool:
    """Whether a worker is at it."""
    until = mail.next_try_at
    return mail.reason == Reason.TRYING and until is not None and until > clock.now()


async def forget_old(session: AsyncSession, settings: Settings) -> None:
    """Delete mails that could not be sent in a week, and demo mails of last month."""
    keep = KEEP_IN_DEMO if settings.demo else KEEP_UNSENT
    old = delete(OutgoingMail).where(OutgoingMail.created_at < clock.now() - keep)
    given_up = await session.execute(
        old.returning(OutgoingMail.id, OutgoingMail.mail, OutgoingMail.reason, OutgoingMail.tries)
    )
    for number, kind, reason, tries in given_up:
        if not settings.demo:
            log.warning("mail.given_up", mail=number, kind=kind, reason=reason, tries=tries)
