"""Browser sessions: a random token in the cookie, its hash in the database."""

import hashlib
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import VIEWER_COLUMNS, VIEWER_ORGANISATIONS, BrowserSession
from app.db import Statement

LASTS = timedelta(days=30)
# How exactly "last seen" is kept: a write a request would be too dear for it.
SEEN_EVERY = timedelta(minutes=10)
COOKIE = "session"

BROWSERS = (("Edg/", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def hash_of(token: str) -> bytes:
    """How a random token is kept: it has too much chance in it to need a slow hash."""
    return hashlib.sha256(token.encode()).digest()


async def open_session(session: AsyncSession, user_id: int, user_agent: str) -> str:
    """Sign `user_id` in on a browser; returns the token for its cookie."""
    token, now = secrets.token_urlsafe(32), clock.now()
    session.add(
        BrowserSession(
            token_hash=hash_of(token),
            user_id=user_id,
            browser=browser_in_words(user_agent),
            created_at=now,
            last_seen_at=now,
            expires_at=now + LASTS,
        )
    )
    await session.flush()
    return token


_FIND = Statement(f"""
    SELECT {", ".join(f"users.{column.key}" for column in VIEWER_COLUMNS[:-1])},
           {VIEWER_ORGANISATIONS} AS organisations, s.id AS session_id, s.last_seen_at, s.expires_at
    FROM sessions s JOIN users ON users.id = s.user_id WHERE s.token_hash = :token_hash
""")  # noqa: S608  names of our own columns


async def find(session: AsyncSession, token: str) -> Any | None:
    """The person behind a cookie's token and the session's own columns; None if it is over."""
    found = await _FIND.row(session, token_hash=hash_of(token))
    if found is None or found.expires_at <= clock.now():
        return None
    return found


def is_to_be_seen(last_seen_at: datetime) -> bool:
    """Whether it is so long since the session was seen that it is worth a write."""
    return clock.now() - last_seen_at >= SEEN_EVERY


async def keep_alive(session: AsyncSession, session_id: int) -> None:
    """It was seen now, and lasts from here."""
    now = clock.now()
    await session.execute(
        update(BrowserSession)
        .where(BrowserSession.id == session_id)
        .values(last_seen_at=now, expires_at=now + LASTS)
    )


async def list_open(session: AsyncSession, user_id: int) -> list[BrowserSession]:
    """The browsers someone is signed in on, the last used first."""
    last_used_first = BrowserSession.last_seen_at.desc(), BrowserSession.id.desc()
    found = select(BrowserSession).where(
        BrowserSession.user_id == user_id, BrowserSession.expires_at > clock.now()
    )
    return list(await session.scalars(found.order_by(*last_used_first)))


async def close(session: AsyncSession, user_id: int, session_id: int) -> bool:
    """Sign a person out on one browser; False if there is no such session of theirs."""
    gone = delete(BrowserSession).where(BrowserSession.id == session_id, BrowserSession.user_id == user_id)
    return await session.scalar(gone.returning(BrowserSession.id)) is not None


async def close_all(session: AsyncSession, user_id: int, *, but: int | None = None) -> None:
    """Sign a person out everywhere, or everywhere but on the session `but`."""
    gone = delete(BrowserSession).where(BrowserSession.user_id == user_id)
    await session.execute(gone if but is None else gone.where(BrowserSession.id != but))


async def is_open(session: AsyncSession, user_id: int, session_id: int | None) -> bool:
    """Whether a person is signed in by this very session now; asked with the account locked, it stays so."""
    this = BrowserSession.id == session_id, BrowserSession.user_id == user_id
    return await session.scalar(select(BrowserSession.id).where(*this)) is not None


async def forget_old(session: AsyncSession) -> None:
    """Delete sessions that are over."""
    await session.execute(delete(BrowserSession).where(BrowserSession.expires_at < clock.now()))


def browser_in_words(user_agent: str) -> str:
    """Browser and system, "Firefox · Linux": enough to know one's own sessions apart."""
    browser = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if re.search(mark, user_agent)), "")
    return " · ".join(part for part in (browser, system) if part) or "?"
