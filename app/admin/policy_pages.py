"""The numbers that hold for everyone."""

from typing import Any

import structlog
from fastapi import APIRouter, Request, Response

from app.accounts.access import Operator
from app.accounts.zones import by_part_of_the_world
from app.admin.schemas import MEGABYTE, PolicyInput
from app.db import Session
from app.i18n import Text, lazy
from app.memberships.models import PolicyRow, Removal
from app.recordings.retention import forget_warnings
from app.web.forms import Form, read_form
from app.web.pages import go, page, path_of
from app.web.versions import Change, changed_meanwhile

router = APIRouter(prefix="/admin/policy")
log = structlog.get_logger()

REMOVALS: dict[str, tuple[Text, Text]] = {
    Removal.UNPUBLISH: (
        lazy("It is unpublished"),
        lazy("Nobody can play it, and it still counts. Its host can publish it again."),
    ),
    Removal.DELETE: (lazy("It is deleted"), lazy("For good, at once. That cannot be taken back.")),
}


@router.get("", name="admin.policy")
async def show(request: Request, session: Session, viewer: Operator) -> Response:
    """The numbers as they are."""
    del viewer
    row = await session.get_one(PolicyRow, 1)
    return _page(request, Form(values=_values(row)))


@router.post("", name="admin.change_policy")
async def change(request: Request, session: Session, viewer: Operator) -> Response:
    """Change them; whatever is decided from now on is decided by them."""
    # FOR NO KEY UPDATE: decisions read it meanwhile, another operator waits.
    row = await session.get_one(PolicyRow, 1, with_for_update={"key_share": True})
    form = await read_form(request, PolicyInput)
    changes = changed_meanwhile(form, row.version, _values(row))
    typed = form.value
    if typed is None:
        return _page(request, form, 422 if changes is None else 409, changes)
    row.sitting_gap_minutes = typed.sitting_gap_minutes
    row.large_session_above = typed.large_session_above
    row.recording_bytes_per_hour = typed.recording_megabytes_per_hour * MEGABYTE
    row.grace_days = typed.grace_days
    row.retention_grace_days = typed.retention_grace_days
    row.time_zone = typed.time_zone
    row.hour_cents = typed.hour_value
    row.version += 1
    if row.recording_removal != typed.recording_removal:
        row.recording_removal = typed.recording_removal
        await session.flush()
        await forget_warnings(session)
    await session.flush()
    log.info("admin.policy", operator=viewer.id, **typed.model_dump())
    return go(request, path_of(request, "admin.policy"), say=lazy("Saved. It holds from now on."))


def _values(row: PolicyRow) -> dict[str, str]:
    return {
        "sitting_gap_minutes": str(row.sitting_gap_minutes),
        "large_session_above": str(row.large_session_above),
        "recording_megabytes_per_hour": str(round(row.recording_bytes_per_hour / MEGABYTE)),
        "grace_days": str(row.grace_days),
        "retention_grace_days": str(row.retention_grace_days),
        "recording_removal": row.recording_removal,
        "time_zone": row.time_zone,
        "hour_value": f"{row.hour_cents / 100:.2f}",
        "version": str(row.version),
    }


def _page(
    request: Request, form: Form[Any], status: int = 200, changes: list[Change] | None = None
) -> Response:
    removals = [(str(value), str(label), str(hint)) for value, (label, hint) in REMOVALS.items()]
    return page(
        request,
        "admin/policy.html",
        status,
        form=form,
        changes=changes,
        removals=removals,
        zones=by_part_of_the_world(),
    )
