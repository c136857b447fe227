"""Checks and reads what BigBlueButton sends to us (BBB_API.md section 4).

Functions that check raise Forged (answer 401), functions that read raise Malformed (answer 400); neither error
repeats what came. What is signed differs: recording-ready signs its content, web-hooks sign address and body,
analytics signs only the moment, and the end callback nothing. So put a token of your own into every address.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

from bbb_client.errors import Forged, Malformed
from bbb_client.signing import Algorithm, algorithm_of, webhook_checksum
from bbb_client.tokens import claims_of, key_of


@dataclass(frozen=True, slots=True)
class RecordingReady:
    """A format of a recording has been published; the call comes once for each, and may come again."""

    meeting_id: str
    record_id: str


@dataclass(frozen=True, slots=True)
class MeetingEnded:
    """A meeting is over; comes at least twice (section 4.1). What the address did not say is None."""

    meeting_id: str | None
    recording_marks: bool | None


def recording_ready(signed_parameters: str, secret: str, *, now: datetime | None = None) -> RecordingReady:
    """Check and read the form field `signed_parameters` (section 4.2); raises Forged or Malformed."""
    claims = claims_of(signed_parameters, secret, now)
    meeting_id, record_id = claims.get("meeting_id"), claims.get("record_id")
    if not (isinstance(meeting_id, str) and isinstance(record_id, str) and meeting_id and record_id):
        raise Malformed("meeting_id or record_id is missing")
    return RecordingReady(meeting_id, record_id)


def check_analytics(authorization: str | None, secret: str, *, now: datetime | None = None) -> None:
    """Check the header `Authorization` of an analytics callback (section 4.3); raises Forged.

    The token says no more than that a server of ours has called within a day: the body is not covered by it.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer":
        raise Forged("there is no bearer token")
    if claims_of(token.strip(), secret, now).get("exp") is None:
        raise Forged("the token never expires")


def check_webhook(
    callback_url: str,
    raw_body: bytes,
    checksum: str,
    secret: str,
    *,
    accepted: Collection[Algorithm] = tuple(Algorithm),
) -> None:
    """Check a delivery of bbb-webhooks (section 4.4); raises Forged.

    `callback_url` is the address as it was registered, without the checksum; `raw_body` the bytes as they came;
    `checksum` the parameter that was added to the address. The hash is told by its length, among `accepted`.
    """
    algorithm = algorithm_of(checksum)
    if algorithm is None or algorithm not in accepted:
        raise Forged("the checksum is of no accepted kind")
    expected = webhook_checksum(callback_url, raw_body, key_of(secret).decode(), algorithm)
    # As bytes: compare_digest does not take strings that are not ASCII.
    if not hmac.compare_digest(expected.encode(), checksum.lower().encode(errors="replace")):
        raise Forged("the checksum is wrong")


def meeting_ended(query: str) -> MeetingEnded:
    """Read the query string of an end callback (section 4.1), which is not signed.

    BigBlueButton adds its parameters behind those of the address, so the last of a name counts.
    """
    try:
        found = parse_qs(query, max_num_fields=100)
    except ValueError:
        raise Malformed("too many parameters") from None
    marks = found.get("recordingmarks", [""])[-1].lower()
    return MeetingEnded(
        meeting_id=found.get("meetingID", [None])[-1],
        recording_marks={"true": True, "false": False}.get(marks),
    )
