from urllib.parse import urlencode

import pytest
from simulated import API, SECRET, Make, Sim, key, parse

from bbb_client.signing import Algorithm, checksum, signed_query

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CREATE = {"meetingID": "room-1", "name": "A B"}


async def ask(sim: Sim, call: str, query: str) -> tuple[str | None, str | None]:
    return key(parse(await sim.http.get(f"{API}/{call}?{query}")))


async def post_form(sim: Sim, text: str) -> tuple[str | None, str | None]:
    """Create with everything in the body, signed over `text`."""
    body = {**CREATE, "checksum": checksum("create", text, SECRET)}
    return key(parse(await sim.http.post(f"{API}/create", data=body)))


async def test_every_algorithm_is_accepted(sim: Sim, algorithm: Algorithm) -> None:
    assert await ask(sim, "getMeetings", signed_query("getMeetings", {}, SECRET, algorithm)) == (
        "SUCCESS",
        "noMeetings",
    )


async def test_an_algorithm_off_the_allow_list_is_refused(make: Make) -> None:
    sim = make(algorithms=frozenset({Algorithm.SHA512}))
    assert (await ask(sim, "getMeetings", signed_query("getMeetings", {}, SECRET)))[1] == "checksumError"
    signed = signed_query("getMeetings", {}, SECRET, Algorithm.SHA512)
    assert (await ask(sim, "getMeetings", signed))[0] == "SUCCESS"


@pytest.mark.parametrize(
    ("query", "digest"),
    [
        ("name=A+B&meetingID=room", checksum("create", "name=A+B&meetingID=room", SECRET)),
        ("name=A%20B&meetingID=room", checksum("create", "name=A%20B&meetingID=room", SECRET)),
        ("name=A%c3%a9&meetingID=room", checksum("create", "name=A%c3%a9&meetingID=room", SECRET)),
    ],
)
async def test_the_query_is_hashed_as_it_came_however_it_was_encoded(
    sim: Sim, query: str, digest: str
) -> None:
    assert (await ask(sim, "create", f"{query}&checksum={digest}"))[0] == "SUCCESS"


async def test_the_vector_of_the_documentation_is_accepted(make: Make) -> None:
    sim = make(secret="639259d4-9dd8-4b25-bf01-95f9567eaf4b")
    query = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
    digest = "1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17"
    assert (await ask(sim, "create", f"{query}&checksum={digest}"))[0] == "SUCCESS"


async def test_the_checksum_may_stand_first_and_in_capitals(sim: Sim) -> None:
    digest = checksum("isMeetingRunning", "meetingID=room", SECRET).upper()
    assert (await ask(sim, "isMeetingRunning", f"checksum={digest}&meetingID=room"))[0] == "SUCCESS"


async def test_an_empty_query_before_the_checksum_is_signed_as_empty(sim: Sim) -> None:
    assert (await ask(sim, "getMeetings", f"&checksum={checksum('getMeetings', '', SECRET)}"))[0] == "SUCCESS"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("getMeetings", "Checksums do not match"),
        ("getRecordings", "You did not pass the checksum security check"),
        ("hooks/list", "You did not pass the checksum security check."),
    ],
)
async def test_a_wrong_checksum_is_refused_in_the_words_of_the_part_that_answers(
    sim: Sim, call: str, words: str
) -> None:
    wrong = checksum(call, "", "another secret")
    answer = parse(await sim.http.get(f"{API}/{call}?checksum={wrong}"))
    assert key(answer) == ("FAILED", "checksumError")
    assert answer.findtext("message") == words


@pytest.mark.parametrize("query", ["", "checksum=", "checksum=abc"])
async def test_a_missing_or_impossible_checksum_is_refused(sim: Sim, query: str) -> None:
    assert await ask(sim, "getMeetings", query) == ("FAILED", "checksumError")


async def test_hooks_are_signed_with_their_whole_path(sim: Sim) -> None:
    assert (await ask(sim, "hooks/list", signed_query("list", {}, SECRET)))[1] == "checksumError"
    assert (await ask(sim, "hooks/list", signed_query("hooks/list", {}, SECRET)))[0] == "SUCCESS"


async def test_a_second_checksum_is_refused_since_3_0_and_ignored_before(sim: Sim, old: Sim) -> None:
    query = "meetingID=room&checksum=x"
    digest = checksum("isMeetingRunning", query, SECRET)
    twice = f"checksum={digest}&{query}"
    assert (await ask(sim, "isMeetingRunning", twice))[1] == "checksumError"
    assert (await ask(old, "isMeetingRunning", twice))[0] == "SUCCESS"


