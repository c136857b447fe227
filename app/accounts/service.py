"""What can be done with accounts: make them, verify them, open them, close them to someone."""

from datetime import timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock, i18n
from app.accounts import passwords, sessions
from app.accounts.credentials import renew_credentials
from app.accounts.models import User
from app.accounts.zones import UTC
from app.addresses import stored_form
from app.db import Database
from app.errors import ConflictError, ForbiddenError, GuildhallError, NotFoundError
from app.i18n import Text, lazy
from app.mail import bounces
from app.memberships.models import Holder, HolderKind

FORGET_UNVERIFIED = timedelta(days=30)


class AddressTakenError(ConflictError):
    """Someone has an account under this address: told only to who owns the address."""

    code = "address_taken"
    message = lazy("There is already an account under this address.")


class WeakPasswordError(GuildhallError):
    """The password would be guessed."""

    status = 422
    code = "weak_password"
    title = lazy("Choose another password")


class BannedError(ForbiddenError):
    """The account is closed to its owner, who has just shown that it is theirs."""

    code = "banned"
    title = lazy("This account is closed")

    def __init__(self, reason: str | None) -> None:
        super().__init__(closed_because(reason))


class Made(NamedTuple):
    """An account, and whether it is new."""

    user: User
    is_new: bool


def closed_because(reason: str | None) -> Text:
    """The honest sentence for someone whose account an operator has closed."""
    if reason:
        return lazy(
            "The people who run this site have closed your account. Their reason: %(reason)s", reason=reason
        )
    return lazy(
        "The people who run this site have closed your account. Write to them if you think it is a mistake."
    )


async def find_by_email(session: AsyncSession, email: str) -> User | None:
    """The account of an address, however it is written."""
    # As it is stored now, and as operators could be made before addresses had one form.
    written = {stored_form(email).lower(), email.lower()}
    found: User | None = await session.scalar(select(User).where(func.lower(User.email).in_(written)))
    return found


def nobody(email: str) -> User:
    """An account that is none: what is done for a real one is done with it, and takes as long."""
    return User(id=0, email=email, password_hash="", language=i18n.spoken())


async def create_account(
    session: AsyncSession,
    *,
    email: str,
    name: str,
    password_hash: str,
    language: str = i18n.DEFAULT,
    time_zone: str = UTC,
    verified: bool = False,
) -> User:
    """A person's holder and account; AddressTakenError if there is one, also one made at this very moment."""
    now = clock.now()
    try:
        async with session.begin_nested():
            holder = Holder(kind=HolderKind.PERSON, name=name, created_at=now)
            session.add(holder)
            await session.flush()
            user = User(
                holder_id=holder.id,
                email=email,
                name=name,
                password_hash=password_hash,
                language=language,
                time_zone=time_zone,
                verified_at=now if verified else None,
                created_at=now,
            )
            session.add(user)
            await session.flush()
    except IntegrityError as error:  # the unique index on the address decides between two at once
        if "uq_users_email" not in str(error.orig):
            raise
        raise AddressTakenError from None
    return user


async def create_operator(session: AsyncSession, email: str, name: str, password: str) -> Made:
    """An operator with a verified address. An account that exists is promoted and keeps its name and password.

    Raises WeakPasswordError.
    """
    user = await find_by_email(session, email)
    if user is not None:
        user.is_operator = True
        user.verified_at = user.verified_at or clock.now()
        user.banned_at = user.ban_reason = None
        await session.flush()
        return Made(user, is_new=False)
    if (problem := passwords.weakness(password, email, name)) is not None:
        raise WeakPasswordError(problem)
    hashed = await passwords.hash_password(password)
    user = await create_account(session, email=email, name=name, password_hash=hashed, verified=True)
    user.is_operator = True
    await session.flush()
    return Made(user, is_new=True)


async def authenticate(database: Database, email: str, password: str) -> User | None:
    """Whoever has this address and this password; as slow for an address that nobody has."""
    async with database.transaction() as session:
        user = await find_by_email(session, email)
    verdict = await passwords.verify(password, user.password_hash if user else None)
    if user is None or not verdict.right:
        return None
    if verdict.better_hash is not None:
        async with database.transaction() as session:
            await session.execute(
                update(User)
                # Not over a password that was changed meanwhile.
                .where(User.id == user.id, User.password_hash == user.password_hash)
                .values(password_hash=verdict.better_hash)
            )
    return user


async def verify_address(session: AsyncSession, user: User, *, stay_signed_in: int | None = None) -> None:
    """The owner of the account has read a mail that was sent to its address.

    Until now anybody may have made it: every other session ends, and so do API tokens. The account is locked.
    """
    await bounces.forgive(session, user.email)
    if user.verified_at is not None:
        return
    user.verified_at = clock.now()
    await renew_credentials(session, user, stay_signed_in=stay_signed_in)


async def held(session: AsyncSession, user_id: int) -> User | None:
    """The account, fresh and locked, so that what is decided about it cannot be raced."""
    found: User | None = await session.scalar(
        # FOR NO KEY UPDATE: rows that refer to the account can be inserted meanwhile.
        select(User)
        .where(User.id == user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return found


async def ban(session: AsyncSession, user_id: int, reason: str) -> User:
    """Close an account to its owner: signed out everywhere, and neither sign-in nor tokens work.

    Raises NotFoundError.
    """
    user = await held(session, user_id)
    if user is None:
        raise NotFoundError
    user.banned_at, user.ban_reason = user.banned_at or clock.now(), reason or None
    await sessions.close_all(session, user_id)
    await session.flush()
    return user


async def unban(session: AsyncSession, user_id: int) -> User:
    """Open a closed account again. Raises NotFoundError."""
    user = await held(session, user_id)
    if user is None:
        raise NotFoundError
    user.banned_at = user.ban_reason = None
    await session.flush()
    return user


async def forget_unverified(session: AsyncSession) -> None:
    """Delete accounts whose address was never verified: nobody can have made anything with them."""
    holder_ids = await session.scalars(
        delete(User)
        .where(
            User.verified_at.is_(None),
            User.banned_at.is_(None),
            User.created_at < clock.now() - FORGET_UNVERIFIED,
            # What others gave them in advance keeps them. By name of the table: its package stands further right.
            text("NOT EXISTS (SELECT 1 FROM memberships m WHERE m.holder_id = users.holder_id)"),
            text("NOT EXISTS (SELECT 1 FROM organisation_hosts h WHERE h.user_id = users.id)"),
            # What they gave stays in the ledger, under their name.
            text("NOT EXISTS (SELECT 1 FROM ledger_entries e WHERE e.contributor_id = users.holder_id)"),
            text("NOT EXISTS (SELECT 1 FROM import_lines l WHERE l.holder_id = users.holder_id)"),
            text(
                "NOT EXISTS (SELECT 1 FROM rooms r WHERE r.host_id = users.id OR r.holder_id = users.holder_id)"
            ),
        )
        .returning(User.holder_id)
    )
    await session.execute(delete(Holder).where(Holder.id.in_(holder_ids.all())))
