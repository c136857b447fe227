"""A payment of a file that is not imported yet: looking at it, and saying whose it is before it is recorded."""

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.access import Bookkeeping
from app.contributions.import_schemas import ChoiceInput
from app.contributions.import_words import MATCHED, OUT, STATES
from app.contributions.importing.choices import Choice, FileChangedError, choose
from app.contributions.importing.files import ImportedAlreadyError, find_file, rates_of
from app.contributions.importing.lists import names_of
from app.contributions.importing.matching import real_holders
from app.contributions.importing.payments import UnreadableError
from app.contributions.importing.preview import Looked, euros_of, preview_of
from app.contributions.importing.suggestions import People, people_for
from app.contributions.ledger import today
from app.contributions.models import ImportFile
from app.db import Session
from app.errors import NotFoundError
from app.i18n import lazy
from app.memberships.limits import standing_of
from app.web.forms import Form, read_form
from app.web.lists import Number, Search
from app.web.pages import go, page, path_of

router = APIRouter(prefix="/ledger/imports")
log = structlog.get_logger()


@dataclass(frozen=True)
class Came:
    """Where in the preview one came from, and goes back to: the tab and the page of it."""

    of: Annotated[str, Query(max_length=20)] = ""
    from_: Annotated[int, Query(alias="from", ge=1, le=100_000)] = 1

    @property
    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        return {"of": self.of, "from": str(self.from_)}


From = Annotated[Came, Depends()]


@router.get("/{file_id:int}/payments/{place:int}", name="contributions.import_payment")
async def show(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    came: From,
    file_id: int,
    place: int,
    search: Search | None = None,
    number: Number = 1,
) -> Response:
    """One payment, what the import would make of it, and whose it could be."""
    file = await find_file(session, file_id)
    one = await _payment(session, viewer.holder_id, file, place)
    if one is None:
        return _to_file(request, file_id, came, ImportedAlreadyError.message, "warn")
    return await _page(request, session, file, one, came, Form(), search, number)


@router.post("/{file_id:int}/payments/{place:int}", name="contributions.import_choose")
async def decide(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    came: From,
    file_id: int,
    place: int,
) -> Response:
    """Say whose it is, that it waits, or why it is left out."""
    form: Form[Any] = await read_form(request, ChoiceInput)
    file = await find_file(session, file_id)
    one = await _payment(session, viewer.holder_id, file, place)
    if one is None:
        return _to_file(request, file_id, came, ImportedAlreadyError.message, "warn")
    said: ChoiceInput | None = form.value
    if said is not None and said.act == "match" and not await real_holders(session, {said.holder or 0}):
        raise NotFoundError
    if said is None:
        return await _page(request, session, file, one, came, form, status=422)
    if said.key != key_of(one) or not one.can_be_changed:
        return _to_file(request, file_id, came, FileChangedError.message, "warn")
    choices = {"match": Choice(said.holder), "leave_out": Choice(reason=said.why), "wait": Choice()}
    try:
        await choose(session, file_id, said.version, one.payment.key, choices.get(said.act))
    except (ImportedAlreadyError, FileChangedError) as error:
        return _to_file(request, file_id, came, error.message, "warn")
    log.info("imports.chosen", file=file_id, place=place, act=said.act, by=viewer.id)
    return _to_file(
        request, file_id, came, lazy("Changed. Nothing is recorded until you import the file."), "good"
    )


def key_of(one: Looked) -> str:
    """By what a form knows that the payment at its place is still the one that it showed."""
    return hashlib.sha256(one.payment.key.encode()).hexdigest()[:16]


async def _payment(session: AsyncSession, holder_id: int, file: ImportFile, place: int) -> Looked | None:
    """The payment at a place; None: the file is imported, or cannot be read any more. Raises NotFoundError."""
    try:
        preview = await preview_of(session, file, today(await standing_of(session, holder_id)))
    except (ImportedAlreadyError, UnreadableError):
        return None
    if not 0 < place <= len(preview.lines):
        raise NotFoundError
    return preview.lines[place - 1]


async def _page(
    request: Request,
    session: AsyncSession,
    file: ImportFile,
    one: Looked,
    came: Came,
    form: Form[Any],
    search: str | None = None,
    number: int = 1,
    status: int = 200,
) -> Response:
    people = People()
    if one.can_be_changed:
        cents, others = euros_of(one.payment, rates_of(file)), one.match.others
        people = await people_for(session, one.payment, cents, others, search=search, number=number)
    return page(
        request,
        "contributions/import_payment.html",
        status,
        file=file,
        one=one,
        key=key_of(one),
        came=came,
        people=people,
        names=await names_of(session, {one.match.holder_id or 0}),
        form=form,
        states=STATES,
        matched=MATCHED,
        out=OUT,
    )


def _to_file(request: Request, file_id: int, came: Came, said: Any, kind: Any) -> Response:
    query = urlencode({"state": came.of, "page": came.from_})
    return go(
        request, f"{path_of(request, 'contributions.import', file_id=file_id)}?{query}", say=said, kind=kind
    )
