"""What an organisation has, until when and what to do next: said further right, where the ledger is."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

Saying = Callable[[AsyncSession, int], Awaitable[Any]]
_sayers: list[Saying] = []


def says_membership(sayer: Saying) -> Saying:
    """`async (session, holder_id)` returns a `memberships.membership_words.Saying`."""
    if sayer not in _sayers:
        _sayers.append(sayer)
    return sayer


async def membership_saying(session: AsyncSession, holder_id: int) -> Any | None:
    """What an organisation has, in one sentence; None: nobody says it."""
    said = [await say(session, holder_id) for say in _sayers]
    return said[0] if said else None
