"""What the columns of a table seem to be, by their names and by their cells: the bookkeeper looks at it."""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise, permutations

from app.contributions.importing.cells import Cells, cells_of, is_iban
from app.contributions.importing.column_words import (
    FIRST_NAME,
    LAST_NAME,
    SHORT_NAME,
    fit,
    is_of_the_other_side,
)
from app.contributions.importing.columns import Columns
from app.contributions.importing.days import Days, days_in
from app.contributions.importing.figures import Decimals, decimals_in
from app.contributions.importing.names import names_agree
from app.contributions.importing.tables import Table
from app.contributions.importing.words import KINDS, plain, way_of

_MOST_NUMBERS = 12  # columns of figures that are compared with each other


def guessed(table: Table) -> Columns:
    """What the names of the columns say and the cells do not contradict; without names, what the cells alone say."""
    columns = cells_of(table)
    places = _named(columns, table) if table.header_line else _unnamed(columns)
    found = Columns(places)
    return Columns(places, days_of(table, found), decimals_of(table, found))


def days_of(table: Table, columns: Columns) -> Days | None:
    """How the days are written; None if the whole file allows both the day and the month to stand first."""
    place = columns.places.get("day")
    if place is None:
        return Days.ISO
    days = days_in(row[place] for _line, row in table.rows)
    if days is None:
        # Another column of days is written in the same way.
        others = (cells.place for cells in cells_of(table) if cells.are_days and cells.place != place)
        found = {days_in(row[other] for _line, row in table.rows) for other in others}
        known = found & {Days.DAY_FIRST, Days.MONTH_FIRST}
        return known.pop() if len(known) == 1 else None
    return days


def decimals_of(table: Table, columns: Columns) -> Decimals | None:
    """What stands before the cents; None if the whole file allows both."""
    return decimals_in(row[place] for place in columns.of_amounts for _line, row in table.rows)


def _named(columns: Sequence[Cells], table: Table) -> dict[str, int]:
    free = {cells.place: cells for cells in columns}
    places: dict[str, int] = {}

    def take(part: str, fits: Callable[[Cells], bool]) -> Cells | None:
        ranked = [(fit(part, cells.name), -cells.place, cells) for cells in free.values() if fits(cells)]
        best = max((each for each in ranked if each[0] > 0), default=None, key=lambda each: each[:2])
        if best is None:
            return None
        places[part] = best[2].place
        return free.pop(best[2].place)

    day = take("day", lambda cells: cells.are_days and len(cells.filled) * 2 >= len(cells.every))
    _take_amounts(columns, free, places, take)
    take("refunded", lambda cells: cells.are_amounts)
    take("currency", lambda cells: cells.are_currencies)
    take("status", lambda cells: cells.know_states)
    take("email", lambda cells: cells.are_mails or not cells.filled)
    take("payer", lambda cells: _may_be_payer(cells, columns, table, day))
    _take_names(free, places, take)
    take("id", lambda cells: cells.are_unique and not cells.count_lines and not cells.are_days)
    take("reference", lambda cells: not cells.are_days and not cells.are_accounts)
    # What kind of payment it is, is no message of the payer’s: it is one only where there is no other.
    second = max(
        (cells for cells in free.values() if fit("reference", cells.name) > 1 and not cells.are_days),
        default=None,
        key=lambda cells: (bool(cells.filled), fit("reference", cells.name), -cells.place),
    )
    if second is not None and second.filled and "reference" in places:
        places["reference_2"] = second.place
    return places


Take = Callable[[str, Callable[[Cells], bool]], Cells | None]


def _take_amounts(
    columns: Sequence[Cells], free: dict[int, Cells], places: dict[str, int], take: Take
) -> None:
    """One column of amounts, with what says their sign; or two, of which one is filled in every line."""
    balances = _balances(columns)
    amount = take("amount", lambda cells: _may_be_amount(cells, balances))
    has_minus = amount is not None and any((cents or 0) < 0 for cents in amount.cents(_decimals(amount)))
    credit = take("credit", _may_be_side)
    debit = take("debit", _may_be_side)
    sides = [cells for cells in (credit, debit) if cells is not None]
    if sides and (amount is None or (not has_minus and debit is not None and _has_money(debit))):
        if amount is not None:
            free[places.pop("amount")] = amount
    else:
        for part in ("credit", "debit"):
            if part in places:
                free[places[part]] = next(cells for cells in sides if cells.place == places[part])
                del places[part]
    if amount is None or "amount" not in places:
        return
    cents = amount.cents(_decimals(amount))
    direction = take("direction", lambda cells: _may_be_direction(cells, cents))
    if direction is None:
        # A column of nothing but words for in and out, whatever it is called.
        other = next((each for each in free.values() if _is_direction(each) and _agree(each, cents)), None)
        if other is not None:
            places["direction"] = other.place
            del free[other.place]


