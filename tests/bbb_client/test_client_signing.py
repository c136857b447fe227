"""Checksums: the vectors of BBB_API.md section 8, and what must hold for any parameters."""

import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbb_client.signing import (
    Algorithm,
    algorithm_of,
    checksum,
    encode_query,
    signed_query,
    webhook_checksum,
)

DOCUMENTED = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
DOCUMENTED_SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
PARAMS = st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=6)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (Algorithm.SHA1, "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"),
        (Algorithm.SHA256, "da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e"),
        (
            Algorithm.SHA384,
            "891ac633df39d0a1b4f8d597f3e190833216c4b29c4fb51ea3ca72757eeb958d6e7b49a845cf29f5c6019c7d29d029d1",
        ),
        (
            Algorithm.SHA512,
            (
                "de73ad61d11a5c801b68d4bd6ec5248546085cefb0b25c85f3c46249ea93a3a4"
                "b120f92c0a8a58d7512cb77821884951a3b01245f3435dbbef49fff3cc3988b4"
            ),
        ),
    ],
)
def test_the_documented_call_has_the_documented_checksum(algorithm: Algorithm, expected: str) -> None:
    assert checksum("create", DOCUMENTED, DOCUMENTED_SECRET, algorithm) == expected
    assert algorithm_of(expected) is algorithm


@pytest.mark.parametrize(
    ("call", "query", "secret", "expected"),
    [
        ("isMeetingRunning", "meetingID=Foo", "MyTestSalt", "f59b73c5cf1db387da4ca7d937049420d4c50a12"),
        ("getMeetings", "", "topsecret", "e026d8af60bded11dfcd1e41a97c9acba721fbb2"),
        ("create", "name=A+B&meetingID=r", "topsecret", "cd4a7846cf58f7baf5a9f01e69f7f436934d38a6"),
        ("create", "name=A%20B&meetingID=r", "topsecret", "ab4056a5ac4e7707e73f18d311765c50dd62c791"),
        (
            "hooks/create",
            "callbackURL=https%3A%2F%2Fapp.example%2Fcb%3Fx%3D1",
            "topsecret",
            "05aef88f5c57d02ed216cb5b27564b3d98bb772f",
        ),
    ],
)
def test_every_other_vector_holds(call: str, query: str, secret: str, expected: str) -> None:
    assert checksum(call, query, secret, Algorithm.SHA1) == expected


@pytest.mark.parametrize(
    ("call", "params", "expected"),
    [
        (
            "create",
            {"name": "Zażółć gęślą & co", "meetingID": "room-1"},
            (
                "name=Za%C5%BC%C3%B3%C5%82%C4%87+g%C4%99%C5%9Bl%C4%85+%26+co&meetingID=room-1"
                "&checksum=b855b7a781e2ed617a952cd643c19d2323c79998"
            ),
        ),
        (
            "join",
            {"fullName": "Ann O'Neil 🦊", "meetingID": "room-1", "role": "MODERATOR"},
            (
                "fullName=Ann+O%27Neil+%F0%9F%A6%8A&meetingID=room-1&role=MODERATOR"
                "&checksum=098935ea0efbc1e72ad6b8f196289023cf5acf5a"
            ),
        ),
        ("getMeetings", {}, "checksum=e026d8af60bded11dfcd1e41a97c9acba721fbb2"),
    ],
)
def test_a_signed_query_is_written_as_in_the_vectors(
    call: str, params: dict[str, str], expected: str
) -> None:
    assert signed_query(call, params, "topsecret", Algorithm.SHA1) == expected


def test_the_web_hook_vector_holds() -> None:
    body = (
        b"domain=bbb.example&event=%5B%7B%22data%22%3A%7B%22type%22%3A%22event%22%2C%22id%22%3A%22meeting-ended"
        b"%22%2C%22attributes%22%3A%7B%22meeting%22%3A%7B%22internal-meeting-id%22%3A%22a%22%2C%22external-"
        b"meeting-id%22%3A%22room-1%22%7D%7D%2C%22event%22%3A%7B%22ts%22%3A1700000000000%7D%7D%7D%5D"
        b"&timestamp=1700000000001"
    )
    found = webhook_checksum("https://app.example/hook?t=1", body, "topsecret")
    assert found == "3130809b8f7f127941479e8295eb2b027e608536"


def test_sha256_is_the_default() -> None:
    assert algorithm_of(checksum("create", "", "s")) is Algorithm.SHA256
    assert algorithm_of(signed_query("create", {}, "s").removeprefix("checksum=")) is Algorithm.SHA256


def test_a_length_that_no_hash_has_names_no_algorithm() -> None:
    assert algorithm_of("") is None
    assert algorithm_of("a" * 41) is None


@given(PARAMS)
def test_a_query_reads_back_as_it_was_written(params: dict[str, str]) -> None:
    assert dict(parse_qsl(encode_query(params), strict_parsing=bool(params))) == params


@given(PARAMS)
def test_a_query_has_only_characters_that_nothing_on_the_way_rewrites(params: dict[str, str]) -> None:
    assert re.fullmatch(r"([A-Za-z0-9_.~=&+-]|%[0-9A-F]{2})*", encode_query(params))


@given(PARAMS, st.text(min_size=1), st.sampled_from(Algorithm))
def test_a_server_that_takes_the_checksum_off_computes_the_same(
    params: dict[str, str], secret: str, algorithm: Algorithm
) -> None:
    query, _, found = f"&{signed_query('create', params, secret, algorithm)}".rpartition("&checksum=")
    assert found == checksum("create", query[1:], secret, algorithm)
    assert found == found.lower()
