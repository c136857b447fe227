"""Callbacks: genuine ones are read, forged and outdated ones are refused, whatever they are made of."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbb_client.callbacks import (
    MeetingEnded,
    RecordingReady,
    check_analytics,
    check_webhook,
    meeting_ended,
    recording_ready,
)
from bbb_client.errors import Forged, Malformed
from bbb_client.signing import Algorithm, webhook_checksum
from bbb_client.tokens import LENGTH_LIMIT

SECRET = "topsecret"
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
VECTOR = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJtZWV0aW5nX2lkIjoicm9vbS0xIiwicmVjb3JkX2lkIjoicmVjLTEifQ"
    ".tIkQRytQaN2GLuOzpr9g560zvszGscAB1wfSkK3kd_Y"
)
READY = {"meeting_id": "room-1", "record_id": "rec-1"}
HOOK = "https://app.example/hook?t=1"
DELIVERY = (
    b"domain=bbb.example&event=%5B%7B%22data%22%3A%7B%22type%22%3A%22event%22%2C%22id%22%3A%22meeting-ended"
    b"%22%2C%22attributes%22%3A%7B%22meeting%22%3A%7B%22internal-meeting-id%22%3A%22a%22%2C%22external-"
    b"meeting-id%22%3A%22room-1%22%7D%7D%2C%22event%22%3A%7B%22ts%22%3A1700000000000%7D%7D%7D%5D"
    b"&timestamp=1700000000001"
)
DELIVERED = "3130809b8f7f127941479e8295eb2b027e608536"
HASHES = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: Any, secret: str = SECRET, kind: str = "HS256", head: Any = None) -> str:
    """A token signed with the secret, as a server or a forger would make it."""
    signed = f"{part(head or {'alg': kind, 'typ': 'JWT'})}.{part(claims)}"
    return f"{signed}.{part(hmac.new(secret.encode(), signed.encode(), HASHES[kind]).digest())}"


def bearer(**claims: Any) -> str:
    return f"Bearer {token(claims, kind='HS512')}"


def test_the_recording_ready_vector_holds() -> None:
    assert recording_ready(VECTOR, SECRET) == RecordingReady("room-1", "rec-1")
    assert token(READY) == VECTOR


@pytest.mark.parametrize("kind", HASHES)
def test_balancers_sign_both_kinds_with_any_hash_of_sha2(kind: str) -> None:
    assert recording_ready(token(READY, kind=kind), SECRET) == RecordingReady("room-1", "rec-1")
    check_analytics(f"Bearer {token({'exp': NOW.timestamp() + 9}, kind=kind)}", SECRET, now=NOW)
    with pytest.raises(Forged):
        recording_ready(token(READY, "another", kind), SECRET)


def test_a_secret_with_a_line_end_is_the_same_secret() -> None:
    assert recording_ready(VECTOR, f"{SECRET}\n") == RecordingReady("room-1", "rec-1")


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "..",
        "é.é.é",
        "!!!!.????.****",
        "A.A.A",
        VECTOR[:-1],
        VECTOR[:-1] + "A",
        f"{VECTOR}." + "A" * LENGTH_LIMIT,
        token(READY, secret="another"),
        token(READY, head={"alg": "RS256"}),
        token(READY, head={"alg": "ES256"}),
        token(READY, head={"alg": "PS512"}),
        token(READY, head={"alg": "HS1"}),
        token(READY, head={"alg": "None"}),
        token(READY, head={"alg": ["HS256"]}),
        token(READY, head={"alg": "HS256", "crit": ["exp"]}),
        token(READY, kind="HS384", head={"alg": "HS512"}),
        token(READY, head={"alg": "HS512"}),
        token(READY, head={"alg": "none"}),
        token(READY, head={"alg": "hs256"}),
        token(READY, head={"typ": "JWT"}),
        token(READY, head=["HS256"]),
        token(READY, head=b"{"),
        token(READY, head=b"[" * 4000),
        f"{part({'alg': 'none'})}.{part(READY)}.",
        token(b"\xff"),
        token([1]),
    ],
)
def test_a_token_that_is_not_the_servers_is_refused(forged: str) -> None:
    with pytest.raises(Forged) as refusal:
        recording_ready(forged, SECRET)
    assert "room-1" not in str(refusal.value)


@given(st.text() | st.text("abc-_=.0", max_size=40))
def test_no_made_up_text_passes_for_a_token(made_up: str) -> None:
    with pytest.raises(Forged):
        recording_ready(made_up, SECRET)


@given(st.integers(0, len(VECTOR) - 1), st.characters(codec="ascii"))
def test_no_changed_token_tells_anything_else(position: int, character: str) -> None:
    changed = VECTOR[:position] + character + VECTOR[position + 1 :]
    try:
        found = recording_ready(changed, SECRET)
    except Forged:
        found = RecordingReady("room-1", "rec-1")
    assert found == RecordingReady("room-1", "rec-1")


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"meeting_id": "r"},
        {"record_id": "r"},
        {"meeting_id": "", "record_id": "r"},
        {**READY, "record_id": 7},
    ],
)
def test_a_genuine_token_that_names_no_recording_is_malformed(claims: dict[str, Any]) -> None:
    with pytest.raises(Malformed, match="is missing"):
        recording_ready(token(claims), SECRET)


@pytest.mark.parametrize("secret", ["", " \n"])
def test_an_empty_secret_verifies_nothing(secret: str) -> None:
    for check in (
        lambda: recording_ready(token(READY, secret=""), secret),
        lambda: check_analytics(f"Bearer {token({'exp': 9e9}, secret='', kind='HS512')}", secret),
        lambda: check_webhook(HOOK, b"", webhook_checksum(HOOK, b"", ""), secret),
    ):
        with pytest.raises(ValueError, match="without the shared secret"):
            check()


@pytest.mark.parametrize("seconds", [-59, 0, 86400])
def test_a_token_is_good_until_a_minute_after_its_expiry(seconds: int) -> None:
    expiry = NOW.timestamp() + seconds
    assert recording_ready(token({**READY, "exp": expiry}), SECRET, now=NOW).record_id == "rec-1"
    check_analytics(bearer(exp=expiry), SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-60, -61, -86400])
def test_a_token_is_refused_from_then_on(seconds: int) -> None:
    expiry = int(NOW.timestamp()) + seconds
    for check in (
        lambda: recording_ready(token({**READY, "exp": expiry}), SECRET, now=NOW),
        lambda: check_analytics(bearer(exp=expiry), SECRET, now=NOW),
    ):
        with pytest.raises(Forged, match="expired"):
            check()


def test_the_present_is_what_expiry_is_checked_against_if_no_time_is_given() -> None:
    now = datetime.now(UTC)
    check_analytics(bearer(exp=(now + timedelta(hours=1)).timestamp()), SECRET)
    with pytest.raises(Forged, match="expired"):
        check_analytics(bearer(exp=(now - timedelta(hours=1)).timestamp()), SECRET)


@pytest.mark.parametrize("expiry", ["9999999999", True, [], float("nan"), {}])
def test_an_expiry_that_is_no_number_is_refused(expiry: Any) -> None:
    with pytest.raises(Forged):
        check_analytics(bearer(exp=expiry), SECRET, now=NOW)


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER  "])
def test_an_analytics_header_is_recognised_in_any_case(scheme: str) -> None:
    check_analytics(scheme + token({"exp": NOW.timestamp()}, kind="HS512"), SECRET, now=NOW)
    with pytest.raises(Forged):
        check_analytics(scheme + token({"exp": NOW.timestamp()}, "another", "HS512"), SECRET, now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Basic " + token({"exp": 9e9}, kind="HS512"),
        token({"exp": 9e9}, kind="HS512"),
        "Bearer " + token({"exp": 9e9}, head={"alg": "none"}),
        "Bearer " + token({"exp": 9e9}, head={"alg": "RS512"}),
        "Bearer " + token({}, kind="HS512"),
        "Bearer " + token({"exp": None}, kind="HS512"),
        f"Bearer {SECRET}",
    ],
)
def test_an_analytics_callback_without_a_good_token_is_refused(header: str | None) -> None:
    with pytest.raises(Forged):
        check_analytics(header, SECRET, now=NOW)


def test_the_delivery_of_the_vector_is_genuine() -> None:
    check_webhook(HOOK, DELIVERY, DELIVERED, SECRET)
    check_webhook(HOOK, DELIVERY, DELIVERED.upper(), f"{SECRET}\n")
    with pytest.raises(Forged, match="wrong"):
        check_webhook(HOOK, DELIVERY, DELIVERED, "another")


@pytest.mark.parametrize("algorithm", Algorithm)
def test_a_delivery_may_be_signed_with_each_hash_unless_it_is_not_accepted(algorithm: Algorithm) -> None:
    signature = webhook_checksum(HOOK, DELIVERY, SECRET, algorithm)
    check_webhook(HOOK, DELIVERY, signature, SECRET)
    check_webhook(HOOK, DELIVERY, signature, SECRET, accepted={algorithm})
    with pytest.raises(Forged, match="no accepted kind"):
        check_webhook(HOOK, DELIVERY, signature, SECRET, accepted=set(Algorithm) - {algorithm})


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        (HOOK, DELIVERY + b"&", DELIVERED),
        (f"{HOOK}&x=1", DELIVERY, DELIVERED),
        (HOOK, DELIVERY, "0" * 40),
        (HOOK, DELIVERY, "é" * 40),
        (HOOK, DELIVERY, "\ud800" * 40),
        (HOOK, DELIVERY, DELIVERED[:-1]),
        (HOOK, DELIVERY, ""),
    ],
)
def test_a_delivery_that_was_changed_is_refused(url: str, body: bytes, signature: str) -> None:
    with pytest.raises(Forged):
        check_webhook(url, body, signature, SECRET)


@pytest.mark.parametrize(
    ("query", "ended"),
    [
        ("token=t&recordingmarks=true&meetingID=room-1", MeetingEnded("room-1", recording_marks=True)),
        ("recordingmarks=FALSE&meetingID=a%20b+c", MeetingEnded("a b c", recording_marks=False)),
        ("recordingmarks=false", MeetingEnded(None, recording_marks=False)),
        ("meetingID=ours&meetingID=theirs", MeetingEnded("theirs", recording_marks=None)),
        ("recordingmarks=maybe", MeetingEnded(None, recording_marks=None)),
        ("", MeetingEnded(None, recording_marks=None)),
    ],
)
def test_the_end_callback_says_which_meeting_and_whether_recording_was_marked(
    query: str, ended: MeetingEnded
) -> None:
    assert meeting_ended(query) == ended


def test_an_end_callback_with_a_flood_of_parameters_is_malformed() -> None:
    with pytest.raises(Malformed):
        meeting_ended("a=1&" * 101)
