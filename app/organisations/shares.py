"""Storage shares: what each host may record of an organisation's storage, and what they have used of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.live import announce, holder_topic
from app.memberships.limits import HeldLimits, Standing, hold
from app.organisations.models import Organisation, OrganisationHost
from quotas.limits import is_more
from quotas.storage import Share, headroom, share_of_host

MEGABYTE = 1_000_000

# The host of one room: their share, what they store, and what their running recorded meetings keep free. Rooms and
# meetings stand further right: asked by the tables' names.
OF_HOST = """
    SELECT oh.user_id, u.name, o.slug, oh.storage_share, oh.stored_bytes,
           (
               SELECT CAST(coalesce(sum(m.reserved_bytes), 0) AS bigint)
               FROM meetings m LEFT JOIN rooms room ON room.id = m.room_id
               WHERE m.holder_id = o.holder_id AND m.reserved_bytes > 0
                 AND coalesce(room.host_id, m.started_by) = oh.user_id
           ) AS reserved_bytes,
           NOT EXISTS (
               SELECT FROM organisation_hosts other WHERE other.organisation_id = oh.organisation_id
               AND (other.joined_at, other.user_id) < (oh.joined_at, oh.user_id)
           ) AS is_first
    FROM organisation_hosts oh
    JOIN organisations o ON o.id = oh.organisation_id
    JOIN users u ON u.id = oh.user_id
    WHERE o.holder_id = {holder} AND oh.user_id = {user}
"""
_ONE = text(OF_HOST.format(holder=":holder", user=":user"))


@dataclass(frozen=True)
class HostsShare:
    """The share of a room's host: whose it is, and the address of the organisation whose admin can change it."""

    share: Share
    user_id: int
    name: str
    slug: str
    default: int | None
    """what the tier says; an admin may have given another one"""


@dataclass(frozen=True)
class InOrganisation:
    """A host of an organisation, as a row of OF_HOST."""

    user_id: int
    name: str
    slug: str
    storage_share: int | None
    """in bytes, given by an admin; None: as the tier says"""
    stored_bytes: int
    reserved_bytes: int
    is_first: bool


@dataclass(frozen=True)
class Sum:
    """An organisation's storage as it is shared out, in bytes; `limit` None = unlimited."""

    limit: int | None
    known: int
    """what the shares are together that have an end"""
    endless: int = 0
    """how many hosts may use as much as there is"""

    @property
    def given(self) -> int | None:
        """What is given to all hosts together; None: to somebody without end."""
        return None if self.endless else self.known

    @property
    def left(self) -> int | None:
        """What is given to nobody; None where there is no end."""
        return None if self.given is None else headroom(self.limit, self.given, 0)

    @property
    def is_above(self) -> bool:
        """Whether more is promised to the hosts than there is."""
        return self.limit is not None and (self.given is None or self.given > self.limit)

    def after(self, before: int | None, share: int | None) -> "Sum":
        """The sum as it would be if a host had another share."""
        return replace(
            self,
            known=self.known - (before or 0) + (share or 0),
            endless=self.endless - (before is None) + (share is None),
        )


# `share_of_host` for all of them at once.
OF_ALL = """
    SELECT user_id, stored_bytes, coalesce(
               storage_share,
               CASE WHEN row_number() OVER (ORDER BY joined_at, user_id) = 1
                    THEN CAST(:first AS bigint) ELSE CAST(:further AS bigint) END
           ) AS share
    FROM organisation_hosts
    WHERE organisation_id = (SELECT id FROM organisations WHERE holder_id = :holder)
"""
_SUM = text(f"""
    SELECT CAST(coalesce(sum(share), 0) AS bigint) AS known, count(*) FILTER (WHERE share IS NULL) AS endless
    FROM ({OF_ALL}) oh
""")  # noqa: S608  nothing of it was typed

_ADD = text(f"""
    UPDATE organisation_hosts SET storage_share = oh.share + :part
    FROM ({OF_ALL}) oh
    WHERE organisation_hosts.user_id = oh.user_id AND suspended_at IS NULL
      AND organisation_id = (SELECT id FROM organisations WHERE holder_id = :holder)
""")  # noqa: S608  nothing of it was typed


def values_of(standing: Standing) -> dict[str, int | None]:
    """The values of OF_ALL."""
    tier = standing.tier
    return {
        "holder": standing.holder_id,
        "first": tier.storage_first_host,
        "further": tier.storage_further_host,
    }


async def shared_out(session: AsyncSession, standing: Standing) -> Sum:
    """The shares of all hosts together, whether given by an admin or by the tier; one statement, however many."""
    row = (await session.execute(_SUM, values_of(standing))).one()
    return Sum(standing.limits.storage_bytes, row.known, row.endless)


async def share_of(session: AsyncSession, standing: Standing, user_id: int) -> HostsShare | None:
    """What one host may record for an organisation; None for a person's own holder, and for who hosts no more."""
    row = (await session.execute(_ONE, {"holder": standing.holder_id, "user": user_id})).one_or_none()
    return None if row is None else hosts_share(standing, InOrganisation(*row))