async def test_an_empty_secret_switches_the_check_off(make: Make) -> None:
    assert (await ask(make(secret=""), "getMeetings", ""))[0] == "SUCCESS"


async def test_a_form_alone_is_signed_sorted_up_to_2_7(old: Sim) -> None:
    assert (await post_form(old, urlencode(sorted(CREATE.items()))))[0] == "SUCCESS"
    assert (await post_form(old, ""))[1] == "checksumError"


async def test_a_form_alone_is_signed_as_empty_since_3_0(sim: Sim) -> None:
    assert (await post_form(sim, ""))[0] == "SUCCESS"
    assert (await post_form(sim, urlencode(sorted(CREATE.items()))))[1] == "checksumError"


async def test_a_tolerant_server_takes_a_form_signed_in_any_way(make: Make) -> None:
    sim = make(tolerant_posts=True)
    for text in ("", urlencode(sorted(CREATE.items())), urlencode(CREATE)):
        assert (await post_form(sim, text))[0] == "SUCCESS"
    assert (await post_form(sim, "x"))[1] == "checksumError"


async def test_only_the_url_is_signed_when_it_has_a_query(sim: Sim) -> None:
    url = f"{API}/create?{signed_query('create', {'meetingID': 'room-1'}, SECRET)}"
    assert key(parse(await sim.http.post(url, data={"name": "From the body"})))[0] == "SUCCESS"


async def test_a_parameter_in_the_url_and_in_the_body_is_refused(sim: Sim) -> None:
    url = f"{API}/create?{signed_query('create', CREATE, SECRET)}"
    assert key(parse(await sim.http.post(url, data={"name": "A B"})))[1] == "checksumError"


@pytest.mark.parametrize("kind", ["text/plain", "", "application/json"])
async def test_a_body_of_an_unknown_type_is_refused(sim: Sim, kind: str) -> None:
    assert key(parse(await sim.post("create", b"x", kind, **CREATE)))[1] == "unsupportedContentType"


async def test_a_type_without_a_body_is_not_looked_at(sim: Sim) -> None:
    assert (
        key(parse(await sim.post("isMeetingRunning", b"", "application/xml", meetingID="x")))[0] == "SUCCESS"
    )


async def test_a_charset_after_the_type_is_tolerated(sim: Sim) -> None:
    kind = "application/xml;charset=utf-8"
    assert key(parse(await sim.post("create", b"<modules/>", kind, **CREATE)))[0] == "SUCCESS"


async def test_a_broken_multipart_form_is_refused(sim: Sim) -> None:
    answer = await sim.post("create", b"nothing of the kind", "multipart/form-data", **CREATE)
    assert key(parse(answer))[1] == "unsupportedContentType"


async def test_a_body_beyond_two_megabytes_is_refused(sim: Sim) -> None:
    answer = await sim.post("create", b"x" * 2_000_001, "application/xml", **CREATE)
    assert answer.status_code == 413


async def test_what_is_no_call_is_not_found(sim: Sim, old: Sim, make: Make) -> None:
    for path in (f"{API}/nonsense", "/bigbluebutton/other", "/elsewhere", f"{API}/create/"):
        assert (await sim.http.get(path)).status_code == 404, path
    assert (await sim.http.get(f"{API}/enter")).status_code == 404
    assert (await old.http.get(f"{API}/enter")).status_code == 200
    assert (await old.http.get(f"{API}/sendChatMessage")).status_code == 404
    assert (await make(hooks=False).http.get(f"{API}/hooks/list")).status_code == 404


async def test_a_wrong_method_is_told_the_right_ones(sim: Sim) -> None:
    answer = await sim.http.post(f"{API}/join")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_the_index_needs_no_secret_and_tells_the_version(sim: Sim, old: Sim, make: Make) -> None:
    assert parse(await sim.http.get(API)).findtext("bbbVersion") == "3.0.40"
    assert parse(await sim.http.get(f"{API}/")).findtext("graphqlApiUrl") == "http://bbb.test/api/rest"
    shy = parse(await make(profile="2.7", reveal_version=False).http.get(API))
    assert [element.tag for element in shy] == ["returncode", "version", "apiVersion", "bbbVersion"]
    assert not shy.findtext("bbbVersion")
    assert parse(await old.http.get(API)).findtext("bbbVersion") == "2.7.18"
