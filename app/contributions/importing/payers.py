"""Whether a column really tells payers apart, and a number payments: what several people share is nobody's."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.contributions.importing.cells import is_iban
from app.contributions.importing.columns import Columns
from app.contributions.importing.names import names_agree
from app.contributions.importing.payments import Payment
from app.contributions.importing.tables import Table
from app.i18n import Text, lazy


@dataclass(frozen=True)
class Shared:
    """Values of payers that are not one person's, and the sentence that says why, with two lines to look at."""

    values: frozenset[str]
    text: Text


def refusals_of(table: Table, columns: Columns, payments: Sequence[Payment]) -> dict[str, Text]:
    """The columns that cannot be what they were taken for, each with the reason."""
    refusals: dict[str, Text] = {}
    if not columns.shared_out:
        refusals = {part: shared.text for part, shared in _shared_parts(table, columns, payments).items()}
    if number := _number_refusal(table, columns, payments):
        refusals["id"] = number
    return refusals


def without_shared(table: Table, columns: Columns, payments: Sequence[Payment]) -> list[Payment]:
    """The payments; a payer's account or address that several share is nobody's, if the bookkeeper wants it so."""
    if not columns.shared_out:
        return list(payments)
    shared = _shared_parts(table, columns, payments)
    payers, mails = (
        shared[part].values if part in shared else frozenset[str]() for part in ("payer", "email")
    )
    found = []
    for payment in payments:
        mail = "" if payment.payer_email.casefold() in mails else payment.payer_email
        key = payment.payer_key
        if payment.account in payers:
            key = f"mail:{mail.lower()}" if mail else ""
        elif key.startswith("mail:") and not mail:
            key = ""
        found.append(replace(payment, payer_email=mail, payer_key=key))
    return found


def _shared_parts(table: Table, columns: Columns, payments: Sequence[Payment]) -> Mapping[str, Shared]:
    own = {cell.replace(" ", "").upper() for _line, row in table.before for cell in row if is_iban(cell)}
    of: Mapping[str, Callable[[Payment], str]] = {
        "payer": lambda payment: payment.account,
        "email": lambda payment: payment.payer_email.casefold(),
    }
    found = {part: _shared(payments, of[part], own) for part in of if part in columns.places}
    return {part: shared for part, shared in found.items() if shared is not None}


def _shared(payments: Sequence[Payment], of: Callable[[Payment], str], own: set[str]) -> Shared | None:
    """What several people's payments say alike, or one's own; None if every value can be one person's."""
    texts: dict[str, Text] = {}
    first: dict[str, Payment] = {}
    for payment in payments:
        value = of(payment)
        if not value or value in texts:
            continue
        if value in own:
            texts[value] = lazy(
                "This is your own account: the file names it above the payments. Choose another column or None."
            )
        elif value in first:
            if text := _difference(first[value], payment):
                texts[value] = text
        else:
            first[value] = payment
    if not texts and (nameless := _nameless(payments, of)):
        texts = nameless
    return Shared(frozenset(texts), next(iter(texts.values()))) if texts else None


def _difference(one: Payment, other: Payment) -> Text | None:
    """Why two payments with one account or address are not one payer's; None if they can be."""
    lines = {"first": one.number, "second": other.number}
    if not names_agree(one.payer_name, other.payer_name):
        return lazy(
            "Lines %(first)s and %(second)s have the same value here, but different names: %(one)s and %(other)s. "
            "It’s your own account or a payment service’s, not a payer’s. Choose another column or None.",
            one=one.payer_name,
            other=other.payer_name,
            **lines,
        )
    if one.cents * other.cents < 0 and not (one.payer_name and other.payer_name):
        return lazy(
            "Lines %(first)s and %(second)s have the same value here, but money came in on one and went out on "
            "the other. It’s your own account, not a payer’s. Choose another column or None.",
            **lines,
        )
    return None


def _nameless(payments: Sequence[Payment], of: Callable[[Payment], str]) -> dict[str, Text]:
    """One value on all lines, and no name that would say that they are one person's."""
    values = {of(payment) for payment in payments}
    if len(payments) < 2 or len(values) > 1 or "" in values or any(each.payer_name for each in payments):  # noqa: PLR2004  two lines
        return {}
    text = lazy(
        "Every line has the same value here, and there’s no name to tell people apart. It could be your own account. "
        "Choose another column or None, or choose a column of names as well."
    )
    return dict.fromkeys(values, text)


def _number_refusal(table: Table, columns: Columns, payments: Sequence[Payment]) -> Text | None:
    """Why a column is no number of the payment: it is empty somewhere, or says the same twice."""
    place = columns.places.get("id")
    if place is None:
        return None
    rows = dict(table.rows)
    first: dict[str, int] = {}
    for payment in payments:
        number = rows[payment.number][place].strip()
        if not number:
            return lazy(
                "This isn’t the number of the payment: it’s empty on line %(line)s. Choose another column or None.",
                line=payment.number,
            )
        if number in first:
            return lazy(
                "This isn’t the number of the payment: lines %(first)s and %(second)s have the same one. "
                "Choose another column or None.",
                first=first[number],
                second=payment.number,
            )
        first[number] = payment.number
    return None
