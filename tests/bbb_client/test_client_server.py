"""Addresses as people type them, and secrets that stay out of sight."""

import httpx
import pytest

from bbb_client.errors import TooLong
from bbb_client.server import TARGET_LIMIT, Server
from bbb_client.signing import Algorithm, signed_query


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("https://bbb.example", "https://bbb.example/bigbluebutton/api"),
        ("https://bbb.example/", "https://bbb.example/bigbluebutton/api"),
        (" https://bbb.example/bigbluebutton/ \n", "https://bbb.example/bigbluebutton/api"),
        ("https://bbb.example/bigbluebutton", "https://bbb.example/bigbluebutton/api"),
        ("https://bbb.example/bigbluebutton/api", "https://bbb.example/bigbluebutton/api"),
        ("https://bbb.example/bigbluebutton/api/", "https://bbb.example/bigbluebutton/api"),
        ("bbb.example", "https://bbb.example/bigbluebutton/api"),
        ("http://127.0.0.1:8001", "http://127.0.0.1:8001/bigbluebutton/api"),
        ("http://[::1]:8001/", "http://[::1]:8001/bigbluebutton/api"),
        ("https://balancer.example/bbb/guildhall/", "https://balancer.example/bbb/guildhall/api"),
    ],
)
def test_an_address_is_understood_however_it_is_typed(typed: str, kept: str) -> None:
    server = Server(typed, "s")
    assert server.url == kept
    assert server.address() == kept
    assert server.address("hooks/list") == f"{kept}/hooks/list"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "https://",
        "ftp://bbb.example",
        "https://user:hidden@bbb.example",
        "https://bbb.example/?hidden=1",
        "https://bbb.example/#hidden",
        "https://bbb.example:hidden/",
        "https://a b/hidden",
    ],
)
def test_what_cannot_be_a_server_is_refused_without_repeating_it(typed: str) -> None:
    with pytest.raises(ValueError, match="a BigBlueButton server's address") as refusal:
        Server(typed, "s")
    assert "hidden" not in str(refusal.value)


def test_a_secret_loses_the_line_end_that_it_was_copied_with() -> None:
    assert Server("bbb.example", "topsecret\n") == Server("bbb.example", "topsecret")


@pytest.mark.parametrize("secret", ["", " \n"])
def test_a_server_without_a_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="needs its shared secret"):
        Server("bbb.example", secret)


def test_a_server_does_not_show_its_secret() -> None:
    server = Server("bbb.example", "topsecret")
    assert "topsecret" not in f"{server!r} {server}"
    assert "https://bbb.example/bigbluebutton/api" in repr(server)


def test_a_query_is_signed_with_the_servers_algorithm_or_not_at_all() -> None:
    server = Server("bbb.example", "topsecret", Algorithm.SHA512)
    expected = signed_query("end", {"meetingID": "a b"}, "topsecret", Algorithm.SHA512)
    assert server.query("end", {"meetingID": "a b"}) == expected
    assert server.query("stuns", {"sessionToken": "a b"}, signed=False) == "sessionToken=a+b"


def test_a_request_as_long_as_web_servers_take_is_sent_and_a_longer_one_is_not() -> None:
    server = Server("bbb.example", "topsecret")

    def length(welcome: int) -> int:
        query = server.query("create", {"name": "é" * 10, "welcome": "w" * welcome})
        return len(httpx.URL(f"{server.address('create')}?{query}").raw_path)

    fits = TARGET_LIMIT - length(1) + 1
    assert length(fits) == TARGET_LIMIT
    with pytest.raises(TooLong) as refusal:
        length(fits + 1)
    assert (refusal.value.parameter, refusal.value.length) == ("welcome", TARGET_LIMIT + 1)
    assert str(refusal.value) == (
        "create: 8001 bytes of address, 8000 are accepted; welcome is the longest parameter"
    )


def test_the_longest_parameter_is_the_one_that_takes_most_room_when_encoded() -> None:
    with pytest.raises(TooLong) as refusal:
        Server("bbb.example", "s").query("create", {"name": "a" * 3000, "welcome": "é" * 2000})
    assert refusal.value.parameter == "welcome"
