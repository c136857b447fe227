"""The worker's part: the round that follows BBB, and the true size of a recording."""

from datetime import timedelta

import structlog
from procrastinate import Blueprint, JobContext, RetryStrategy
from sqlalchemy import update

from app import jobs
from app.db import Database
from app.meetings.following import follow
from app.meetings.models import UNFINISHED, Meeting
from app.memberships.models import PolicyRow
from app.servers.pool import Servers
from bbb_client.recording_requests import GetRecordings
from bbb_client.recording_responses import Recording
from bbb_client.vocabulary import RecordingState
from quotas.limits import Policy
from quotas.storage import RecordingSizes, charged_bytes

log = structlog.get_logger()
tasks = Blueprint()


def servers_of(context: JobContext) -> Servers:
    """The worker's clients."""
    found: Servers = context.additional_context["servers"]
    return found


# With six fields the seconds stand last. The lock lets one round run at a time, however many workers there are.
@tasks.periodic(cron="* * * * * */5")
@tasks.task(name="follow", pass_context=True, queue=jobs.QUEUE, lock="follow", queueing_lock="follow")
async def follow_servers(context: JobContext, timestamp: int) -> None:
    """One round, every five seconds."""
    del timestamp
    await follow(jobs.surroundings(context).database, servers_of(context))


@tasks.task(
    name="measure",
    pass_context=True,
    queue=jobs.QUEUE,
    retry=RetryStrategy(max_attempts=10, exponential_wait=3),
)
async def measure(context: JobContext, external_id: str) -> None:
    """Replace the estimate for a meeting's recording by the size that the server tells (DOMAIN.md rule 4)."""
    await measure_recording(jobs.surroundings(context).database, servers_of(context), external_id)


async def measure_recording(database: Database, servers: Servers, external_id: str) -> None:
    """Ask BBB for the meeting's recordings and charge what it says; what it does not say stays estimated."""
    found = (
        await servers.client.get_recordings(
            GetRecordings(meeting_ids=[external_id], states=[RecordingState.ANY])
        )
    ).recordings
    async with database.transaction() as session:
        row = await session.get_one(PolicyRow, 1)
        policy = Policy(recording_bytes_per_hour=row.recording_bytes_per_hour)
        total = sum(charged_bytes(_sizes(recording), policy).bytes for recording in found)
        await session.execute(
            update(Meeting)
            .where(Meeting.external_id == external_id, Meeting.state.not_in(UNFINISHED))
            .values(reserved_bytes=total)
        )
    log.info("recording.measured", bytes=total)


def _sizes(recording: Recording) -> RecordingSizes:
    length = timedelta(minutes=max((form.length_minutes for form in recording.formats), default=0))
    return RecordingSizes(
        formats=[form.size for form in recording.formats],
        size=recording.size,
        raw_size=recording.raw_size,
        length=length,
    )
