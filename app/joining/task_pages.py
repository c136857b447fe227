"""Tasks: the list that everyone sees, one task, and what may be done with it."""

from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.accounts.access import AnyViewer, Operator, Verified, Viewer
from app.accounts.models import User
from app.db import Session
from app.errors import NotFoundError, TooManyError
from app.i18n import gettext as _
from app.i18n import lazy
from app.joining import task_mails, tasks
from app.joining.models import Task, TaskState
from app.joining.task_schemas import (
    AcceptInput,
    ReportInput,
    ReturnInput,
    SuggestInput,
    TaskInput,
    values_of,
)
from app.joining.tasks import Award, NotInThisStateError, OwnWorkError
from app.memberships.models import Tier
from app.web.forms import Form, read_form
from app.web.lists import Number
from app.web.pages import go, page, path_of
from app.web.rate_limits import Rate, spend
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/tasks")
log = structlog.get_logger()

SUGGESTIONS = Rate("suggest_task", 10, timedelta(days=1))
# Each one is a mail to every operator.
HANDED_IN = Rate("hand_in_task", 20, timedelta(days=1))
LISTS = {
    "open": (TaskState.OPEN,),
    "taken": (TaskState.TAKEN, TaskState.HANDED_IN),
    "done": (TaskState.ACCEPTED,),
    "suggested": (TaskState.SUGGESTED,),
    "closed": (TaskState.CLOSED,),
}
SAID = {
    Award.NONE: lazy("Accepted. Their hours are in the ledger."),
    Award.GIVEN: lazy("Accepted. Their hours are in the ledger, and the tier is theirs for a year."),
    Award.HAD: lazy("Accepted. Their hours are in the ledger; they have the tier, or more, already."),
}


@router.get("", name="tasks.index")
async def index(
    request: Request,
    session: Session,
    viewer: AnyViewer,
    which: Annotated[str, Query(alias="list", max_length=20)] = "open",
    number: Number = 1,
) -> Response:
    """The list; operators see what was suggested and closed too."""
    shown = list(LISTS) if viewer is not None and viewer.is_operator else ["open", "taken", "done"]
    which = which if which in shown else "open"
    return page(
        request,
        "joining/tasks.html",
        found=await tasks.list_tasks(session, LISTS[which], number),
        which=which,
        shown=shown,
        mine=await tasks.tasks_of(session, viewer.id) if viewer is not None else [],
    )


@router.get("/suggest", name="tasks.new")
async def new(request: Request, viewer: Verified) -> Response:
    """The form for a suggestion."""
    del viewer
    return page(request, "joining/task_form.html", task=None, form=Form(), changes=None, tiers=[])


@router.post("/suggest", name="tasks.suggest")
async def suggest(request: Request, session: Session, viewer: Verified) -> Response:
    """Keep it for the operators to look at."""
    form = await read_form(request, SuggestInput)
    status = 422
    if form.value is not None:
        try:
            await spend(session, request, SUGGESTIONS, str(viewer.id))
        except TooManyError as error:
            form.fail("", error.message)
            status = error.status
    if form.value is None:
        context: dict[str, Any] = {"task": None, "form": form, "changes": None, "tiers": []}
        return page(request, "joining/task_form.html", status, **context)
    task = await tasks.suggest(session, form.value, viewer.id)
    if not viewer.is_operator:
        await task_mails.tell_operators(session, request, task, "suggested")
    return _back(request, task, lazy("Thank you. The operators look at it, then it goes on the list."))


@router.get("/{task_id:int}", name="tasks.show")
async def show(request: Request, session: Session, viewer: AnyViewer, task_id: int) -> Response:
    """One task."""
    task = await tasks.find_task(session, viewer, task_id)
    return await _page(request, session, viewer, task)


@router.post("/{task_id:int}/take", name="tasks.take")
async def take(request: Request, session: Session, viewer: Verified, task_id: int) -> Response:
    """Take it."""
    task = await tasks.take(session, viewer, task_id)
    return _back(request, task, lazy("It is yours. Hand it in here when it is done."))


@router.post("/{task_id:int}/give-back", name="tasks.give_back")
async def give_back(request: Request, session: Session, viewer: Verified, task_id: int) -> Response:
    """Give it back; one that is off the list is nobody's any more."""
    try:
        task = await tasks.find_task(session, viewer, task_id, lock=True)
    except NotFoundError:
        return _gone(request)
    await tasks.give_back(session, task, viewer.id)
    return _back(request, task, lazy("It is open for others again."))


@router.post("/{task_id:int}/hand-in", name="tasks.hand_in")
async def hand_in(request: Request, session: Session, viewer: Verified, task_id: int) -> Response:
    """Hand it in with a report; if it went off the list while that was written, it is said, and kept on the page."""
    form = await read_form(request, ReportInput)
    try:
        task = await tasks.find_task(session, viewer, task_id, lock=True)
    except NotFoundError:
        return _gone(request, form.values.get("report", ""))
    if form.value is not None:
        try:
            await spend(session, request, HANDED_IN, str(viewer.id))
        except TooManyError as error:
            form.fail("report", error.message)
            return await _page(request, session, viewer, task, error.status, report=form)
    if form.value is None:
        return await _page(request, session, viewer, task, 422, report=form)
    try:
        await tasks.hand_in(session, task, viewer.id, form.value.report)
    except NotInThisStateError:
        return await _page(request, session, viewer, task, 409, late=form.value.report)
    await task_mails.tell_operators(session, request, task, "handed_in")
    return _back(request, task, lazy("Handed in. An operator looks at it and writes to you."))


