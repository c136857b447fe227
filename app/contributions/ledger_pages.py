"""The bookkeepers' pages: the ledger, finding a contributor, one contributor's account."""

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import clock
from app.contributions.access import Bookkeeping
from app.contributions.asked import Wanted
from app.contributions.contributors import account_of, custodians, find_contributors
from app.contributions.entries import COLLECTIVE, Filter, all_entries, list_entries
from app.contributions.ledger_file import ENTRY_COLUMNS, entry_lines
from app.contributions.words import KINDS, WHATS
from app.db import Databased, Session
from app.i18n import gettext as _
from app.memberships.limits import standing_of
from app.memberships.models import Holder
from app.web.csv import csv_stream
from app.web.lists import Number, Search, tidy
from app.web.pages import page

router = APIRouter(prefix="/ledger")
QUARTERS = 12
LINES = 20


@router.get("", name="contributions.ledger")
async def index(
    request: Request, session: Session, viewer: Bookkeeping, wanted: Wanted, number: Number = 1
) -> Response:
    """Every entry, the newest first."""
    del viewer
    return page(
        request,
        "contributions/ledger.html",
        entries=await list_entries(session, wanted, number),
        wanted=wanted,
        of=await session.get(Holder, wanted.contributor) if wanted.contributor else None,
        choices=await choices(session),
    )


@router.get("/entries.csv", name="contributions.ledger_file")
async def file(request: Request, database: Databased, viewer: Bookkeeping, wanted: Wanted) -> Response:
    """The same as a file, whole."""
    del request, viewer
    return csv_stream("ledger", ENTRY_COLUMNS, entry_lines(all_entries(database, wanted)))


@router.get("/contributors", name="contributions.find")
async def find(
    request: Request, session: Session, viewer: Bookkeeping, search: Search = "", number: Number = 1
) -> Response:
    """People and organisations, to find the one whose contribution it is."""
    del viewer
    found = await find_contributors(session, tidy(search), number)
    return page(request, "contributions/find.html", found=found, search=tidy(search))


@router.get("/contributors/{holder_id:int}", name="contributions.account")
async def account(request: Request, session: Session, viewer: Bookkeeping, holder_id: int) -> Response:
    """What one contributor has pledged and given, who holds it, and what it earned."""
    del viewer
    standing = await standing_of(session, holder_id)
    return page(
        request,
        "contributions/account.html",
        standing=standing,
        account=await account_of(session, holder_id),
        entries=await list_entries(session, Filter(contributor=holder_id), 1, LINES),
    )


async def choices(session: AsyncSession) -> dict[str, list[tuple[str, str]]]:
    """What the lists can be filtered by."""
    return {
        "kind": [("", _("All")), *((str(key), str(word)) for key, word in KINDS.items())],
        "what": [("", _("All")), *((str(key), str(word)) for key, word in WHATS.items())],
        "quarter": [("", _("All")), *((one, one.replace("-", " ")) for one in last_quarters())],
        "custodian": [("", _("All")), *await custodian_choices(session, COLLECTIVE)],
    }


async def custodian_choices(session: AsyncSession, collective: str = "") -> list[tuple[str, str]]:
    """Who may hold a contribution: the collective itself, or one of its co-producers."""
    known = [(str(row.id), row.name) for row in await custodians(session)]
    return [(collective, _("The collective itself")), *known]


def last_quarters() -> list[str]:
    """The names of the last three years' quarters, the present one first: 2027-Q2."""
    day = clock.now().date()
    present = day.year * 4 + (day.month - 1) // 3
    return [f"{number // 4}-Q{number % 4 + 1}" for number in range(present, present - QUARTERS, -1)]