def _may_be_amount(cells: Cells, balances: set[int]) -> bool:
    """Amounts in nearly every line, and no balances, unless the name leaves no doubt."""
    is_sure = fit("amount", cells.name) > 8 or cells.place not in balances  # noqa: PLR2004  9: its very name
    return cells.are_amounts and cells.is_full and not cells.are_days and is_sure


def _may_be_side(cells: Cells) -> bool:
    return cells.are_amounts or not cells.filled


def _has_money(cells: Cells) -> bool:
    return any(cells.cents(_decimals(cells)))


def _may_be_direction(cells: Cells, cents: Sequence[int | None]) -> bool:
    """Whether every cell says in or out; under a name that means it, most: the bookkeeper is told of the others."""
    known = sum(way_of(cell) is not None for cell in cells.every)
    is_sure = fit("direction", cells.name) > 8 and known * 2 > len(cells.every)  # noqa: PLR2004  9: its very name
    return (cells.ways is not None or is_sure) and _agree(cells, cents)


def _is_direction(cells: Cells) -> bool:
    return cells.ways == {1, -1} and KINDS.isdisjoint(plain(cell) for cell in cells.every)


def _agree(cells: Cells, cents: Sequence[int | None]) -> bool:
    """Whether words for in and out do not contradict amounts that have a minus."""
    return not any(
        money is not None and money < 0 and way_of(cell) == 1
        for cell, money in zip(cells.every, cents, strict=True)
    )


def _may_be_payer(cells: Cells, columns: Sequence[Cells], table: Table, day: Cells | None) -> bool:
    """Whether a column of accounts can be the payers': one in which all lines say the same is one's own."""
    if not cells.filled or cells.are_days or cells.are_mails:
        return False
    own = {cell.replace(" ", "").upper() for _line, row in table.before for cell in row if is_iban(cell)}
    if any(cell.replace(" ", "").upper() in own for cell in cells.filled):
        return False
    if plain(cells.name) in {"counterparty", "counter party"} and not cells.are_accounts:
        return False
    if is_of_the_other_side(cells.name):
        return cells.vary or len(cells.filled) < 2 or _same_name(cells, columns)  # noqa: PLR2004  one says nothing
    if len(cells.filled) > 1:
        return cells.vary or _same_name(cells, columns)
    # Of a single line nobody knows; one's own account stands first, before the day.
    return day is not None and cells.place > day.place and plain(cells.name) != "account"


def _same_name(cells: Cells, columns: Sequence[Cells]) -> bool:
    """Whether the lines that say the same here have one name: then they are one person's."""
    names = max(columns, key=lambda each: fit("name", each.name))
    if fit("name", names.name) <= 0 or names.place == cells.place or len(names.filled) < len(names.every):
        return False
    return all(names_agree(names.filled[0], name) for name in names.filled)


def _take_names(free: dict[int, Cells], places: dict[str, int], take: Take) -> None:
    """The name, and the first name where it has a column of its own."""
    name = take("name", _may_be_name)
    if name is None:
        return
    whose = _without(plain(name.name), LAST_NAME, SHORT_NAME)
    for cells in list(free.values()):
        words = plain(cells.name)
        is_first = FIRST_NAME.search(words) is not None
        # “Nombre” beside “Apellidos” is a first name, too.
        is_last = not is_first and LAST_NAME.search(words) is not None
        if (is_first or is_last) and _without(words, FIRST_NAME, LAST_NAME, SHORT_NAME) == whose:
            places["first_name"] = cells.place if is_first else name.place
            places["name"] = name.place if is_first else cells.place
            del free[cells.place]
            return


def _may_be_name(cells: Cells) -> bool:
    return not (cells.are_days or cells.are_amounts or cells.are_accounts or cells.are_mails)


