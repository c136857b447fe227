"""The worker's part in tests: rounds, its jobs one after the other, a post office, recordings at BBB."""

import contextlib
import email
import email.policy
from datetime import timedelta
from types import SimpleNamespace

import aiosmtplib
from pydantic import SecretStr
from sqlalchemy import select, text, update

from app import clock, jobs, mail
from app.alerts import Alerts
from app.memberships.models import Holder, PolicyRow, Tier
from app.recordings import keeping
from app.recordings.models import Recording
from app.recordings.trash import empty_trash
from app.worker import mailer_of
from bbb_client.simulator.faults import Fault, Kind
from bbb_client.simulator.recordings import Recording as AtBBB
from bbb_client.simulator.recordings import State
from tests.app.mail.test_delivery import smtp_server
from tests.app.recordings.rows import a_recording

DONE = {
    "mail:deliver": mail.deliver,
    "keeping:warned": keeping.warned,
    "keeping:tell": keeping.tell_one,
}
NOWHERE = 9  # a port that takes no mail


class House:
    """A site with its worker, whose hours and days are called one by one."""

    def __init__(self, site, simulator, move_clock):
        self.site, self.simulator, self.move_clock = site, simulator, move_clock
        self.database = site.state.database
        self.settings = site.state.settings
        self.port, self.letters = NOWHERE, []

    @property
    def context(self):
        settings = self.settings.model_copy(
            update={"smtp_url": SecretStr(f"smtp://127.0.0.1:{self.port}" if self.port else "")}
        )
        around = jobs.Surroundings(settings, self.database, Alerts(self.database))
        servers = self.site.state.servers
        return SimpleNamespace(
            additional_context={
                "surroundings": around,
                "servers": servers,
                "mailer": mailer_of(settings),
            }
        )

    @contextlib.asynccontextmanager
    async def post_office(self):
        """While the block lasts mails can be sent; gives the letters."""
        async with smtp_server() as (self.port, self.letters):
            yield self.letters
        self.port = NOWHERE

    async def round(self):
        """What the worker does each hour, and the jobs that follow from it."""
        await self.look()
        await self.work()

    async def look(self):
        await empty_trash(self.database)
        await keeping.keep(
            self.database, keeping.post_of(self.settings, self.context.additional_context["mailer"])
        )

    async def work(self):
        """Every job that waits, until none is left but those that failed."""
        failed = set()
        while job := await self._next_job(failed):
            try:
                await self.do_job(job)
            except (OSError, aiosmtplib.SMTPException):
                failed.add(job.id)
                continue
            async with self.database.transaction() as session:
                await session.execute(text("DELETE FROM procrastinate_jobs WHERE id = :id"), {"id": job.id})

    async def do_job(self, job):
        """One job, which stays as if the worker were killed before it could say that it is done."""
        await DONE[job.task_name].func(self.context, **job.args)

    async def next_job(self):
        """The oldest job that waits."""
        return await self._next_job(set())

    async def _next_job(self, failed):
        async with self.database.transaction() as session:
            found = await session.execute(
                text(
                    "SELECT id, task_name, args FROM procrastinate_jobs WHERE id <> ALL(:failed) ORDER BY id"
                ),
                {"failed": list(failed)},
            )
            return found.first()

    async def days(self, number, hour=0.0):
        """Days that pass, with a round at the end of each."""
        for _ in range(number):
            await self.move_clock(hours=24 + hour)
            await self.round()

    async def a_recording(self, host, room=None, **columns):
        """A recording that BBB has too."""
        await self.site.state.servers.choose(
            self.database
        )  # its row is there first: the recording is on this server
        recording = await a_recording(self.database, host, room, **columns)
        self.put(recording)
        return recording

    def put(self, recording, state=State.PUBLISHED):
        self.simulator.world.recordings[recording.record_id] = AtBBB(
            record_id=recording.record_id,
            meeting_id="gh-x",
            name=recording.name,
            breakout=None,
            started=0,
            ended=60_000,
            recorded_ms=60_000,
            participants=1,
            metadata={},
            ready_url="",
            steps=[],
            state=state,
        )

    def at_bbb(self, recording):
        """What state BBB has it in."""
        return str(self.simulator.world.recordings[recording.record_id].state)

    def misbehave(self, kind, call=None, *, times=None, seconds=0.0):
        """Order a fault of BBB."""
        self.simulator.world.faults.order(Fault(kind=Kind(kind), remaining=times, call=call, seconds=seconds))

    async def row(self, recording):
        """The recording as it is in the database; None when it is gone."""
        async with self.database.transaction() as session:
            return await session.get(Recording, recording.id)

    async def do(self, verb, recording, **values):
        """One verb of a host, in a transaction of its own."""
        async with self.database.transaction() as session:
            return await verb(session, await session.get_one(Recording, recording.id), **values)

    async def holder(self, holder_id):
        async with self.database.transaction() as session:
            return await session.get_one(Holder, holder_id)

    async def set_tier(self, key, **limits):
        async with self.database.transaction() as session:
            await session.execute(update(Tier).where(Tier.key == key).values(**limits))

    async def set_policy(self, **numbers):
        async with self.database.transaction() as session:
            await session.execute(update(PolicyRow).values(**numbers))

    async def waiting_mails(self):
        async with self.database.transaction() as session:
            return list(await session.scalars(select(mail.OutgoingMail).order_by(mail.OutgoingMail.id)))

    def subjects(self, to=None):
        """The subjects of the letters that were sent, in their order."""
        read = [email.message_from_bytes(letter, policy=email.policy.default) for letter in self.letters]
        return [letter["Subject"] for letter in read if to is None or letter["To"] == to]

    def body(self, kind="plain"):
        """The newest letter, as text without its line breaks, or as HTML."""
        letter = email.message_from_bytes(self.letters[-1], policy=email.policy.default)
        return " ".join(letter.get_body((kind,)).get_content().split())


def days_ago(number):
    return clock.now() - timedelta(days=number)
