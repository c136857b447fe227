"""A table whose columns a bookkeeper has named: which is the day, which the amount, who paid."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.contributions.importing.figures import Days, Decimals, amount_of, day_of
from app.contributions.importing.payments import (
    KEY_LENGTH,
    REFERENCE_LENGTH,
    Payment,
    Trouble,
    content_key,
    numbered,
    tidied,
)
from app.contributions.importing.tables import Table
from app.i18n import Text, lazy
from app.web.forms import Problem

# What a column can be; a day and an amount are needed.
PARTS: Mapping[str, Text] = {
    "day": lazy("Day"),
    "amount": lazy("Amount"),
    "currency": lazy("Currency"),
    "name": lazy("Name of who paid"),
    "email": lazy("Mail address of who paid"),
    "reference": lazy("Reference or message"),
    "payer": lazy("Number or account of who paid"),
    "id": lazy("Number of the payment"),
}
NEEDED = ("day", "amount")
_GUESSES: Mapping[str, re.Pattern[str]] = {
    "day": re.compile(r"date|day|datum|buchungstag|fecha|data|dia|jour", re.IGNORECASE),
    "amount": re.compile(r"amount|betrag|importe?|montant|sum|gross", re.IGNORECASE),
    "currency": re.compile(r"currency|w[äa]hrung|moneda|divisa|devise", re.IGNORECASE),
    "email": re.compile(r"mail|correu|correo|courriel", re.IGNORECASE),
    "name": re.compile(r"name|nom|payer|donor|auftraggeber|zahler|debtor|pagador|ordenante?", re.IGNORECASE),
    "reference": re.compile(
        r"reference|verwendungszweck|concept|message|note|refer[eè]ncia|memo|purpose", re.IGNORECASE
    ),
    "payer": re.compile(r"iban|account|konto|compte|cuenta", re.IGNORECASE),
    "id": re.compile(r"(transaction|payment)?[ _-]?(id|number)", re.IGNORECASE),
}


@dataclass(frozen=True)
class Columns:
    """Which place in a line (from 0) is what, and how the file writes days and amounts."""

    places: Mapping[str, int]
    days: Days = Days.ISO
    decimals: Decimals = Decimals.POINT

    @staticmethod
    def kept(mapping: Mapping[str, Any]) -> "Columns":
        """As the database keeps it."""
        return Columns(
            {name: int(place) for name, place in mapping.get("columns", {}).items() if name in PARTS},
            Days(mapping.get("days", Days.ISO)),
            Decimals(mapping.get("decimals", Decimals.POINT)),
        )

    def to_keep(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {"columns": dict(self.places), "days": str(self.days), "decimals": str(self.decimals)}

    @property
    def is_enough(self) -> bool:
        """Whether payments can be read."""
        return all(name in self.places for name in NEEDED)


def guessed(table: Table) -> Columns:
    """What the names of the columns and the first lines look like: the bookkeeper looks at it."""
    places: dict[str, int] = {}
    for name, pattern in _GUESSES.items():
        for place, column in enumerate(table.columns):
            if place not in places.values() and pattern.search(column):
                places[name] = place
                break
    sample = [row for _line, row in table.rows[:50]]
    days = Days.ISO
    if "day" in places:
        text = " ".join(row[places["day"]] for row in sample)
        days = Days.DOTS if "." in text and "-" not in text else Days.SLASHES if "/" in text else Days.ISO
    commas = "amount" in places and any(re.search(r",\d{1,2}\D*$", row[places["amount"]]) for row in sample)
    return Columns(places, days, Decimals.COMMA if commas else Decimals.POINT)


def payments_of(table: Table, columns: Columns) -> tuple[list[Payment], list[Trouble]]:
    """The payments, and what is wrong with the others' lines."""
    payments: list[Payment] = []
    troubles: list[Trouble] = []
    for line, row in table.rows:
        try:
            payments.append(_payment(line, row, columns, table.header))
        except _CellProblem as problem:
            troubles.append(Trouble(line, columns.places[problem.part] + 1, problem.text))
    return numbered(payments), troubles


class _CellProblem(Exception):  # noqa: N818  it is what is wrong with a cell
    def __init__(self, part: str, text: Text) -> None:
        self.part, self.text = part, text
        super().__init__()


def _payment(line: int, row: list[str], columns: Columns, header: str) -> Payment:
    said = {name: row[place].strip() for name, place in columns.places.items() if place < len(row)}
    part = "day"
    try:
        day = day_of(said.get("day", ""), columns.days)
        part = "amount"
        cents = amount_of(said.get("amount", ""), columns.decimals)
        part = "currency"
        currency = (said.get("currency") or "EUR").upper().replace("€", "EUR")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise Problem(lazy("Write the three letters of the currency: EUR, CHF, USD."))  # noqa: TRY301  told with its place
    except Problem as problem:
        raise _CellProblem(part, problem.text) from None
    name, email = tidied(said.get("name", "")), tidied(said.get("email", ""))
    reference = tidied(said.get("reference", ""), REFERENCE_LENGTH)
    payer = tidied(said.get("payer", ""), KEY_LENGTH).replace(" ", "").upper()
    number = tidied(said.get("id", ""), KEY_LENGTH)
    # Without a number of its own a payment is what it says; two that say the same are counted by `numbered`.
    key = (
        f"csv:{header}:{number}"
        if number
        else content_key("csv", day, cents, currency, name, email.lower(), payer, reference)
    )
    return Payment(
        number=line,
        key=key,
        booked_on=day,
        cents=cents,
        currency=currency,
        payer_name=name,
        payer_email=email if "@" in email else "",
        payer_key=f"payer:{payer}" if payer else f"mail:{email.lower()}" if "@" in email else "",
        reference=reference,
    )
