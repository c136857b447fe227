"""How often something may be tried: counted in PostgreSQL, so that it holds across processes."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network

from fastapi import Request
from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.errors import TooManyError
from app.web.browser import keyed_hash, settings_of
from app.web.models import RateCount


@dataclass(frozen=True)
class Rate:
    """At most `times` in each window of `per`."""

    name: str
    times: int
    per: timedelta


async def tally(session: AsyncSession, request: Request, rate: Rate, subject: str) -> int:
    """Count one try, and return how many there are in this window; whatever the number, nobody is refused."""
    starts = _window(clock.now(), rate.per)
    count = insert(RateCount).values(
        key=_key(request, rate, subject),
        window_starts_at=starts,
        count=1,
        expires_at=starts + 2 * rate.per,
    )
    counted = count.on_conflict_do_update(
        index_elements=[RateCount.key, RateCount.window_starts_at], set_={"count": RateCount.count + 1}
    ).returning(RateCount.count)
    return await session.scalar(counted) or 0


async def spend(session: AsyncSession, request: Request, rate: Rate, subject: str) -> None:
    """Count one try by `subject` (an e-mail address, a network address ...), or raise TooManyError.

    The count is kept only if the transaction is committed: what answers a wrong try returns its page, it does
    not raise. Two tries at the same moment wait for each other on the row, so neither is lost.
    """
    now = clock.now()
    if await tally(session, request, rate, subject) > rate.times:
        raise _too_many(now, _window(now, rate.per), rate)


async def check(session: AsyncSession, request: Request, rate: Rate, subject: str) -> None:
    """Raise TooManyError if no try is left, and count nothing: before a try of which only a failure counts."""
    now = clock.now()
    starts = _window(now, rate.per)
    spent = select(RateCount.count).where(
        RateCount.key == _key(request, rate, subject), RateCount.window_starts_at == starts
    )
    if (await session.scalar(spent) or 0) >= rate.times:
        raise _too_many(now, starts, rate)


async def give_back(session: AsyncSession, request: Request, rate: Rate, subject: str) -> None:
    """Take one try back: it succeeded, and only failures are meant to count."""
    await session.execute(
        update(RateCount)
        .where(
            RateCount.key == _key(request, rate, subject),
            RateCount.window_starts_at == _window(clock.now(), rate.per),
            RateCount.count > 0,
        )
        .values(count=RateCount.count - 1)
    )


async def is_first_use(
    session: AsyncSession, request: Request, name: str, subject: str, per: timedelta
) -> bool:
    """Whether something that may be used once (a signed value that is good for `per`) was not used before.

    Of two at the same moment the second waits for the first. It is remembered if the transaction is committed.
    """
    use = insert(RateCount).values(
        key=_key(request, Rate(name, 1, per), subject),
        window_starts_at=datetime.fromtimestamp(0, UTC),
        count=1,
        expires_at=clock.now() + per,
    )
    used = use.on_conflict_do_nothing().returning(RateCount.count)
    return await session.scalar(used) is not None


async def forget_old(session: AsyncSession) -> None:
    """Delete the counts of windows that are over."""
    await session.execute(delete(RateCount).where(RateCount.expires_at < clock.now()))


def client_address(request: Request) -> str:
    """Where the request comes from: an IPv4 address, or the /64 of an IPv6 one, which is one household."""
    host = request.client.host if request.client else ""
    try:
        found = ip_address(host)
    except ValueError:
        return host
    if isinstance(found, IPv4Address):
        return host
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False).network_address)


def network_of(address: str) -> str:
    """The network around an address that `client_address` gave: a /24 of IPv4, a /48 of IPv6."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    return str(
        ip_network((found, 24 if isinstance(found, IPv4Address) else 48), strict=False).network_address
    )


def _too_many(now: datetime, starts: datetime, rate: Rate) -> TooManyError:
    return TooManyError(retry_after=max(1, int((starts + rate.per - now).total_seconds())))


def _key(request: Request, rate: Rate, subject: str) -> str:
    return keyed_hash(settings_of(request), "rate", f"{rate.name}:{subject}")


def _window(now: datetime, per: timedelta) -> datetime:
    seconds = per.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
