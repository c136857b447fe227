"""The names of kinds of files, of what becomes of a payment, and of why."""

from collections.abc import Mapping

from app.contributions.importing.payments import WhyAside
from app.contributions.importing.reading import FileKind
from app.contributions.models import LeftOut, LineState, MatchedBy
from app.i18n import Text, lazy

FILE_KINDS: Mapping[str, Text] = {
    FileKind.LIBERAPAY: lazy("Liberapay, payments"),
    FileKind.CSV: lazy("Table (CSV)"),
    FileKind.CAMT: lazy("Bank statement (CAMT)"),
}
STATES: Mapping[str, Text] = {
    LineState.MATCHED: lazy("Matched"),
    LineState.UNMATCHED: lazy("Unmatched"),
    LineState.LEFT_OUT: lazy("Left out"),
    "known": lazy("Known already"),
    "doubtful": lazy("Look at these"),
}
MATCHED: Mapping[str, Text] = {
    MatchedBy.REFERENCE: lazy("Their reference stands on it."),
    MatchedBy.MAIL: lazy("It came with their mail address."),
    MatchedBy.PAYER: lazy("This payer was matched with them by hand before."),
    MatchedBy.HAND: lazy("Matched by hand."),
}
ASIDES: Mapping[str, Text] = {
    WhyAside.CHOSEN: lazy("Left out by you."),
    WhyAside.NO_PAYMENT: lazy("It has neither a day nor an amount."),
    WhyAside.NOT_BOOKED: lazy("It’s pending or failed, and has no day."),
}
OUT: Mapping[str, Text] = {
    LeftOut.OUTGOING: lazy("It went out, or was given back."),
    LeftOut.REVERSED: lazy("It was taken back."),
    LeftOut.PENDING: lazy("It is announced and not booked yet."),
    LeftOut.RETURNED: lazy("A payment of yours came back. It’s not a contribution."),
    LeftOut.GIVEN_BACK: lazy("An earlier payment was returned to whoever made it."),
    LeftOut.FEE: lazy("The bank’s fee for these payments."),
    LeftOut.REPEATED: lazy("It’s in this file twice and counts once."),
    LeftOut.FAILED: lazy("It didn’t go through."),
}
