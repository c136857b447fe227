"""The worker's part: the round that follows BBB."""

from procrastinate import Blueprint, JobContext

from app import jobs
from app.heartbeats import note_round
from app.meetings.following import follow
from app.servers.pool import Servers

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
    database = jobs.surroundings(context).database
    await follow(database, servers_of(context))
    await note_round(database)
