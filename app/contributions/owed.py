"""What is due of memberships, and what organisations use beside what they give. Neither is a bill."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.organisations.hosts import tells_what_is_owed
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.contributions import suggested

# Days: how old a contribution counts, and how long after one membership another still follows it in a row.
OLDER, IN_A_ROW = 365, 90
_WINDOW = {"older": OLDER, "in_a_row": IN_A_ROW}


async def dues(
    session: AsyncSession,
    *,
    holder_id: int | None = None,
    settled: bool = False,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Any]:
    """Memberships that hold now and have a price that is not confirmed as a whole; the largest first.

    `settled`: the others too. Rows: holder_id, membership_id, name, kind, tier, starts_at, ends_at, price, paid,
    owed_before, due; in cents.
    The price is the one agreed for the period, else the tier's of that year; awarded memberships have none. Paid is
    what earned the membership, and what was confirmed from a year before it began and earned nothing else: as much
    as `granting` would settle it by. Pages, mails and programs all tell these figures.
    """
    asked = _WINDOW | {"now": clock.now(), "holder": holder_id, "least": 0 if settled else 1, "sum": None}
    page = {"size": size, "offset": offset_of(number, size)}
    rows = list(await session.execute(_DUES, asked | page))
    return Page(rows, number, rows[0].total if rows else 0, size)


async def owing(session: AsyncSession, cents: int, most: int) -> list[int]:
    """Holders from whom just this sum is due, or something of a membership of this price; `most` of them."""
    asked = _WINDOW | {
        "now": clock.now(),
        "holder": None,
        "least": 1,
        "sum": cents,
        "size": most,
        "offset": 0,
    }
    return [row.holder_id for row in await session.execute(_DUES, asked)]


async def owed_before(session: AsyncSession, holder_id: int, membership_id: int) -> int:
    """What of what came before a membership that holds now belongs to the one before it, in cents."""
    found = await dues(session, holder_id=holder_id, settled=True, size=1)
    return next((int(row.owed_before) for row in found.items if row.membership_id == membership_id), 0)


def _price(membership: str, tier: str) -> str:
    """SQL: what a membership costs, by the names of its row and its tier's; NULL: it has no price."""
    return f"""coalesce({membership}.cents, CAST({tier}.yearly_cents ->> CAST(
            least(jsonb_array_length({tier}.yearly_cents) - 1, (
                SELECT floor(
                    extract(epoch FROM {membership}.starts_at - min(f.starts_at) + interval '30 days') / 31536000
                )
                FROM memberships f
                WHERE f.holder_id = {membership}.holder_id AND f.tier_id = {membership}.tier_id
                  AND f.withdrawn_at IS NULL
            )) AS int) AS bigint))"""  # noqa: S608  names of this module


# Free is what is confirmed, not reversed, and has earned nothing. What came before a membership began belongs first
# to the one before it, if it followed that in a row, as far as that is not paid for.
_DUES = text(f"""
    WITH present AS (
        SELECT DISTINCT ON (m.holder_id) m.id, m.holder_id, m.tier_id, m.starts_at, m.ends_at, m.cents, m.awarded,
               m.suspended_at
        FROM memberships m CROSS JOIN policy p
        WHERE m.starts_at <= :now AND m.withdrawn_at IS NULL
          AND (m.ends_at IS NULL OR m.ends_at + p.grace_days * interval '1 day' > :now)
          AND (CAST(:holder AS bigint) IS NULL OR m.holder_id = :holder)
        ORDER BY m.holder_id, m.starts_at DESC, m.id DESC
    ), costing AS (
        SELECT m.*, t.name AS tier, CAST(m.starts_at AT TIME ZONE 'UTC' AS date) AS first_day,
               {_price("m", "t")} AS price
        FROM present m JOIN tiers t ON t.id = m.tier_id
        WHERE NOT m.awarded AND m.suspended_at IS NULL
    ), priced AS (
        SELECT m.*, b.first_day AS first_day_before, b.price AS price_before
        FROM costing m
        LEFT JOIN LATERAL (
            SELECT CAST(b.starts_at AT TIME ZONE 'UTC' AS date) AS first_day, {_price("b", "t")} AS price
            FROM memberships b JOIN tiers t ON t.id = b.tier_id
            WHERE b.holder_id = m.holder_id AND b.starts_at < m.starts_at AND b.withdrawn_at IS NULL AND NOT b.awarded
              AND b.ends_at > m.starts_at - CAST(:in_a_row AS int) * interval '1 day'
              AND NOT EXISTS (SELECT FROM grants g WHERE g.membership_id = b.id AND g.state = 'granted')
            ORDER BY b.starts_at DESC, b.id DESC LIMIT 1
        ) b ON true
        WHERE m.price > 0
    ), sums AS (
        SELECT m.*, coalesce(s.earned, 0) AS earned, coalesce(s.since, 0) AS since, coalesce(s.before, 0) AS before,
               greatest(0, coalesce(m.price_before, 0) - coalesce(s.long_before, 0)) AS owed_before
        FROM priced m CROSS JOIN LATERAL (
            SELECT sum(e.cents) FILTER (WHERE g.membership_id = m.id) AS earned,
                   sum(e.cents) FILTER (WHERE g.id IS NULL AND e.booked_on >= m.first_day) AS since,
                   sum(e.cents) FILTER (
                       WHERE g.id IS NULL AND e.booked_on < m.first_day
                         AND e.booked_on > m.first_day - CAST(:older AS int)
                   ) AS before,
                   sum(e.cents) FILTER (
                       WHERE g.id IS NULL AND e.booked_on <= m.first_day - CAST(:older AS int)
                         AND e.booked_on > m.first_day_before - CAST(:older AS int)
                   ) AS long_before
            FROM ledger_entries e
            LEFT JOIN grant_entries ge ON ge.entry_id = e.id AND ge.earned
            LEFT JOIN grants g ON g.id = ge.grant_id
            WHERE e.contributor_id = m.holder_id AND e.kind = 'confirmation'
              AND NOT EXISTS (SELECT FROM ledger_entries r WHERE r.reverses_id = e.id)
        ) s
    ), paid AS (
        SELECT m.*, m.earned + m.since + greatest(0, m.before - m.owed_before) AS paid FROM sums m
    )
    SELECT m.holder_id, m.id AS membership_id, h.name, h.kind, m.tier, m.starts_at, m.ends_at, m.price, m.paid,
           m.owed_before, greatest(0, m.price - m.paid) AS due, count(*) OVER () AS total
    FROM paid m JOIN holders h ON h.id = m.holder_id
    WHERE greatest(0, m.price - m.paid) >= :least
      AND (CAST(:sum AS bigint) IS NULL OR m.price - m.paid = :sum OR m.price = :sum)
    ORDER BY due DESC, m.holder_id
    LIMIT :size OFFSET :offset
""")  # noqa: S608  nothing of it was typed


