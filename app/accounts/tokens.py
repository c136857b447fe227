"""API tokens: shown once, kept as a hash, named by their owner."""

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.models import VIEWER_COLUMNS, ApiToken, User
from app.accounts.scopes import ALL, Scope
from app.accounts.sessions import hash_of
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy

PREFIX = "gh_"
MOST = 20
# How exactly "last used" is kept: a write a request would be too dear for it.
USED_EVERY = timedelta(minutes=10)


class TooManyTokensError(ConflictError):
    """More tokens than anyone keeps track of."""

    code = "too_many_tokens"
    message = lazy("You have %(count)s tokens, which is the most one can have. Revoke one first.", count=MOST)


class NewToken(NamedTuple):
    """A token that was just made: `secret` is not kept anywhere."""

    row: ApiToken
    secret: str


async def create_token(
    session: AsyncSession,
    user_id: int,
    name: str,
    *,
    days: int | None,
    scopes: frozenset[Scope] = ALL,
) -> NewToken:
    """A new token, for `days` or until it is revoked, for whatever the scopes name. Raises TooManyTokensError."""
    # Two creations at once count one after the other.
    await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    count = await session.scalar(select(func.count()).where(ApiToken.user_id == user_id))
    if (count or 0) >= MOST:
        raise TooManyTokensError
    secret, now = PREFIX + secrets.token_urlsafe(32), clock.now()
    row = ApiToken(
        token_hash=hash_of(secret),
        user_id=user_id,
        name=name,
        created_at=now,
        expires_at=now + timedelta(days=days) if days else None,
        scopes=[scope.value for scope in Scope if scope in scopes],
    )
    session.add(row)
    await session.flush()
    return NewToken(row, secret)


async def list_tokens(session: AsyncSession, user_id: int) -> list[ApiToken]:
    """Someone's tokens, the newest first."""
    newest_first = ApiToken.created_at.desc(), ApiToken.id.desc()
    found = select(ApiToken).where(ApiToken.user_id == user_id).order_by(*newest_first)
    return list(await session.scalars(found))


async def count_tokens(session: AsyncSession, user_id: int) -> int:
    """How many of someone's tokens open something now."""
    holds = (ApiToken.expires_at.is_(None)) | (ApiToken.expires_at > clock.now())
    return await session.scalar(select(func.count()).where(ApiToken.user_id == user_id, holds)) or 0


async def revoke_token(session: AsyncSession, user_id: int, token_id: int) -> None:
    """End one's own token; NotFoundError for anyone else's."""
    gone = delete(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user_id)
    if await session.scalar(gone.returning(ApiToken.id)) is None:
        raise NotFoundError


async def revoke_all(session: AsyncSession, user_id: int) -> None:
    """End all of someone's tokens."""
    await session.execute(delete(ApiToken).where(ApiToken.user_id == user_id))


_FIND = select(
    *VIEWER_COLUMNS,
    ApiToken.id.label("token_id"),
    ApiToken.name.label("token_name"),
    ApiToken.scopes,
    ApiToken.last_used_at,
    ApiToken.expires_at,
).join(User, User.id == ApiToken.user_id)


async def find_by_token(session: AsyncSession, token: str) -> Row[tuple[object, ...]] | None:
    """The person behind a token and the token's own columns; None if it is not one of ours, or is over."""
    found = (await session.execute(_FIND.where(ApiToken.token_hash == hash_of(token)))).one_or_none()
    if found is None or (found.expires_at is not None and found.expires_at <= clock.now()):
        return None
    await _note_use(session, found.token_id, found.last_used_at)
    return found


async def _note_use(session: AsyncSession, token_id: int, last_used_at: datetime | None) -> None:
    now = clock.now()
    if last_used_at is None or now - last_used_at >= USED_EVERY:
        await session.execute(update(ApiToken).where(ApiToken.id == token_id).values(last_used_at=now))
