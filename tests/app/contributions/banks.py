"""What has to be read out of the exports in `exports/`: their shapes are those of banks and payment services.

The names of columns are theirs, the people and payments are our own: mostly two that came in and one that went out.
"""

from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parent / "exports"
ADA, BEN = "NL91ABNA0417164300", "DE75512108001245126199"


@dataclass(frozen=True)
class Export:
    """What a file says. `payments`: day of November 2026, hundredths, name, account; below zero for what went out.

    `out`: why payments that came in do not count, by line. `asides`: lines that are no payments.
    """

    payments: tuple[tuple[int, int, str, str], ...]
    currency: str = "EUR"
    out: dict[int, str] = field(default_factory=dict)
    asides: tuple[int, ...] = ()


EXPORTS = {
    "sparkasse-camt-csv-version-8": Export(
        ((2, 12_000, "Ada Okafor", ADA), (3, 102_050, "Ben Neri", BEN), (4, 500, "Ben Neri", BEN)),
        out={4: "pending"},
    ),
    "sparkasse-mt940-csv": Export(
        ((2, 12_000, "Ada Okafor", "417164300"), (3, 2000, "Ben Neri", "1245126199"))
    ),
    "volksbank-gls": Export(
        (
            (2, 12_000, "Ada Okafor", ADA),
            (3, 3000, "Ben Neri", BEN),
            (4, -7550, "Druckerei", "DE21500500001234567897"),
        )
    ),
    "dkb-new": Export(
        ((2, 12_000, "Ada Okafor", ADA), (3, 102_050, "Ben Neri", BEN), (4, 700, "Ben Neri", BEN)),
        out={8: "pending"},
    ),
    "dkb-old": Export(((2, 12_000, "Ada Okafor", ADA), (3, -4000, "Strom", BEN))),
    "comdirect": Export(((3, 2000, "", ""), (2, 12_000, "", "")), asides=(6, 9)),
    "ing-diba": Export(((3, 2000, "Ben Neri", ""), (2, 12_000, "Ada Okafor", ""))),
    "postbank": Export(((2, 12_000, "Ada Okafor", ADA), (3, -7550, "Druckerei", BEN)), asides=(11,)),
    "commerzbank": Export(((2, 12_000, "", ""), (3, 2000, "", ""))),
    "hypovereinsbank": Export(((2, 12_000, "Ada Okafor", ""), (3, 2000, "Ben Neri", ""))),
    "n26-old": Export(((2, 12_000, "Ada Okafor", ADA), (3, 2050, "Ben Neri", BEN), (4, -999, "Shop", ""))),
    "n26-new": Export(((2, 12_000, "Ada Okafor", ADA), (3, 2000, "Ben Neri", BEN))),
    "ing-netherlands": Export(((3, -7550, "Drukker", BEN), (2, 12_000, "A. Okafor", ADA))),
    "rabobank": Export(((2, 12_000, "Ada Okafor", ADA), (3, -7550, "Drukker", BEN))),
    "abn-amro-tab": Export(((2, 12_000, "", ""), (3, -7550, "", ""))),
    "triodos-netherlands": Export(((2, 12_000, "", ADA), (23, -7550, "", BEN))),
    "bunq": Export(((2, 12_000, "Ada Okafor", ADA), (3, -7550, "Drukker", BEN))),
    "kbc": Export(((2, 12_000, "Ada Okafor", ADA), (23, -7550, "Drukker", BEN))),
    "belfius": Export(((2, 12_000, "Ada Okafor", ADA), (23, -7550, "Drukker", BEN))),
    "caixabank-catalan": Export(((2, 12_000, "", ""), (23, -7550, "", ""))),
    "bbva": Export(((2, 12_000, "", ""), (23, -7550, "", ""))),
    "santander": Export(((23, 2000, "", ""), (2, 12_000, "", ""))),
    "credit-agricole": Export(((2, 12_000, "", ""), (23, -107_550, "", ""))),
    "la-banque-postale": Export(((23, -7550, "", ""), (2, 12_000, "", ""))),
    "monzo": Export(((2, 12_000, "Ada Okafor", ""), (23, -7550, "Printer", "")), currency="GBP"),
    "starling": Export(((2, 12_000, "Ada Okafor", ""), (23, -7550, "Printer", "")), currency="GBP"),
    "barclays": Export(((23, 12_000, "", ""), (2, -7550, "", ""))),
    "paypal-german": Export(
        ((2, 12_000, "Ada Okafor", ""), (3, 2000, "Ben Neri", ""), (4, -7550, "Druckerei", "")),
        out={3: "pending"},
    ),
    "paypal-english": Export(
        ((2, 112_000, "Ada Okafor", ""), (23, 2000, "Ben Neri", "")), currency="USD", out={3: "reversed"}
    ),
    "paypal-spanish": Export(((2, 12_000, "Ada Okafor", ""), (23, 2000, "Ben Neri", "")), out={3: "failed"}),
    "stripe-charges": Export(
        ((2, 12_000, "Ada Okafor", "CUS_1"), (3, 1500, "Ben Neri", "CUS_2"), (4, 2000, "Ben Neri", "CUS_2")),
        out={4: "failed"},
    ),
    "wise-statement": Export(((23, 12_000, "Ada Okafor", ""), (2, -7550, "", ""))),
    "revolut": Export(((2, 12_000, "", ""), (3, -7550, "", "")), asides=(4,)),
    "open-collective": Export(
        ((2, 12_000, "Ada Okafor", "ADA"), (3, 2000, "Ben Neri", "BEN"), (4, -7550, "Printer", "PRINTER"))
    ),
    "gofundme": Export(((2, 12_000, "Ada Okafor", ""), (23, 2000, "Ben Neri", ""))),
    "donorbox": Export(((2, 12_000, "Ada Okafor", ""), (3, 2000, "Ben Neri", ""))),
    "helloasso": Export(((2, 12_000, "Ada Okafor", ""), (23, 2000, "Ben Neri", ""))),
    "twingle": Export(((2, 12_000, "Ada Okafor", ""), (3, 2000, "Ben Neri", "")), out={3: "pending"}),
    "mollie": Export(((2, 12_000, "Ada Okafor", ADA), (3, 2000, "Ben Neri", BEN)), out={3: "failed"}),
    "sumup": Export(((2, 12_000, "", ""), (23, 2000, "", "")), out={3: "failed"}),
    "xero": Export(((2, 12_000, "Ada Okafor", ""), (3, -7550, "Printer", ""))),
    "quickbooks": Export(((2, 12_000, "", ""), (23, -7550, "", ""))),
    "betterplace": Export(((2, 12_000, "Ada Okafor", ""), (3, 2000, "Ben Neri", ""))),
    "italian-bank": Export(((2, 12_000, "", ""), (23, -7550, "", ""))),
    "portuguese-bank": Export(((2, 12_000, "", ""), (23, -7550, "", ""))),
    "swiss-bank": Export(((2, 112_000, "", ""), (3, -7550, "", "")), currency="CHF"),
}