@router.get("/{task_id:int}/edit", name="tasks.edit")
async def edit(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """The form of one."""
    task = await tasks.find_task(session, viewer, task_id)
    return await _form(request, session, task, Form(values=values_of(task)))


@router.post("/{task_id:int}/edit", name="tasks.change")
async def change(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """Change it."""
    task = await tasks.find_task(session, viewer, task_id, lock=True)
    form = await read_form(request, TaskInput)
    changes = changed_meanwhile(form, task.version, values_of(task))
    may_award = {None, *(tier.id for tier in await tasks.person_tiers(session))}
    if form.value is not None and form.value.tier not in may_award:
        form.fail("tier", lazy("Choose one of the options."))
    if form.value is None:
        return await _form(request, session, task, form, 422 if changes is None else 409, changes)
    try:
        await tasks.change(session, task, form.value)
    except NotInThisStateError as error:
        return await _form(request, session, task, form.fail("", error.message), 409)
    return _back(request, task, lazy("Saved."))


@router.post("/{task_id:int}/open", name="tasks.open")
async def open_it(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """Put it on the list."""
    task = await tasks.find_task(session, viewer, task_id, lock=True)
    await tasks.open_task(session, task)
    return _back(request, task, lazy("It is on the list."))


@router.post("/{task_id:int}/close", name="tasks.close")
async def close(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """Take it off the list; whoever had taken it is told."""
    task = await tasks.find_task(session, viewer, task_id, lock=True)
    taker = task.taken_by
    await tasks.close_task(session, task)
    await task_mails.tell_closed(session, request, task, taker)
    return _back(request, task, lazy("It is off the list."))


@router.post("/{task_id:int}/accept", name="tasks.accept")
async def accept(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """Accept the work."""
    if not await tasks.may_accept(session, await tasks.find_task(session, viewer, task_id), viewer.id):
        raise OwnWorkError
    form = await read_form(request, AcceptInput)
    if form.value is None:
        task = await tasks.find_task(session, viewer, task_id)
        return await _page(request, session, viewer, task, 422, accepting=form)
    try:
        task, award = await tasks.accept(session, task_id, form.value.answer, viewer.name)
    except NotInThisStateError:
        task = await tasks.find_task(session, viewer, task_id)
        return await _page(request, session, viewer, task, 409, late=form.value.answer)
    log.info("task.accepted", operator=viewer.id, task=task.id, award=award)
    await task_mails.tell_taker(session, request, task, "accepted")
    return _back(request, task, SAID[award])


@router.post("/{task_id:int}/return", name="tasks.send_back")
async def send_back(request: Request, session: Session, viewer: Operator, task_id: int) -> Response:
    """Return it with a word."""
    task = await tasks.find_task(session, viewer, task_id, lock=True)
    form = await read_form(request, ReturnInput)
    if form.value is None:
        return await _page(request, session, viewer, task, 422, returning=form)
    try:
        await tasks.send_back(session, task, form.value.answer, viewer.name)
    except NotInThisStateError:
        return await _page(request, session, viewer, task, 409, late=form.value.answer)
    await task_mails.tell_taker(session, request, task, "returned")
    return _back(request, task, lazy("Returned. They have a mail with your word."))


async def _form(
    request: Request,
    session: AsyncSession,
    task: Task,
    form: Form[Any],
    status: int = 200,
    changes: list[Change] | None = None,
) -> Response:
    tiers = [("", _("none")), *((str(tier.id), _(tier.name)) for tier in await tasks.person_tiers(session))]
    return page(request, "joining/task_form.html", status, task=task, form=form, changes=changes, tiers=tiers)


async def _page(
    request: Request,
    session: AsyncSession,
    viewer: Viewer | None,
    task: Task,
    status: int = 200,
    *,
    report: Form[Any] | None = None,
    accepting: Form[Any] | None = None,
    returning: Form[Any] | None = None,
    late: str | None = None,
) -> Response:
    """The task; `late`: what was typed before somebody else has moved it on, which is shown to be kept."""
    tier = await session.get(Tier, task.tier_id) if task.tier_id is not None else None
    is_operator = viewer is not None and viewer.is_operator
    # Who took it is the operators' to know.
    taker = await session.get(User, task.taken_by) if is_operator and task.taken_by is not None else None
    return page(
        request,
        "joining/task.html",
        status,
        task=task,
        tier=tier,
        taker=taker,
        is_operator=is_operator,
        may_accept=is_operator and viewer is not None and await tasks.may_accept(session, task, viewer.id),
        is_theirs=viewer is not None and task.taken_by == viewer.id,
        report=report or Form(values={"report": task.report}),
        accepting=accepting or Form(),
        returning=returning or Form(),
        late=late,
    )


def _gone(request: Request, typed: str = "") -> Response:
    """A task that is not on the list, or never was: the same for both, for closed ones are nobody's to see."""
    return page(request, "joining/task_gone.html", 404, typed=typed)


def _back(request: Request, task: Task, said: Any) -> Response:
    return go(request, path_of(request, "tasks.show", task_id=task.id), say=said)
