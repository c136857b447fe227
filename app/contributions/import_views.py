"""The pages of imports that several routes show: the list of files, and what an import of one would do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app.contributions.import_schemas import SettingsInput
from app.contributions.import_words import ASIDES, FILE_KINDS, MATCHED, OUT, STATES
from app.contributions.importing.columns import PARTS, Columns
from app.contributions.importing.lists import count_unmatched, list_files, names_of
from app.contributions.importing.payments import Trouble, UnreadableError
from app.contributions.importing.preview import Looked, Preview, preview_of
from app.contributions.importing.tables import Table
from app.contributions.ledger import today
from app.contributions.ledger_pages import custodian_choices
from app.contributions.models import ImportFile, LineState
from app.memberships.limits import standing_of
from app.web.forms import Form
from app.web.pages import go, page, path_of
from app.web.pagination import PAGE_SIZE, Page, offset_of

TROUBLES = 20
_SAMPLES, _SAMPLE_LENGTH = 3, 40
_HEADERS = 30  # lines of which one can be chosen as that of the names


@dataclass(frozen=True)
class Column:
    """A column of a table as the form shows it: its name, a few values, and the part of a payment that it is."""

    place: int
    name: str
    samples: Sequence[str]
    part: str | None


async def index_page(
    request: Request, session: AsyncSession, number: int, trouble: Trouble | None = None
) -> Response:
    """Every file, the newest first; `trouble`: why one was not taken."""
    return page(
        request,
        "contributions/imports.html",
        200 if trouble is None else 422,
        files=await list_files(session, number),
        kinds=FILE_KINDS,
        waiting=await count_unmatched(session),
        trouble=trouble,
    )


async def preview_page(
    request: Request,
    session: AsyncSession,
    holder_id: int,
    file: ImportFile,
    *,
    number: int = 1,
    state: str = "",
    form: Form[SettingsInput] | None = None,
    status: int = 200,
) -> Response:
    """What an import would do, with the form that says how the file is read."""
    try:
        preview = await preview_of(session, file, await today_of(session, holder_id))
    except UnreadableError as error:
        # A newer version of the program may read more strictly than the one that took the file.
        return await index_page(request, session, 1, error.trouble)
    counts = dict.fromkeys((*(str(one) for one in LineState), "known", "doubtful", "confirming"), 0)
    for one in preview.lines:
        counts[one.becomes] += 1
        counts["doubtful"] += one.doubtful
        counts["confirming"] += one.confirms_id is not None
    chosen = state if counts.get(state) else ""
    shown = _shown(preview.lines, chosen, number)
    holders = {one.match.holder_id for one in shown.items if one.match.holder_id is not None}
    holders |= {other for one in shown.items for other in one.match.others[:5]}
    reading = preview.reading
    return page(
        request,
        "contributions/import.html",
        status,
        file=file,
        kinds=FILE_KINDS,
        preview=preview,
        troubles=reading.troubles[:TROUBLES],
        counts=counts,
        state=chosen,
        lines=shown,
        here={"of": chosen, "from": number},
        names=await names_of(session, holders),
        form=form or _form_of(file, preview),
        is_posted=form is not None,
        parts=PARTS,
        columns=columns_of(reading.table, reading.columns),
        headers=headers_of(reading.table),
        custodians=await custodian_choices(session),
        currencies=_currencies(preview),
        **words(),
    )


def columns_of(table: Table | None, columns: Columns | None) -> list[Column]:
    """The columns of a table with their first different values."""
    if table is None or columns is None:
        return []
    parts = {place: part for part, place in columns.places.items()}
    found = []
    for place, name in enumerate(table.columns):
        values = dict.fromkeys(row[place].strip() for _line, row in table.rows[:100])
        samples = [value[:_SAMPLE_LENGTH] for value in values if value][:_SAMPLES]
        found.append(Column(place, name, samples, parts.get(place)))
    return found


def headers_of(table: Table | None) -> list[tuple[int, str]]:
    """The lines that can be chosen as that of the columns' names, with what stands in them."""
    if table is None:
        return []
    lines = [(line, [cell for cell in row if cell.strip()]) for line, row in table.top]
    named = [each for each in lines if len(each[1]) > 1]
    return [
        (line, " · ".join(cells)[:60])
        for place, (line, cells) in enumerate(named)
        if place < _HEADERS or line == table.header_line
    ]


def words() -> dict[str, Any]:
    """The words for states and reasons, as the templates want them."""
    return {"states": STATES, "matched": MATCHED, "out": OUT, "aside_words": ASIDES}


async def today_of(session: AsyncSession, holder_id: int) -> Any:
    """The day where the bookkeeper is."""
    return today(await standing_of(session, holder_id))


def to_file(request: Request, file_id: int, said: Any = None, kind: Any = "good") -> Response:
    """Back to the page of a file."""
    return go(request, path_of(request, "contributions.import", file_id=file_id), say=said, kind=kind)


def _shown(lines: Sequence[Looked], state: str, number: int) -> Page[Looked]:
    wanted = [
        one for one in lines if not state or (one.doubtful if state == "doubtful" else one.becomes == state)
    ]
    start = offset_of(number)
    return Page(wanted[start : start + PAGE_SIZE], number, len(wanted))


def _currencies(preview: Preview) -> list[str]:
    return sorted({one.payment.currency for one in preview.lines if one.payment.why_out is None} - {"EUR"})


def _form_of(file: ImportFile, preview: Preview) -> Form[SettingsInput]:
    mapping = file.mapping or {}
    values = {"version": str(file.version), "custodian": str(mapping.get("custodian") or "")}
    values |= {f"rate_{code}": rate for code, rate in mapping.get("rates", {}).items()}
    reading = preview.reading
    if reading.columns is not None and reading.table is not None:
        kept = reading.columns.to_keep()
        values |= {name: str(place) for name, place in kept["columns"].items()}
        values |= {"days": kept["days"] or "", "decimals": kept["decimals"] or ""}
        values |= {"header_line": str(reading.table.header_line)}
        values |= {"shared_out": "yes"} if kept["shared_out"] else {}
    return Form(values=values, errors={part: str(text) for part, text in reading.refusals.items()})
