"""What one has contributed oneself, or one's organisation, with receipts to print."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from app import clock
from app.accounts.access import SignedIn
from app.contributions.contributors import account_of
from app.contributions.entries import Filter, all_entries, list_entries
from app.contributions.importing.references import reference_of
from app.contributions.ledger_file import OWN_COLUMNS, entry_lines
from app.contributions.own import check_may_see, own_holders
from app.contributions.receipts import address_of, receipt_of, year_receipt, years_of
from app.db import Databased, Session
from app.errors import NotFoundError
from app.memberships.limits import standing_of
from app.web.csv import csv_stream
from app.web.lists import Id, Number
from app.web.pages import page

router = APIRouter(prefix="/contributions")
Year = Annotated[int, Path(ge=2000, le=2999)]


@router.get("", name="contributions.own")
async def own(
    request: Request, session: Session, viewer: SignedIn, holder: Id = None, number: Number = 1
) -> Response:
    """The viewer's own contributions, or those of an organisation they are an admin of."""
    mine = await own_holders(session, viewer)
    whose = holder or viewer.holder_id
    if whose not in {one.holder_id for one in mine}:
        raise NotFoundError
    return page(
        request,
        "contributions/own.html",
        mine=mine,
        standing=await standing_of(session, whose),
        account=await account_of(session, whose),
        entries=await list_entries(session, Filter(contributor=whose), number),
        years=await years_of(session, whose),
        reference=reference_of(whose),
    )


@router.get("/entries.csv", name="contributions.own_file")
async def file(request: Request, database: Databased, viewer: SignedIn, holder: Id = None) -> Response:
    """The same as a file."""
    del request
    whose = holder or viewer.holder_id
    async with database.transaction() as session:
        if whose not in {one.holder_id for one in await own_holders(session, viewer)}:
            raise NotFoundError
    found = all_entries(database, Filter(contributor=whose))
    return csv_stream("contributions", OWN_COLUMNS, entry_lines(found, OWN_COLUMNS))


@router.get("/receipts/{entry_id:int}", name="contributions.receipt")
async def receipt(request: Request, session: Session, viewer: SignedIn, entry_id: int) -> Response:
    """The receipt of one contribution, to print: for who gave it, and for bookkeepers."""
    row = await receipt_of(session, entry_id)
    await check_may_see(session, viewer, row.LedgerEntry.contributor_id)
    address = await address_of(session, row.LedgerEntry.contributor_id)
    return page(request, "contributions/receipt.html", row=row, address=address, now=clock.now())


@router.get("/{holder_id:int}/{year:int}", name="contributions.year_receipt")
async def of_year(
    request: Request, session: Session, viewer: SignedIn, holder_id: int, year: Year
) -> Response:
    """The receipt of a year, to print."""
    await check_may_see(session, viewer, holder_id)
    return page(
        request,
        "contributions/year.html",
        receipt=await year_receipt(session, holder_id, year),
        now=clock.now(),
    )
