"""The reports: sums as pictures and tables, and every one as a file."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from markupsafe import Markup

from app import clock, wording
from app.contributions.access import Bookkeeping
from app.contributions.models import What
from app.contributions.owed import dues, suggested_cents, use_of_organisations
from app.contributions.reports import EVERY, Sums, by_contributor, sums_by_custodian, sums_by_quarter
from app.contributions.words import WHATS
from app.db import Session
from app.i18n import gettext as _
from app.memberships.models import HolderKind
from app.web.charts import Group, bars
from app.web.csv import csv_answer, euros
from app.web.lists import Number
from app.web.pages import page

router = APIRouter(prefix="/ledger/reports")
Year = Annotated[int | None, Query(ge=2000, le=2999)]
Kind = Annotated[HolderKind | None, Query()]
YEARS, MANY_QUARTERS, TALLEST = 5, 80, 8
FITS = 48  # letters under the bars of a picture


@router.get("", name="contributions.reports")
async def index(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """The last two years by quarter, kind and custodian."""
    del viewer
    sums = await sums_by_quarter(session)
    return page(
        request,
        "contributions/reports.html",
        sums=sums,
        pledged=_pledged(sums),
        kinds=_kinds(sums),
        custodians=await sums_by_custodian(session),
        whats=[(str(what), str(word)) for what, word in WHATS.items()],
    )


@router.get("/quarters.csv", name="contributions.quarters_file")
async def quarters(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """Twenty years of quarters, by kind and custodian."""
    del request, viewer
    sums = await sums_by_quarter(session, MANY_QUARTERS)
    columns = ("quarter", "what", "custodian", "pledged_eur", "confirmed_eur")
    rows = [
        (line.quarter, line.what, line.custodian, euros(line.pledged), euros(line.confirmed))
        for line in sums.lines
    ]
    return csv_answer("quarters", columns, rows)


@router.get("/contributors", name="contributions.by_contributor")
async def contributors(
    request: Request,
    session: Session,
    viewer: Bookkeeping,
    year: Year = None,
    kind: Kind = HolderKind.ORGANISATION,
    number: Number = 1,
) -> Response:
    """What each organisation, or each person, gave in a year."""
    del viewer
    year = year or clock.now().year
    found = await by_contributor(session, year, kind or "", number)
    return page(
        request,
        "contributions/by_contributor.html",
        found=found,
        year=year,
        years=_years(),
        kind=kind or "",
    )


@router.get("/contributors.csv", name="contributions.by_contributor_file")
async def contributors_file(
    request: Request, session: Session, viewer: Bookkeeping, year: Year = None, kind: Kind = None
) -> Response:
    """The same as a file, whole."""
    del request, viewer
    year = year or clock.now().year
    found = await by_contributor(session, year, kind or "", size=EVERY)
    columns = ("number", "name", "kind", "year", "pledged_eur", "confirmed_eur", *(f"{w}_eur" for w in What))
    rows = [
        (
            row.id,
            row.name,
            row.kind,
            year,
            euros(row.pledged),
            euros(row.confirmed),
            *(euros(getattr(row, what)) for what in What),
        )
        for row in found.items
    ]
    return csv_answer(f"contributors-{year}", columns, rows)


@router.get("/due", name="contributions.due")
async def due(request: Request, session: Session, viewer: Bookkeeping, number: Number = 1) -> Response:
    """What is not confirmed yet of the prices of present memberships."""
    del viewer
    return page(request, "contributions/due.html", found=await dues(session, number=number))


@router.get("/due.csv", name="contributions.due_file")
async def due_file(request: Request, session: Session, viewer: Bookkeeping) -> Response:
    """The same as a file, with those that are paid."""
    del request, viewer
    found = await dues(session, settled=True, size=EVERY)
    columns = ("number", "name", "kind", "tier", "from", "until", "price_eur", "paid_eur", "due_eur")
    rows = [
        (
            row.holder_id,
            row.name,
            row.kind,
            row.tier,
            row.starts_at,
            row.ends_at,
            euros(row.price),
            euros(row.paid),
            euros(row.due),
        )
        for row in found.items
    ]
    return csv_answer("due", columns, rows)


@router.get("/use", name="contributions.use")
async def use(
    request: Request, session: Session, viewer: Bookkeeping, year: Year = None, number: Number = 1
) -> Response:
    """What organisations use beside what they give: a recommendation, not a bill."""
    del viewer
    year = year or clock.now().year
    found = await use_of_organisations(session, year, number)
    rows = [(row, suggested_cents(row)) for row in found.items]
    return page(
        request,
        "contributions/use.html",
        found=found,
        rows=rows,
        picture=_use(rows[:TALLEST]),
        year=year,
        years=_years(),
    )


@router.get("/use.csv", name="contributions.use_file")
async def use_file(request: Request, session: Session, viewer: Bookkeeping, year: Year = None) -> Response:
    """The same as a file, whole."""
    del request, viewer
    year = year or clock.now().year
    found = await use_of_organisations(session, year, size=EVERY)
    columns = (
        *("number", "name", "year", "hosts", "host_months", "meetings", "person_minutes", "stored_bytes"),
        *("suggested_eur", "confirmed_eur"),
    )
    names = ("hosts", "host_months", "meetings", "person_minutes", "stored_bytes")
    rows = [
        (
            row.holder_id,
            row.name,
            year,
            *(getattr(row, name) for name in names),
            euros(suggested_cents(row)),
            euros(row.given),
        )
        for row in found.items
    ]
    return csv_answer(f"use-{year}", columns, rows)


def _pledged(sums: Sums) -> Markup:
    groups = [
        (_short(quarter), (sums.pledged(quarter), sums.confirmed(quarter))) for quarter in sums.quarters
    ]
    return _bars(_("Pledged and confirmed by quarter"), [_("Pledged"), _("Confirmed")], groups)


def _kinds(sums: Sums) -> Markup:
    groups = [
        (_short(quarter), tuple(sums.confirmed(quarter, what) for what in What)) for quarter in sums.quarters
    ]
    names = [str(WHATS[what]) for what in What]
    return _bars(_("Confirmed by quarter and kind"), names, groups, stacked=True)


def _use(rows: list[tuple[Any, int]]) -> Markup:
    room = FITS // max(1, len(rows))
    groups = [(_fitting(row.name, room), (cents, int(row.given))) for row, cents in rows]
    return _bars(_("Suggested and given by organisation"), [_("Suggested"), _("Given")], groups)


def _bars(label: str, series: list[str], groups: Sequence[Group], *, stacked: bool = False) -> Markup:
    tallest = max((sum(values) if stacked else max(values) for _name, values in groups), default=0)
    return bars(label, series, groups, wording.money(max(0, tallest)), stacked=stacked)


def _fitting(name: str, room: int) -> str:
    """A name as it fits under a bar: what is cut off is told by an ellipsis."""
    return name if len(name) <= room else f"{name[: room - 1].strip()}…"


def _short(quarter: str) -> str:
    """2027-Q2 as it fits under a bar."""
    return f"{quarter[-2:]} {quarter[2:4]}"


def _years() -> list[tuple[str, str]]:
    present = clock.now().year
    return [(str(year), str(year)) for year in range(present, present - YEARS, -1)]
