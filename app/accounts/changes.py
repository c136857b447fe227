"""What people change about their own account."""

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.credentials import renew_credentials
from app.accounts.models import User
from app.accounts.schemas import Profile
from app.accounts.service import AddressTakenError
from app.mail import bounces
from app.memberships.models import Holder


async def change_profile(session: AsyncSession, user_id: int, profile: Profile) -> None:
    """Another name, language or time zone; the holder is called as the person is."""
    changed = update(User).where(User.id == user_id).values(**profile.model_dump()).returning(User.holder_id)
    holder_id = await session.scalar(changed)
    await session.execute(update(Holder).where(Holder.id == holder_id).values(name=profile.name))


async def change_language(session: AsyncSession, user_id: int, language: str) -> None:
    """The language of pages and mails."""
    await session.execute(update(User).where(User.id == user_id).values(language=language))


async def change_password(
    session: AsyncSession,
    user: User,
    password_hash: str,
    *,
    stay_signed_in: int | None = None,
    end_tokens: bool = True,
) -> None:
    """Another password. Every session ends but the one given, and the API tokens too, unless they are to stay.

    The account is locked.
    """
    user.password_hash = password_hash
    await renew_credentials(session, user, stay_signed_in=stay_signed_in, end_tokens=end_tokens)


async def change_address(
    session: AsyncSession,
    user: User,
    email: str,
    *,
    stay_signed_in: int | None = None,
    end_tokens: bool = True,
) -> None:
    """Another address, which its owner has just shown to be theirs; AddressTakenError if someone was first.

    Every session ends but the one given; the API tokens too if so asked. The account is locked.
    """
    old = user.email
    try:
        async with session.begin_nested():
            user.email, user.verified_at = email, user.verified_at or clock.now()
            await session.flush()
    except IntegrityError:  # only the unique index on the address can refuse this
        raise AddressTakenError from None
    await renew_credentials(session, user, stay_signed_in=stay_signed_in, end_tokens=end_tokens)
    await bounces.forgive(session, old, email)
