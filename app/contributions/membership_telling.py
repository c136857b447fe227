"""The mail about what became of a membership: suspended, lifted, ended, withdrawn; with the reason that was given."""

from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.membership_saying import membership_of
from app.contributions.readers import Post, readers_of, spoken_to
from app.memberships.limits import standing_of
from app.memberships.models import Holder, HolderKind, MembershipAct

log = structlog.get_logger()


@dataclass(frozen=True)
class Done:
    """What was done to one membership; `reason` is an operator's or a bookkeeper's, and the holder reads it."""

    act: MembershipAct
    """suspended, lifted, ended or withdrawn; replaced: by no membership at all, so without a grace"""
    tier: str
    """the name of its tier, in the source language"""
    starts_at: datetime
    reason: str


async def tell_of_act(session: AsyncSession, post: Post, holder_id: int, done: Done) -> int:
    """Write it to the person or the organisation's admins, each in their language; returns how many they are.

    In the transaction that did it: so it is told once, and of nothing that was undone.
    """
    kind = await session.scalar(select(Holder.kind).where(Holder.id == holder_id))
    told = await membership_of(session, await standing_of(session, holder_id))
    is_person = kind == HolderKind.PERSON
    readers = await readers_of(session, holder_id)
    for reader in spoken_to(readers):
        await post.mailer.send(
            session,
            reader.email,
            "membership_changed",
            language=reader.language,
            organisation=None if is_person else told.standing.holder_name,
            act=done.act,
            tier=done.tier,
            starts_at=done.starts_at,
            saying=told.saying,
            reason=done.reason,
            link=post.link_of(holder_id, is_person=is_person),
        )
    if not readers:
        log.warning("membership.nobody_to_tell", holder=holder_id, act=done.act)
    return len(readers)
