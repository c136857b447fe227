"""Answers that are broken are repaired, answers that are hostile are refused, and both in bounded time."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbb_client.elements import Unreadable, moment_of, number_of
from bbb_client.parsing import DEPTH_LIMIT, ELEMENT_LIMIT, parse, without_illegal

BILLION_LAUGHS = b"""<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
<response><returncode>&c;</returncode></response>"""
EXTERNAL_ENTITY = b"""<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><response>&x;</response>"""
EXTERNAL_DTD = b"""<!DOCTYPE r SYSTEM "http://127.0.0.1:9/x.dtd"><response/>"""
EMPTY_DOCTYPE = b"<!DOCTYPE response><response/>"


@pytest.mark.parametrize("body", [BILLION_LAUGHS, EXTERNAL_ENTITY, EXTERNAL_DTD, EMPTY_DOCTYPE])
def test_a_document_type_is_refused_before_any_entity_exists(body: bytes) -> None:
    with pytest.raises(Unreadable, match="a document type is declared"):
        parse(body)


def test_an_entity_that_nobody_declared_is_refused() -> None:
    with pytest.raises(Unreadable, match="not XML"):
        parse(b"<response>&x;</response>")


def test_nesting_is_limited() -> None:
    deepest = b"<a>" * DEPTH_LIMIT + b"</a>" * DEPTH_LIMIT
    assert parse(deepest).name == "a"
    deeper = parse(b"<r>" + deepest.replace(b"<a></a>", b"<a>x<b>y<c>z</c></b></a>") + b"<x>1</x></r>")
    assert deeper.string("x") == "1"
    depth = 0
    while deeper.children:
        deeper, depth = deeper.children[0], depth + 1
    assert (depth, deeper.name, deeper.text) == (DEPTH_LIMIT - 1, "a", "")


@pytest.mark.parametrize("name", [b"customdata", b"meeting", b"recording"])
def test_what_never_ends_is_given_up_soon(name: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable, match="not XML"):
        parse(b"<a>" + (b"<%s>" % name) * 60_000)
    assert time.monotonic() - started < 2


@pytest.mark.slow
def test_the_number_of_elements_is_limited() -> None:
    with pytest.raises(Unreadable, match="too many elements"):
        parse(b"<a>" + b"<b/>" * ELEMENT_LIMIT + b"</a>")


@pytest.mark.parametrize("body", [b"", b"<html>", b"<a></b>", b"<a/><b/>", b"plain text"])
def test_what_is_not_xml_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable, match="not XML"):
        parse(body)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"A\x00n\x0bn", "Ann"),
        (b"Ann&#0;&#x1F;&#xD800;&#xFFFFFFFF;", "Ann"),
        (b"Ann &#x1F98A;&#10;\x01x", "Ann 🦊\nx"),
        (b"Ann \xff\x02", "Ann �"),
        (b"A&amp;B\x7f\xef\xbf\xbf", "A&B\x7f"),
    ],
)
def test_characters_that_xml_forbids_are_dropped_and_the_rest_is_kept(name: bytes, kept: str) -> None:
    root = parse(b"<response><name>" + name + b"</name><x>1</x></response>")
    assert (root.first("name").text, root.string("x")) == (kept, "1")


def test_custom_data_that_is_not_xml_costs_the_custom_data_only() -> None:
    people = b"<a><n>1</n><customdata><my key>x</my key></customdata></a><a><n>2</n><customdata/></a>"
    root = parse(b"<response>" + people + b"</response>")
    assert [person.string("n") for person in root.all("a")] == ["1", "2"]


@given(st.binary())
def test_any_bytes_are_read_or_unreadable_and_nothing_else(body: bytes) -> None:
    for attempt in (body, b"<r>" + body + b"</r>"):
        outcome = "read"
        try:
            parse(attempt)
        except Unreadable as error:
            outcome = str(error)
        assert outcome in {"read", "not XML", "a document type is declared"}


@given(st.text(st.characters()))
def test_text_without_illegal_characters_can_be_read_as_it_is(text: str) -> None:
    kept = without_illegal(text)
    body = kept.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")
    assert parse(f"<r>{body}</r>".encode()).text == kept


def test_an_element_gives_its_children_by_name() -> None:
    root = parse(
        b"<r><empty/><word> one <!-- --> </word><n>1,234</n><yes>TRUE</yes><no>yes</no>"
        b"<cdata><![CDATA[<b> & ]]></cdata><l><i>1</i><i>2</i></l><l><i>3</i></l>"
        b"<m><tier>free</tier><none/></m><at>1717171717171</at></r>"
    )
    assert [root.string(name) for name in ("empty", "absent", "word", "cdata")] == ["", "", "one", "<b> &"]
    assert [root.number(name) for name in ("n", "empty", "absent", "word")] == [1234, None, None, None]
    assert [root.count(name) for name in ("n", "empty", "absent")] == [1234, 0, 0]
    assert [root.flag(name) for name in ("yes", "no", "empty", "absent")] == [True, False, False, False]
    assert [item.text for item in root.all("l", "i")] == ["1", "2", "3"]
    assert root.all("absent", "i") == []
    assert root.mapping("m") == {"tier": "free", "none": ""}
    assert root.mapping("absent") == {}
    assert root.moment("at") == datetime(2024, 5, 31, 16, 8, 37, 171000, tzinfo=UTC)
    assert root.must_string("word") == "one"
    assert root.must_number("n") == 1234
    for read in (root.must_string, root.must_number):
        with pytest.raises(Unreadable, match="empty is missing"):
            read("empty")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-7", -7),
        ("1,717,171,717,171", 1717171717171),
        ("1 234\u00a0567\u202f890", 1234567890),
        ("1'234’567", 1234567),
        ("12.9", 12),
        ("", None),
        ("twelve", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 19, None),
        ("9" * 5000, None),
    ],
)
def test_numbers_are_read_with_any_separator_of_thousands(text: str, number: int | None) -> None:
    assert number_of(text) == number


def test_a_moment_is_in_utc_and_nothing_or_nonsense_is_none() -> None:
    assert moment_of(1) == datetime(1970, 1, 1, 0, 0, 0, 1000, tzinfo=UTC)
    assert [moment_of(value) for value in (None, 0, -1, 10**17, 10**400)] == [None] * 5
