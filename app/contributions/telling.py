"""The mail about a membership that contributions have earned: to the person, or the organisation's admins."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.models import Grant, GrantState
from app.contributions.proposals import show_grant
from app.contributions.readers import readers_of
from app.mail import Mailer
from app.memberships.limits import standing_of
from app.memberships.models import HolderKind


async def tell_of_grant(session: AsyncSession, mailer: Mailer, site: str, grant_id: int) -> int:
    """Write it, in each reader's language, and return how many they are. A grant that has fallen is not told of.

    What was written is kept with the grant, in the transaction of the mails: a job that runs twice tells once.
    `site`: the address of the site, without a slash.
    """
    wanted = select(Grant).where(Grant.id == grant_id, Grant.told_at.is_(None))
    grant = await session.scalar(wanted.with_for_update())
    if grant is None or grant.state != GrantState.GRANTED:
        return 0
    shown = await show_grant(session, grant_id)
    if shown.membership is None:
        return 0
    zone = (await standing_of(session, grant.holder_id)).zone
    ends_at = shown.membership.ends_at
    said: dict[str, Any] = {
        "tier": shown.tier.name,
        "organisation": shown.holder.name if shown.holder.kind == HolderKind.ORGANISATION else None,
        "cents": shown.cents,
        "settles": grant.settles,
        "renews": shown.membership.renews_id is not None,
        "starts_on": shown.membership.starts_at.astimezone(zone).date(),
        "ends_on": None if ends_at is None else ends_at.astimezone(zone).date(),
        "link": f"{site}/contributions?holder={grant.holder_id}",
    }
    readers = await readers_of(session, grant.holder_id)
    for reader in readers:
        await mailer.send(session, reader.email, "grant_made", language=reader.language, **said)
    grant.told_at = clock.now()
    await session.flush()
    return len(readers)
