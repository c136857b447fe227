"""The end of an account: what stands in its way, what goes with it, what stays."""

from collections.abc import Awaitable, Callable

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts import sessions
from app.accounts.models import User
from app.errors import ConflictError, NotFoundError
from app.i18n import Text, lazy
from app.mail import bounces
from app.memberships.models import Holder, LoggedDecision

Hook = Callable[[AsyncSession, int], Awaitable[None]]
Objection = Callable[[AsyncSession, int], Awaitable[Text | None]]

DELETION = 0x6775696C  # "guil": the number of the advisory lock

hooks: list[Hook] = []
objectors: list[Objection] = []
warners: list[Objection] = []


class StillNeededError(ConflictError):
    """The account cannot go as things are; says what to do first."""

    code = "account_still_needed"
    title = lazy("Not yet")


def goes_with_account(hook: Hook) -> Hook:
    """A feature's part: `async (session, user_id)` takes away, or hands over, what refers to the account.

    Used as a decorator by features that stand further right in the order of imports; runs before the account's row
    is deleted, in the same transaction, with account and holder locked.
    """
    if hook not in hooks:
        hooks.append(hook)
    return hook


def stands_in_the_way(objection: Objection) -> Objection:
    """A feature's objection: `async (session, user_id)` returns a sentence that says what to do first, or None."""
    if objection not in objectors:
        objectors.append(objection)
    return objection


def warns_before_deletion(warning: Objection) -> Objection:
    """A feature's warning: `async (session, user_id)` returns a sentence that says what is lost, or None."""
    if warning not in warners:
        warners.append(warning)
    return warning


async def warnings(session: AsyncSession, user_id: int) -> list[Text]:
    """What goes with the account besides what goes with every one; told before it is deleted."""
    found = [await warning(session, user_id) for warning in warners]
    return [sentence for sentence in found if sentence is not None]


async def objections(session: AsyncSession, user_id: int) -> list[Text]:
    """Why the account cannot be deleted now; none if it can."""
    found = [await objection(session, user_id) for objection in objectors]
    return [sentence for sentence in found if sentence is not None]


async def delete_account(session: AsyncSession, user_id: int, *, session_id: int | None = None) -> None:
    """Delete the account. Its holder stays without a name: past figures and memberships hang on it.

    `session_id`: by whoever is in this session. Raises NotFoundError, also when it has ended; StillNeededError (with
    what has to be settled first).
    """
    holder_id = await session.scalar(select(User.holder_id).where(User.id == user_id))
    if holder_id is None:
        raise NotFoundError
    # Deletions go one after the other: the last two admins, or operators, cannot both leave at the same moment.
    await session.execute(select(func.pg_advisory_xact_lock(DELETION)))
    # The holders first, as everyone locks them who starts a meeting: their own, and those of their organisations,
    # whose other admin could step down at this very moment. Then the account, against rooms made meanwhile.
    await session.execute(_HOLDERS, {"holder": holder_id, "user": user_id})
    await session.execute(select(User.id).where(User.id == user_id).with_for_update())
    if session_id is not None and not await sessions.is_open(session, user_id, session_id):
        raise NotFoundError
    for sentence in await objections(session, user_id):
        raise StillNeededError(sentence)
    for hook in hooks:
        await hook(session, user_id)
    email = await session.scalar(delete(User).where(User.id == user_id).returning(User.email))
    await bounces.forgive(session, email or "")
    # It names their rooms, which are gone.
    await session.execute(delete(LoggedDecision).where(LoggedDecision.holder_id == holder_id))
    await session.execute(update(Holder).where(Holder.id == holder_id).values(name=""))


# By names of tables: their packages stand further right, and the sentences are the account's own.
_HOLDERS = text("""
    SELECT id FROM holders
    WHERE id = :holder OR id IN (
        SELECT o.holder_id FROM organisations o JOIN organisation_hosts oh ON oh.organisation_id = o.id
        WHERE oh.user_id = :user
    )
    ORDER BY id FOR NO KEY UPDATE
""")
_RUNNING = text("""
    SELECT m.name FROM meetings m
    LEFT JOIN rooms r ON r.id = m.room_id
    JOIN users u ON u.id = :user AND (u.holder_id = m.holder_id OR r.host_id = u.id)
    WHERE m.state IN ('starting', 'running')
    ORDER BY m.id LIMIT 1
""")
_LAST_ADMIN = text("""
    SELECT h.name FROM organisations o
    JOIN holders h ON h.id = o.holder_id
    JOIN organisation_hosts me ON me.organisation_id = o.id AND me.user_id = :user AND me.role = 'admin'
    WHERE NOT EXISTS (
        SELECT 1 FROM organisation_hosts other JOIN users u ON u.id = other.user_id AND u.banned_at IS NULL
        WHERE other.organisation_id = o.id AND other.user_id <> :user AND other.role = 'admin'
          AND other.suspended_at IS NULL
    )
    ORDER BY o.id LIMIT 1
""")
_OPERATORS = select(User.id).where(User.is_operator, User.banned_at.is_(None)).order_by(User.id)


@stands_in_the_way
async def _running_meeting(session: AsyncSession, user_id: int) -> Text | None:
    name = await session.scalar(_RUNNING, {"user": user_id})
    if name is None:
        return None
    return lazy("A meeting of yours is running: %(name)s. End it first, then come back here.", name=name)


@stands_in_the_way
async def _last_admin(session: AsyncSession, user_id: int) -> Text | None:
    name = await session.scalar(_LAST_ADMIN, {"user": user_id})
    if name is None:
        return None
    return lazy("You are the only admin of %(name)s. Make someone else an admin first.", name=name)


@stands_in_the_way
async def _last_operator(session: AsyncSession, user_id: int) -> Text | None:
    if list(await session.scalars(_OPERATORS)) != [user_id]:
        return None
    return lazy("You are the only operator of this site. Make someone else an operator first.")
