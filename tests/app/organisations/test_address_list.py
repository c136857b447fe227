"""The addresses of a list that is pasted or a CSV: no line is lost."""

import time

import pytest

from app.organisations.address_list import TooManyLinesError, addresses_in


def test_lines_of_addresses_and_of_a_csv_with_a_heading_are_read_alike():
    assert addresses_in("cora@example.org\n\n  dan@example.org \r\n") == [
        "cora@example.org",
        "dan@example.org",
    ]
    assert addresses_in("Name;E-Mail\nCora;cora@example.org\n") == ["cora@example.org"]
    assert addresses_in('"Ruiz, Dan",<dan@example.org>\nnobody\n') == ["dan@example.org", "nobody"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("\ufeffa@x.org\rb@x.org\r\nc@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
        ("Cora Ruiz <cora@x.org>, Dan <dan@x.org>", ["cora@x.org", "dan@x.org"]),
        ("Ruiz, Cora <cora@x.org>, Dan <dan@x.org>", ["cora@x.org", "dan@x.org"]),
        ("a@x.org b@x.org; c@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
        ("Nom;Correu\nCora;cora@x.org;boss@x.org", ["cora@x.org"]),
        ('Name\tMail\n"Ruiz, Dan"\tdan@x.org', ["dan@x.org"]),
        ('"never closed, a@x.org\nb@x.org', ["never closed, a@x.org", "b@x.org"]),
        ("=cmd|' /C calc'!A0\n@SUM(1)\n+1", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1"]),
        ("\0\n \n,,\n", []),
    ],
    ids=range(9),
)
def test_whatever_is_pasted_no_line_is_lost(typed, found):
    assert addresses_in(typed) == found


def test_a_cell_without_end_is_one_wrong_line():
    assert addresses_in('"' + "x" * 150_000 + "\nb@x.org") == ['"' + "x" * 299, "b@x.org"]


def test_a_thousand_lines_are_read_and_no_more():
    assert len(addresses_in("a@x.org\n" * 1000)) == 1000
    with pytest.raises(TooManyLinesError):
        addresses_in("a@x.org\n" * 1001)


def test_signs_without_end_are_read_in_a_moment():
    began = time.perf_counter()
    for typed in ("<" + "@" * 200_000, "<@" * 100_000, "<a@" * 70_000, "@ " * 500 + "<" * 100_000):
        assert len(addresses_in(typed)) <= 500
    # What is tried in pairs takes minutes.
    assert time.perf_counter() - began < 3
