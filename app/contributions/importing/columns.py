"""What the columns of a table are: which part of a payment each is, and how days and amounts are written in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.contributions.importing.days import Days
from app.contributions.importing.figures import Decimals
from app.i18n import Text, lazy

# What a column can be; a day is needed, and an amount in one column or in two.
PARTS: Mapping[str, Text] = {
    "day": lazy("Day"),
    "amount": lazy("Amount"),
    "credit": lazy("Money in, if it has its own column"),
    "debit": lazy("Money out, if it has its own column"),
    "direction": lazy("In or out, if a word or sign says it"),
    "currency": lazy("Currency"),
    "name": lazy("Name of who paid"),
    "first_name": lazy("First name, if it has its own column"),
    "email": lazy("Mail address of who paid"),
    "payer": lazy("Number or account of who paid"),
    "reference": lazy("Reference or message"),
    "reference_2": lazy("More of the message"),
    "id": lazy("Number of the payment"),
    "status": lazy("State: paid, pending, refunded"),
    "refunded": lazy("How much was given back"),
}
# By which names the database keeps them.
KEPT = ("columns", "days", "decimals", "shared_out")
# The two by which a payer is known again, and a payment becomes somebody's by itself.
OF_PAYERS = ("payer", "email")


@dataclass(frozen=True)
class Columns:
    """Which place in a line (from 0) is what, and how the file writes days and amounts; None: somebody has to say.

    `shared_out`: a value in a column of payers that several people share is nobody's, and not a reason to refuse.
    """

    places: Mapping[str, int]
    days: Days | None = Days.ISO
    decimals: Decimals | None = Decimals.POINT
    shared_out: bool = False

    @staticmethod
    def kept(mapping: Mapping[str, Any]) -> "Columns":
        """As the database keeps it."""
        days, decimals = mapping.get("days", Days.ISO), mapping.get("decimals", Decimals.POINT)
        return Columns(
            {name: int(place) for name, place in mapping.get("columns", {}).items() if name in PARTS},
            Days(days) if days else None,
            Decimals(decimals) if decimals else None,
            bool(mapping.get("shared_out")),
        )

    def to_keep(self) -> dict[str, Any]:
        """As the database keeps it."""
        return {
            "columns": dict(self.places),
            "days": self.days and str(self.days),
            "decimals": self.decimals and str(self.decimals),
            "shared_out": self.shared_out,
        }

    @property
    def has_needed(self) -> bool:
        """Whether a day and an amount are among them."""
        return "day" in self.places and bool({"amount", "credit", "debit"} & set(self.places))

    @property
    def is_enough(self) -> bool:
        """Whether payments can be read."""
        return self.has_needed and self.days is not None and self.decimals is not None

    @property
    def of_amounts(self) -> list[int]:
        """The places in which amounts stand."""
        return [
            place
            for name in ("amount", "credit", "debit", "refunded")
            if (place := self.places.get(name)) is not None
        ]
