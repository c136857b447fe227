"""What opens an account changes: everything that the older credentials had opened ends."""

from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts import sessions, tokens
from app.accounts.models import User


async def renew_credentials(
    session: AsyncSession, user: User, *, stay_signed_in: int | None = None, end_tokens: bool = True
) -> None:
    """End every session but `stay_signed_in`, the API tokens, known browsers, and sign-ins that are under way.

    The account is locked. `end_tokens`: False leaves programs as they are.
    """
    user.credentials_version += 1
    user.credentials_changed_at = clock.now()
    user.reset_link_at = None
    await session.flush()
    # Sessions before tokens: who makes a token holds their account first, then looks whether they are signed in.
    await sessions.close_all(session, user.id, but=stay_signed_in)
    if end_tokens:
        await tokens.revoke_all(session, user.id)