def _without(words: str, *patterns: re.Pattern[str]) -> str:
    for pattern in patterns:
        words = pattern.sub("", words)
    return " ".join(words.split())


def _decimals(*columns: Cells) -> Decimals | None:
    return decimals_in(cell for cells in columns for cell in cells.every)


def _balances(columns: Sequence[Cells]) -> set[int]:
    """Columns of what an account has after or before each payment: their steps are another column's amounts."""
    full = [cells for cells in columns if cells.are_amounts and cells.is_full][:_MOST_NUMBERS]
    numbers: Mapping[int, list[int | None]] = {cells.place: cells.cents(_decimals(cells)) for cells in full}
    return {
        place
        for (place, sums), (_other, amounts) in permutations(numbers.items(), 2)
        if _are_steps(amounts, sums, at_least=2)
    }


def _are_steps(amounts: Sequence[int | None], sums: Sequence[int | None], *, at_least: int) -> bool:
    """Whether sums go up and down by the amounts, from the first line to the last or the other way round."""
    if None in sums or None in amounts or len(sums) <= at_least or len(set(sums)) == 1:
        return False
    steps = [(two or 0) - (one or 0) for one, two in pairwise(sums)]
    backwards = [-step for step in steps]
    return any(each in (list(amounts[1:]), list(amounts[:-1])) for each in (steps, backwards))


def _unnamed(columns: Sequence[Cells]) -> dict[str, int]:
    """By the cells alone: the first days; the only amounts, or those that balances prove; an account that varies."""
    places: dict[str, int] = {}
    day = next((cells for cells in columns if cells.are_days and cells.is_full), None)
    if day is not None:
        places["day"] = day.place
    numbers = [cells for cells in columns if cells.are_amounts and cells.is_full and not cells.are_days]
    balances = _balances(columns)
    rest = [cells for cells in numbers if cells.place not in balances and not _is_number(cells)]
    rest = rest[:_MOST_NUMBERS]
    amount = _between(rest) if len(rest) != 1 else rest[0].place
    if amount is None:
        amount = _proved(rest, [cells for cells in columns if cells.ways])
    if amount is not None:
        places["amount"] = amount
    if "amount" in places:
        cents = columns[places["amount"]].cents(_decimals(columns[places["amount"]]))
        direction = next((cells for cells in columns if _may_be_direction(cells, cents)), None)
        if direction is not None:
            places["direction"] = direction.place
    for part, found in (
        ("currency", [cells for cells in columns if cells.are_currencies and cells.is_full]),
        ("email", [cells for cells in columns if cells.are_mails]),
        ("payer", [cells for cells in columns if cells.are_accounts and cells.vary]),
    ):
        left = [cells for cells in found if cells.place not in places.values()]
        if len(left) == 1:
            places[part] = left[0].place
    return places


def _proved(numbers: Sequence[Cells], directions: Sequence[Cells]) -> int | None:
    """The amounts that are another column's steps once a column of words has given them their signs."""
    found = set()
    for amounts, sums in permutations(numbers, 2):
        for direction in directions:
            ways = [way_of(cell) or 0 for cell in direction.every]
            signed = [
                way * abs(cents or 0)
                for way, cents in zip(ways, amounts.cents(_decimals(amounts)), strict=True)
            ]
            if _are_steps(signed, sums.cents(_decimals(sums)), at_least=1):
                found.add(amounts.place)
    return found.pop() if len(found) == 1 else None


def _is_number(cells: Cells) -> bool:
    """Whether figures are numbers of something, such as an account, and no amounts."""
    return all(cell.isdecimal() and (len(cell) > 6 or cell.startswith("0")) for cell in cells.filled)  # noqa: PLR2004  whole millions


def _between(numbers: Sequence[Cells]) -> int | None:
    """The column that says by how much two others differ in every line: the balances before and after."""
    cents = {cells.place: cells.cents(_decimals(*numbers)) for cells in numbers}
    found = [
        place
        for place, before, after in permutations(cents, 3)
        if all(
            None not in {a, b, c} and (b or 0) + (a or 0) == c
            for a, b, c in zip(cents[place], cents[before], cents[after], strict=True)
        )
    ]
    # The balance before fits the same sum; amounts go below zero sooner, and stand behind.
    return max(found, default=None, key=lambda place: (any((each or 0) < 0 for each in cents[place]), place))
