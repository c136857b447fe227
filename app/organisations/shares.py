"""Storage shares: what each host may record of an organisation's storage, and what they have used of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.errors import NotFoundError
from app.live import announce, holder_topic
from app.memberships.limits import Standing, hold
from app.organisations.models import Organisation, OrganisationHost
from quotas.storage import Share, headroom, shares_of

# The host of one room: their share, what they store, and what their running recorded meetings keep free. Rooms and
# meetings stand further right: asked by the tables' names.
_ONE = text("""
    SELECT oh.organisation_id, oh.user_id, oh.storage_share, oh.stored_bytes, u.name, o.slug,
           NOT EXISTS (
               SELECT FROM organisation_hosts other WHERE other.organisation_id = oh.organisation_id
               AND (other.joined_at, other.user_id) < (oh.joined_at, oh.user_id)
           ) AS is_first,
           (
               SELECT coalesce(sum(m.reserved_bytes), 0) FROM meetings m LEFT JOIN rooms r ON r.id = m.room_id
               WHERE m.holder_id = o.holder_id AND m.reserved_bytes > 0
                 AND coalesce(r.host_id, m.started_by) = oh.user_id
           ) AS reserved_bytes
    FROM organisation_hosts oh
    JOIN organisations o ON o.id = oh.organisation_id
    JOIN users u ON u.id = oh.user_id
    WHERE o.holder_id = :holder AND oh.user_id = :user
""")


@dataclass(frozen=True)
class HostsShare:
    """The share of a room's host: whose it is, and the address of the organisation whose admin can change it."""

    share: Share
    name: str
    slug: str


@dataclass(frozen=True)
class Sum:
    """An organisation's storage as it is shared out, in bytes; None = unlimited."""

    limit: int | None
    given: int | None

    @property
    def left(self) -> int | None:
        """What is given to nobody; None where there is no end."""
        return None if self.given is None else headroom(self.limit, self.given, 0)

    @property
    def is_above(self) -> bool:
        """Whether more is promised to the hosts than there is."""
        return self.limit is not None and (self.given is None or self.given > self.limit)

    def is_less_than(self, other: "Sum") -> bool:
        """Whether less is given: what makes a sum smaller that is too large already does no harm."""
        return self.given is not None and (other.given is None or self.given < other.given)


class Shares:
    """The shares of all hosts of an organisation, by the id of the host."""

    def __init__(self, standing: Standing, rows: Sequence[Any]) -> None:
        tier = standing.tier
        given = shares_of(tier.storage_first_host, tier.storage_further_host, [r.storage_share for r in rows])
        self.of: Mapping[int, int | None] = {row.user_id: one for row, one in zip(rows, given, strict=True)}
        self.limit = standing.limits.storage_bytes

    def sum_with(self, user_id: int | None = None, share: int | None = None) -> Sum:
        """The sum as it is, or as it would be with another share for one host."""
        all_of_them = {**self.of, **({} if user_id is None else {user_id: share})}
        known = [one for one in all_of_them.values() if one is not None]
        return Sum(self.limit, sum(known) if len(known) == len(all_of_them) else None)


async def share_of(session: AsyncSession, standing: Standing, user_id: int) -> HostsShare | None:
    """What one host may record for an organisation; None for a person's own holder, and for who hosts no more."""
    row = (await session.execute(_ONE, {"holder": standing.holder_id, "user": user_id})).one_or_none()
    if row is None:
        return None
    tier = standing.tier
    default = tier.storage_first_host if row.is_first else tier.storage_further_host
    share = Share(
        limit=default if row.storage_share is None else row.storage_share,
        stored_bytes=row.stored_bytes,
        reserved_bytes=int(row.reserved_bytes),
    )
    return HostsShare(share, row.name, row.slug)


async def shares(session: AsyncSession, standing: Standing) -> Shares:
    """The shares of all hosts, whether given by an admin or by the tier."""
    rows = await session.execute(
        select(OrganisationHost.user_id, OrganisationHost.storage_share)
        .join(Organisation, Organisation.id == OrganisationHost.organisation_id)
        .where(Organisation.holder_id == standing.holder_id)
        .order_by(OrganisationHost.joined_at, OrganisationHost.user_id)
    )
    return Shares(standing, rows.all())


@dataclass(frozen=True)
class Wish:
    """Another share for a host, in bytes; None: what the tier says."""

    user_id: int
    share: int | None
    sure: bool
    """asked, and still wanted, though the host uses more than that"""


@dataclass(frozen=True)
class Given:
    """What became of a wish: kept, or what stands in its way."""

    above: Sum | None = None
    """the shares would be more than there is"""
    uses: int | None = None
    """the host uses more than that: to be confirmed"""

    @property
    def is_kept(self) -> bool:
        """Whether it is written."""
        return self.above is None and self.uses is None


async def give_share(session: AsyncSession, organisation: Organisation, wish: Wish) -> Given:
    """Give a host another share, within the sum; below what they use only when the admin is sure.

    Under the holder's lock, so that two admins cannot give the same gigabyte away. Raises NotFoundError.
    """
    held = await hold(session, organisation.holder_id)
    of_all = await shares(session, held)
    mine = await share_of(session, held, wish.user_id)
    if mine is None or wish.user_id not in of_all.of:
        raise NotFoundError
    tier = held.tier
    is_first = next(iter(of_all.of)) == wish.user_id
    default = tier.storage_first_host if is_first else tier.storage_further_host
    after = default if wish.share is None else wish.share
    would_be, now = of_all.sum_with(wish.user_id, after), of_all.sum_with()
    if would_be.is_above and not would_be.is_less_than(now):
        return Given(above=would_be)
    uses = mine.share.stored_bytes + mine.share.reserved_bytes
    if after is not None and after < uses and not wish.sure:
        return Given(uses=uses)
    await session.execute(
        update(OrganisationHost)
        .where(OrganisationHost.organisation_id == organisation.id, OrganisationHost.user_id == wish.user_id)
        .values(storage_share=wish.share)
    )
    await announce(session, holder_topic(organisation.holder_id))
    return Given()