@tells_what_is_owed
async def owed_by(session: AsyncSession, holder_id: int) -> Any | None:
    """The same of one holder, for an organisation's own page: price, paid and due; None where there is no price."""
    found = await dues(session, holder_id=holder_id, settled=True, size=1)
    return found.items[0] if found.items else None


async def use_of_organisations(
    session: AsyncSession, year: int, number: int = 1, size: int = PAGE_SIZE
) -> Page[Any]:
    """What each organisation used in a year beside what it gave, those with most hosts first.

    Rows: holder_id, name, hosts, host_months, meetings, person_minutes, stored_bytes, given (cents).
    """
    since = datetime(year, 1, 1, tzinfo=UTC)
    until = min(clock.now(), datetime(year + 1, 1, 1, tzinfo=UTC))
    asked = {"since": since, "until": until, "first": date(year, 1, 1), "after": date(year + 1, 1, 1)}
    rows = list(await session.execute(_USE, asked | {"size": size, "offset": offset_of(number, size)}))
    return Page(rows, number, rows[0].total if rows else 0, size)


def suggested_cents(row: Any) -> int:
    """The rule of thumb for an organisation's year: 10 EUR for each host and month."""
    return suggested(Decimal(row.host_months))


# By names of tables: meetings stand further right in the order of imports.
_USE = text("""
    WITH held AS (
        SELECT oh.organisation_id, count(*) AS hosts,
               sum(greatest(0, extract(epoch FROM CAST(:until AS timestamptz) - greatest(oh.joined_at, :since))))
                 / (86400 * 365.25 / 12) AS host_months
        FROM organisation_hosts oh GROUP BY oh.organisation_id
    ), met AS (
        SELECT holder_id, count(*) AS meetings, sum(person_seconds) / 60 AS person_minutes
        FROM meetings WHERE reserved_at >= :since AND reserved_at < :until AND state <> 'failed'
        GROUP BY holder_id
    ), gave AS (
        SELECT contributor_id, sum(cents) AS cents FROM ledger_entries
        WHERE booked_on >= :first AND booked_on < :after AND counts_as = 'confirmation'
        GROUP BY contributor_id
    )
    SELECT h.id AS holder_id, h.name, h.stored_bytes, coalesce(held.hosts, 0) AS hosts,
           round(coalesce(held.host_months, 0), 1) AS host_months, coalesce(met.meetings, 0) AS meetings,
           coalesce(met.person_minutes, 0) AS person_minutes, coalesce(gave.cents, 0) AS given,
           count(*) OVER () AS total
    FROM organisations o JOIN holders h ON h.id = o.holder_id
    LEFT JOIN held ON held.organisation_id = o.id
    LEFT JOIN met ON met.holder_id = h.id
    LEFT JOIN gave ON gave.contributor_id = h.id
    ORDER BY held.host_months DESC NULLS LAST, h.id
    LIMIT :size OFFSET :offset
""")