def hosts_share(standing: Standing, host: InOrganisation) -> HostsShare:
    """What the host may record for the organisation by its tier and its admins."""
    tier = standing.tier
    first, further = tier.storage_first_host, tier.storage_further_host
    share = Share(
        limit=share_of_host(first, further, host.storage_share, is_first=host.is_first),
        stored_bytes=host.stored_bytes,
        reserved_bytes=host.reserved_bytes,
    )
    default = share_of_host(first, further, None, is_first=host.is_first)
    return HostsShare(share, host.user_id, host.name, host.slug, default)


@dataclass(frozen=True)
class Wish:
    """Another share for a host, in bytes; None: what the tier says."""

    user_id: int
    share: int | None
    sure: bool
    """asked, and still wanted, though the host uses more than that"""
    other_id: int | None = None
    """the host who gives what this one gets more, and gets what this one gets less"""


@dataclass(frozen=True)
class Given:
    """What became of a wish: kept, or what stands in its way."""

    above: Sum | None = None
    """the shares would be more than there is"""
    lacks: int | None = None
    """the other host has only so much to give; 0 also where nothing can be counted: a share without end"""
    uses: int | None = None
    """the host uses more than that: to be confirmed"""
    user: str = ""
    """who uses more"""

    @property
    def is_kept(self) -> bool:
        """Whether it is written."""
        return self.above is None and self.lacks is None and self.uses is None


async def give_share(session: AsyncSession, organisation: Organisation, wish: Wish) -> Given:
    """Give a host another share, within the sum; below what is used only when the admin is sure.

    With another host the two exchange it, and the sum stays. Under the holder's lock, so that two admins cannot give
    the same gigabyte away. Raises NotFoundError.
    """
    held = await hold(session, organisation.holder_id)
    host = await _host(session, held, wish.user_id)
    changes = [_Change(host, wish.share, host.default if wish.share is None else wish.share)]
    if wish.other_id not in {None, wish.user_id}:
        other = await _host(session, held, wish.other_id)
        left = _left_of(other.share.limit, host.share.limit, changes[0].after)
        if left is None or left < 0:
            return Given(lacks=other.share.limit or 0)
        changes.append(_Change(other, left, left))
    given = _objection(await shared_out(session, held), changes, sure=wish.sure)
    if given.is_kept:
        for change in changes:
            await session.execute(
                update(OrganisationHost)
                .where(
                    OrganisationHost.organisation_id == organisation.id,
                    OrganisationHost.user_id == change.host.user_id,
                )
                .values(storage_share=change.written)
            )
        await announce(session, holder_topic(organisation.holder_id))
    return given


async def share_out_rest(session: AsyncSession, organisation: Organisation) -> int | None:
    """Give what is left to give, in equal parts of whole megabytes, to all who may host; returns the part in bytes.

    None, and nothing is changed: there is not a megabyte for each, or no end to share. Under the holder's lock.
    """
    held = await hold(session, organisation.holder_id)
    active = held.hosts - await _suspended(session, organisation.id)
    left = (await shared_out(session, held)).left
    part = (left or 0) // max(active, 1) // MEGABYTE * MEGABYTE
    if not part or not active:
        return None
    await session.execute(_ADD, values_of(held) | {"part": part})
    await announce(session, holder_topic(organisation.holder_id))
    return part


async def _suspended(session: AsyncSession, organisation_id: int) -> int:
    found = select(func.count()).where(
        OrganisationHost.organisation_id == organisation_id, OrganisationHost.suspended_at.is_not(None)
    )
    return await session.scalar(found) or 0


async def _host(session: AsyncSession, held: HeldLimits, user_id: int | None) -> HostsShare:
    found = None if user_id is None else await share_of(session, held, user_id)
    if found is None:
        raise NotFoundError
    return found


@dataclass(frozen=True)
class _Change:
    """A host's share as it is, as it would be written (None: what the tier says), and what that would be."""

    host: HostsShare
    written: int | None
    after: int | None


def _left_of(other: int | None, before: int | None, after: int | None) -> int | None:
    """The other's share after the exchange, below 0 if it is too small; None: one of them is without end."""
    return None if other is None or before is None or after is None else other - (after - before)


def _objection(now: Sum, changes: Sequence[_Change], *, sure: bool) -> Given:
    """What stands in the way: the sum, or the use of somebody who would have less than before."""
    would_be = now
    for change in changes:
        would_be = would_be.after(change.host.share.limit, change.after)
    # What makes a sum smaller that is too large already, or leaves it, does no harm.
    if would_be.is_above and is_more(would_be.given, now.given):
        return Given(above=would_be)
    for change in changes:
        share = change.host.share
        uses = share.stored_bytes + share.reserved_bytes
        if (
            not sure
            and change.after is not None
            and change.after < uses
            and is_more(share.limit, change.after)
        ):
            return Given(uses=uses, user=change.host.name)
    return Given()
