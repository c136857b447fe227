"""Tables as files: nothing that somebody typed is run by the spreadsheet that opens it."""

import pytest

from app.web.csv import harmless

FORMULA = '=HYPERLINK("https://evil.example")'


@pytest.mark.parametrize(
    "text",
    [
        *(FORMULA, "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1"),
        # Looked at by a spreadsheet these begin with a sign, too.
        *(
            "\uff1d1",
            "\uff0b1",
            "\uff0d1",
            "\uff201",
            "\u00a0=1",
            "\u3000=1",
            "\u200b=1",
            "\x0b=1",
            "\ufeff=1",
            "\u202e=1",
        ),
    ],
)
def test_what_looks_like_a_formula_gets_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Ada", "Ada = Eve", "\uff13 people", " Ada", "’ere", "…"])
def test_other_texts_stay_what_they_are(text):
    assert harmless(text) == text
