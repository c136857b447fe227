"""Tasks: suggested by anyone, opened by operators, taken by one person, rewarded in the ledger when accepted."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.accounts.access import Viewer
from app.accounts.deletion import goes_with_account
from app.accounts.export import exports
from app.accounts.models import User
from app.accounts.service import held as held_account
from app.contributions.ledger import Entry, record, today
from app.contributions.models import EntryKind, Grant, GrantEntry, What
from app.contributions.placing import Places, place_on
from app.errors import ConflictError, NotFoundError
from app.i18n import lazy
from app.joining.models import Task, TaskState
from app.joining.task_schemas import SuggestInput, TaskInput
from app.memberships.granting import tiers_for
from app.memberships.limits import HeldLimits, hold
from app.memberships.models import HolderKind, PolicyRow, Tier
from app.memberships.shipped import FREE
from app.web.pagination import PAGE_SIZE, Page, offset_of
from quotas.contributions import value_of_work

AWARDED_DAYS = 365
PUBLIC = (TaskState.OPEN, TaskState.TAKEN, TaskState.HANDED_IN, TaskState.ACCEPTED)
THEIRS = (TaskState.TAKEN, TaskState.HANDED_IN)
MOST_TAKEN = 5


class Award(StrEnum):
    """What became of the tier that a task promised."""

    NONE = "none"
    GIVEN = "given"
    HAD = "had"
    """they have it, or more, already"""


class TakenAlreadyError(ConflictError):
    """Somebody else was faster, or it is not open."""

    code = "task_taken"
    title = lazy("Someone else was faster")
    message = lazy("This task is not open any more. Look at the list: there may be another one for you.")


class NotInThisStateError(ConflictError):
    """Somebody else has changed its state meanwhile."""

    code = "task_elsewhere"
    title = lazy("This task has moved on")
    message = lazy("Someone has changed its state meanwhile. Open it again to see where it stands.")


class OwnWorkError(ConflictError):
    """Nobody accepts their own work, as long as somebody else can."""

    code = "own_work"
    title = lazy("This is your own work")
    message = lazy("Another operator looks at it and accepts it.")


class TooManyTakenError(ConflictError):
    """One person has so many tasks that others find none."""

    code = "too_many_tasks"
    title = lazy("You have enough tasks")
    message = lazy(
        "You have %(most)s tasks that are not done yet. Hand one in or give one back, then take another.",
        most=MOST_TAKEN,
    )


async def list_tasks(session: AsyncSession, states: Sequence[str], number: int) -> Page[Any]:
    """Rows (Task, name of the tier) of these states, the newest first."""
    wanted = Task.state.in_(states)
    total = await session.scalar(select(func.count()).select_from(Task).where(wanted)) or 0
    found = select(Task, Tier.name.label("tier")).outerjoin(Tier, Tier.id == Task.tier_id).where(wanted)
    page = found.order_by(Task.id.desc()).limit(PAGE_SIZE).offset(offset_of(number))
    return Page(list(await session.execute(page)), number, total)


async def tasks_of(session: AsyncSession, user_id: int) -> Sequence[Task]:
    """What someone has taken and not finished."""
    found = select(Task).where(Task.taken_by == user_id, Task.state.in_(THEIRS))
    return list(await session.scalars(found.order_by(Task.id)))


async def find_task(
    session: AsyncSession, viewer: Viewer | None, task_id: int, *, lock: bool = False
) -> Task:
    """One that the viewer may see, or NotFoundError; `lock`: for changing it."""
    found = select(Task).where(Task.id == task_id).execution_options(populate_existing=True)
    task = await session.scalar(found.with_for_update() if lock else found)
    if task is None:
        raise NotFoundError
    is_theirs = viewer is not None and viewer.id in {task.suggested_by, task.taken_by}
    if task.state not in PUBLIC and not is_theirs and not (viewer is not None and viewer.is_operator):
        raise NotFoundError
    return task


async def person_tiers(session: AsyncSession) -> list[Tier]:
    """The tiers that a task may award."""
    found = await tiers_for(session, HolderKind.PERSON)
    return [tier for tier in found if tier.key != FREE and tier.retired_at is None]


async def suggest(session: AsyncSession, typed: SuggestInput, by: int) -> Task:
    """Keep a suggestion; only its author and operators see it."""
    task = Task(state=TaskState.SUGGESTED, suggested_by=by, created_at=clock.now(), report="", answer="")
    typed.put_on(task)
    session.add(task)
    await session.flush()
    return task


async def change(session: AsyncSession, task: Task, typed: TaskInput) -> None:
    """Say it better, or reward it otherwise; what is accepted stays as it was. It is locked."""
    _check(task, *(state for state in TaskState if state is not TaskState.ACCEPTED))
    typed.put_on(task)
    task.tier_id = typed.tier
    task.version += 1
    await session.flush()


async def open_task(session: AsyncSession, task: Task) -> None:
    """Put it on the list. It is locked. Raises NotInThisStateError."""
    _check(task, TaskState.SUGGESTED, TaskState.CLOSED)
    await _move(session, task, TaskState.OPEN)


async def close_task(session: AsyncSession, task: Task) -> None:
    """Take it off the list; whoever had taken it has it no longer. It is locked. Raises NotInThisStateError."""
    _check(task, TaskState.SUGGESTED, TaskState.OPEN, TaskState.TAKEN)
    _let_go(task)
    await _move(session, task, TaskState.CLOSED)


async def take(session: AsyncSession, viewer: Viewer, task_id: int) -> Task:
    """Give it to the viewer: of two at once one finds it taken.

    Raises NotFoundError, TakenAlreadyError, TooManyTakenError.
    """
    # The person before the task: what they have is counted, so fifty clicks of one person go one after the other.
    if await held_account(session, viewer.id) is None:
        raise NotFoundError
    task = await find_task(session, viewer, task_id, lock=True)
    if task.state != TaskState.OPEN:
        raise TakenAlreadyError
    if len(await tasks_of(session, viewer.id)) >= MOST_TAKEN:
        raise TooManyTakenError
    task.taken_by, task.taken_at = viewer.id, clock.now()
    await _move(session, task, TaskState.TAKEN)
    return task


async def give_back(session: AsyncSession, task: Task, user_id: int) -> None:
    """Let somebody else take it. It is locked. Raises NotInThisStateError."""
    _check_theirs(task, user_id, *THEIRS)
    _let_go(task)
    await _move(session, task, TaskState.OPEN)


async def hand_in(session: AsyncSession, task: Task, user_id: int, report: str) -> None:
    """Say what was done. It is locked. Raises NotInThisStateError."""
    _check_theirs(task, user_id, TaskState.TAKEN)
    task.report, task.handed_in_at = report, clock.now()
    await _move(session, task, TaskState.HANDED_IN)


async def send_back(session: AsyncSession, task: Task, answer: str, by: str) -> None:
    """Ask for more before it is accepted. It is locked. Raises NotInThisStateError."""
    _check(task, TaskState.HANDED_IN)
    task.answer, task.decided_by = answer, by
    await _move(session, task, TaskState.TAKEN)


async def may_accept(session: AsyncSession, task: Task, operator_id: int) -> bool:
    """Whether an operator may say that the work is good: of one's own only if there is no other operator to ask."""
    if task.taken_by != operator_id:
        return True
    others = (
        User.is_operator,
        User.id != operator_id,
        User.banned_at.is_(None),
        User.verified_at.is_not(None),
    )
    return await session.scalar(select(User.id).where(*others).limit(1)) is None


