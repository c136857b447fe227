"""Addresses that a mail server refused for good: marked, until they are changed or confirmed again."""

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.mail.models import Bounce


async def mark(session: AsyncSession, address: str, words: str) -> None:
    """Mail to this address is refused; `words`: what the server said."""
    now = {"bounced_at": clock.now(), "words": words}
    written = insert(Bounce).values(address=address.lower(), **now)
    await session.execute(written.on_conflict_do_update(index_elements=[Bounce.address], set_=now))


async def bounce_of(session: AsyncSession, address: str) -> Bounce | None:
    """When and how the address was refused; None if it was not."""
    return await session.get(Bounce, address.lower(), populate_existing=True)


async def forgive(session: AsyncSession, *addresses: str) -> None:
    """Mail arrives there (again), or the address is nobody's any more."""
    await session.execute(
        delete(Bounce).where(Bounce.address.in_([address.lower() for address in addresses]))
    )
