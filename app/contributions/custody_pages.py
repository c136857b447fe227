"""The report of custody: who keeps whose payments, and how much of them."""

from fastapi import APIRouter, Request, Response

from app.contributions.access import Bookkeeping
from app.contributions.custody import kept
from app.contributions.reports import EVERY
from app.db import Session
from app.web.csv import csv_answer, euros
from app.web.lists import Number
from app.web.pages import page

router = APIRouter(prefix="/ledger/reports")
COLUMNS = ("custodian", "holds_eur", "organisation", "of_it_eur")


@router.get("/custody", name="contributions.custody")
async def show(request: Request, session: Session, viewer: Bookkeeping, number: Number = 1) -> Response:
    """Custodians with the organisations in their custody."""
    return page(
        request,
        "contributions/custody.html",
        found=await kept(session, number),
        is_operator=viewer.is_operator,
    )


@router.get("/custody.csv", name="contributions.custody_file")
async def file(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """The same as a file."""
    del request, viewer
    found = await kept(session, size=EVERY)
    rows = ((row.custodian, euros(row.holds), row.name, euros(row.cents)) for row in found.items)
    return csv_answer("custody", COLUMNS, rows)