async def accept(session: AsyncSession, task_id: int, answer: str, by: str) -> tuple[Task, Award]:
    """Accept the work: its hours go to the ledger once, and its tier is awarded. Raises NotInThisStateError."""
    wanted = select(User.holder_id).join(Task, Task.taken_by == User.id).where(Task.id == task_id)
    holder_id = await session.scalar(wanted)
    if holder_id is None:
        raise NotInThisStateError
    # The holder before the task: the order in which everything is locked.
    held = await hold(session, holder_id)
    task = await session.get_one(Task, task_id, with_for_update=True, populate_existing=True)
    _check(task, TaskState.HANDED_IN)
    if await session.scalar(wanted) != holder_id:
        raise NotInThisStateError
    task.answer, task.decided_at, task.decided_by = answer, clock.now(), by
    await _move(session, task, TaskState.ACCEPTED)
    hour_cents = await session.scalar(select(PolicyRow.hour_cents)) or 0
    entry = Entry(
        kind=EntryKind.CONFIRMATION,
        what=What.HOURS,
        booked_on=today(held),
        contributor_id=holder_id,
        cents=max(1, value_of_work(task.minutes, hour_cents)),
        minutes=task.minutes,
        note=task.title,
        task_id=task.id,
        once=f"task-{task.id}",
    )
    written = await record(session, entry, by)
    return task, await _award(session, held, task, written.id, by)


async def _award(session: AsyncSession, held: HeldLimits, task: Task, entry_id: int, by: str) -> Award:
    """The tier that was promised, for a year: now, or after the one that they are on."""
    if task.tier_id is None:
        return Award.NONE
    tier = await session.get_one(Tier, task.tier_id)
    earned = (
        select(Grant.id)
        .join(GrantEntry, GrantEntry.grant_id == Grant.id)
        .where(GrantEntry.entry_id == entry_id, GrantEntry.earned, Grant.tier_id == tier.id)
    )
    if await session.scalar(earned) is not None:
        # A rule has granted it for these very hours.
        return Award.GIVEN
    place = (await Places.of(session, held)).for_tier(tier, clock.now())
    if place is None or place.settles is not None:
        return Award.HAD
    said = f"Task {task.id}: {task.title}"
    await place_on(session, held, place, tier, days=AWARDED_DAYS, reason=said, by=by, awarded=True)
    return Award.GIVEN


def _check(task: Task, *states: TaskState) -> None:
    if task.state not in states:
        raise NotInThisStateError


def _check_theirs(task: Task, user_id: int, *states: TaskState) -> None:
    if task.taken_by != user_id:
        raise NotInThisStateError
    _check(task, *states)


def _let_go(task: Task) -> None:
    task.taken_by = task.taken_at = task.handed_in_at = None
    task.report = task.answer = ""


async def _move(session: AsyncSession, task: Task, state: TaskState) -> None:
    task.state = state
    task.version += 1
    await session.flush()


@goes_with_account
async def _back_on_the_list(session: AsyncSession, user_id: int) -> None:
    """What someone had taken is open again when their account goes."""
    found = select(Task).where(Task.taken_by == user_id, Task.state.in_(THEIRS)).with_for_update()
    for task in await session.scalars(found):
        _let_go(task)
        await _move(session, task, TaskState.OPEN)


@exports
async def _tasks(session: AsyncSession, user_id: int) -> dict[str, Any]:
    """The tasks that someone suggested or took."""
    names = (
        "title",
        "state",
        "description",
        "profile",
        "minutes",
        "created_at",
        "taken_at",
        "report",
        "answer",
    )
    found = select(*(getattr(Task, name) for name in names))
    found = found.where(or_(Task.suggested_by == user_id, Task.taken_by == user_id)).order_by(Task.id)
    return {"tasks": [dict(row) for row in (await session.execute(found)).mappings()]}
