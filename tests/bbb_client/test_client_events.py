"""What web-hooks and learning analytics bring, read leniently: wrong types read like what is not there."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bbb_client.analytics import Engagement, analytics
from bbb_client.errors import Malformed
from bbb_client.vocabulary import Role
from bbb_client.webhook_events import EventUser, WebhookDelivery, webhook_delivery

AT = datetime(2024, 5, 31, 16, 8, 40, tzinfo=UTC)
USER = {
    "internal-user-id": "w_ab12",
    "external-user-id": "u-42",
    "name": "Ada",
    "role": "MODERATOR",
    "presenter": False,
    "guest": "true",
}
MEETING = {"internal-meeting-id": "7c02-1", "external-meeting-id": "room-7"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def event(id: str, ts: Any, **attributes: Any) -> dict[str, Any]:  # noqa: A002 - as in the event
    return {"data": {"type": "event", "id": id, "attributes": attributes, "event": {"ts": ts}}}


def delivered(events: Any, **fields: str) -> WebhookDelivery:
    form = {"domain": "bbb.example", "event": json.dumps(events), "timestamp": "1717171720007", **fields}
    return webhook_delivery(urlencode(form).encode())


def test_a_delivery_is_read_with_the_people_in_it() -> None:
    found = delivered([event("user-joined", 1717171720000, meeting=MEETING, user=USER)])
    [joined] = found.events
    assert (found.domain, found.sent_at) == ("bbb.example", AT.replace(microsecond=7000))
    assert (joined.id, joined.at, joined.meeting_id, joined.internal_meeting_id) == (
        "user-joined",
        AT,
        "room-7",
        "7c02-1",
    )
    assert joined.user == EventUser("w_ab12", "u-42", "Ada", Role.MODERATOR, presenter=False, guest=True)
    assert joined.attributes == {"meeting": MEETING, "user": USER}
    assert joined.record_id == ""


def test_one_event_may_come_without_a_list_and_many_in_one() -> None:
    one = event("meeting-ended", 1717171720000, meeting=MEETING)
    assert [found.id for found in delivered(one).events] == ["meeting-ended"]
    assert [found.id for found in delivered([one, one]).events] == ["meeting-ended"] * 2


@pytest.mark.parametrize("ts", [1717171720, 1717171720000])
def test_times_of_recordings_in_seconds_are_the_same_as_in_milliseconds(ts: int) -> None:
    [found] = delivered([event("rap-publish-ended", ts, **{"meeting": MEETING, "record-id": "rec-1"})]).events
    assert (found.at, found.record_id, found.user) == (AT, "rec-1", None)


@pytest.mark.parametrize("ts", [None, "soon", True, 1.5, -1, 0, 10**30])
def test_an_event_whose_time_is_no_time_has_none(ts: Any) -> None:
    assert delivered([event("user-left", ts)]).events[0].at is None


def test_an_event_of_a_meeting_that_the_service_had_not_seen_has_no_external_id() -> None:
    [found] = delivered([event("user-left", 1, meeting={"internal-meeting-id": "7c02-1"})]).events
    assert (found.meeting_id, found.internal_meeting_id) == ("", "7c02-1")


def test_half_a_character_which_no_database_takes_is_dropped() -> None:
    """JSON can hold one; bbb-webhooks hands on whatever a meeting was named."""
    (found,) = delivered([event("rap-deleted", 0, **{"record-id": "7c\ud80002-1"})]).events
    assert found.record_id == "7c02-1"


def test_a_raw_message_is_handed_on_whole() -> None:
    raw = {"envelope": {"name": "UserLeftMeetingEvtMsg"}, "core": {}}
    [found] = delivered([raw]).events
    assert (found.id, found.raw, found.attributes) == ("", raw, {})


def test_events_do_not_show_the_passwords_that_they_may_carry() -> None:
    found = delivered([event("meeting-created", 1, meeting={**MEETING, "moderator-pass": "hidden"})])
    assert found.events[0].attributes["meeting"]["moderator-pass"] == "hidden"
    assert "hidden" not in repr(found)


@pytest.mark.parametrize("timestamp", ["", "soon"])
def test_a_delivery_may_lack_its_time_and_domain(timestamp: str) -> None:
    found = delivered([event("user-left", 1)], timestamp=timestamp, domain="")
    assert (found.sent_at, found.domain) == (None, "")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"domain=x",
        b"event=",
        b"event=%7B",
        b"event=%5B%5D",
        b"event=%5B7%5D",
        b"event=7",
        b"event=" + b"%5B" * 100_000,
        b"a=1&" * 21,
        b"event=\xff",
    ],
)
def test_a_delivery_without_an_event_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        webhook_delivery(body)


@given(JSON)
def test_an_event_made_of_anything_is_read(value: Any) -> None:
    found = delivered([value, event("x", value, meeting=value, user=value)])
    assert found.events[-1].id == "x"


@given(JSON)
def test_a_delivery_of_no_objects_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        delivered([[value]])


ATTENDEE = {
    "ext_user_id": "u-42",
    "name": "Ada",
    "moderator": True,
    "joins": ["2024-05-31T18:08:40+02:00", "never", None],
    "leaves": ["2024-05-31T16:08:40Z"],
    "duration": 1500,
    "recent_talking_time": "2024-05-31 16:08:40",
    "engagement": {"chats": 1, "talks": 2, "raisehand": 3, "emojis": 4, "poll_votes": 5, "talk_time": 6.9},
    "sessions": [{"joins": []}, 7],
}
ANALYTICS = {
    "version": "1.0",
    "meeting_id": "room-7",
    "internal_meeting_id": "7c02-1",
    "data": {
        "metadata": {"tier": "free", "is_breakout": "false", "odd": None},
        "duration": 1800.0,
        "start": "2024-05-31T16:08:40.000+00:00",
        "finish": 1717171720000,
        "attendees": [ATTENDEE, {"ext_user_id": 7}],
        "files": ["deck.pdf"],
        "polls": [{"id": "p"}],
    },
}


def test_analytics_tell_who_was_there_and_how_long() -> None:
    found = analytics(json.dumps(ANALYTICS).encode())
    assert (found.version, found.meeting_id, found.internal_meeting_id) == ("1.0", "room-7", "7c02-1")
    assert (found.duration_seconds, found.started_at, found.finished_at) == (1800, AT, AT)
    assert found.metadata == {"tier": "free", "is_breakout": "false", "odd": ""}
    assert (found.files, found.polls) == (("deck.pdf",), ({"id": "p"},))
    ada, nobody = found.attendees
    assert (ada.user_id, ada.name, ada.moderator, ada.duration_seconds) == ("u-42", "Ada", True, 1500)
    assert (ada.joins, ada.leaves, ada.recent_talking_time) == ((AT,), (AT,), AT)
    assert ada.engagement == Engagement(1, 2, 3, 4, 5, 6)
    assert ada.sessions == ({"joins": []},)
    assert (nobody.user_id, nobody.name, nobody.moderator, nobody.joins) == ("7", "", False, ())
    assert nobody.engagement == Engagement(0, 0, 0, 0, 0, 0)


def test_analytics_without_data_are_empty() -> None:
    found = analytics(b'{"meeting_id": "room-7", "data": {"duration": Infinity, "files": {}}}')
    assert (found.attendees, found.files, found.duration_seconds) == ((), (), 0)
    assert (found.started_at, found.finished_at) == (None, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"meeting_id": true}', b"\xff", b"[" * 100_000])
def test_analytics_about_no_meeting_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        analytics(body)


@pytest.mark.parametrize("time", ["0001-01-01T00:00:00+14:00", "", "tomorrow", True])
def test_times_that_are_none_read_as_none(time: Any) -> None:
    body = {"meeting_id": "r", "data": {"start": time, "duration": time}}
    found = analytics(json.dumps(body).encode())
    assert (found.started_at, found.duration_seconds) == (None, 0)


@given(JSON)
def test_any_content_of_analytics_is_read(value: Any) -> None:
    parts = dict.fromkeys(ANALYTICS["data"], value)
    person = dict.fromkeys(ATTENDEE, value)
    body = {"meeting_id": "r", "data": {**parts, "attendees": [value, person]}}
    assert analytics(json.dumps(body).encode()).meeting_id == "r"
