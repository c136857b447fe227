"""Liberapay's list of a team's payments, as its page Income, Payments, Export as CSV writes it.

The columns are those of Liberapay's own program: id, date, currency, amount, reversed_amount, recipient_id,
recipient_username, payment_method, payer_id, payer_username, payer_public_name. A donor who stays hidden has no
payer_*; nobody has a mail address. Its list of patrons has promises by the week and no payments: it is refused.
"""

import re
from datetime import date

from app.contributions.importing.days import Days, day_of
from app.contributions.importing.figures import Decimals, amount_of
from app.contributions.importing.payments import Payment, Trouble, UnreadableError, tidied
from app.contributions.importing.tables import Table
from app.i18n import lazy
from app.web.forms import Problem

NEEDED = ("id", "date", "currency", "amount", "reversed_amount", "payer_id", "payer_username")
PATRONS = ("patron_id", "patron_username", "weekly_amount", "donation_currency")


def is_liberapay(table: Table) -> bool:
    """Whether the columns are those of Liberapay's payments."""
    return set(NEEDED) <= set(table.columns)


def refuse_patrons(table: Table) -> None:
    """Raise UnreadableError for the list of patrons."""
    if set(PATRONS) <= set(table.columns):
        raise UnreadableError(
            lazy(
                "This is Liberapay’s list of patrons: it says what they promise by the week, not what they paid. "
                "Export the payments instead: Income, then Payments, then Export as CSV."
            ),
            1,
        )


def payments_of(table: Table) -> tuple[list[Payment], list[Trouble]]:
    """The payments, and what is wrong with the others' lines."""
    places = {name: place for place, name in enumerate(table.columns)}
    payments, troubles = [], []
    for line, row in table.rows:
        said = {name: row[place].strip() for name, place in places.items()}
        column = "id"
        try:
            if not re.fullmatch(r"\d{1,18}", said["id"]):
                raise Problem(lazy("This is not the number of a payment."))  # noqa: TRY301  told with its place below
            column = "date"
            day: date = day_of(said["date"], Days.ISO)
            column = "amount"
            cents = amount_of(said["amount"], Decimals.POINT)
            column = "reversed_amount"
            cents -= amount_of(said["reversed_amount"] or "0", Decimals.POINT)
            column = "currency"
            if not re.fullmatch(r"[A-Z]{3}", said["currency"]):
                raise Problem(lazy("Write the three letters of the currency: EUR, CHF, USD."))  # noqa: TRY301  as above
        except Problem as problem:
            troubles.append(Trouble(line, places[column] + 1, problem.text))
            continue
        payer = said["payer_id"] if re.fullmatch(r"\d{1,18}", said["payer_id"]) else ""
        name = said.get("payer_public_name", "") or said["payer_username"]
        payments.append(
            Payment(
                number=line,
                key=f"liberapay:{int(said['id'])}",
                booked_on=day,
                cents=cents,
                currency=said["currency"],
                payer_name=tidied(name),
                payer_key=f"liberapay:{payer}" if payer else "",
                reference=tidied(said.get("payer_public_name", "")),
            )
        )
    return payments, troubles
