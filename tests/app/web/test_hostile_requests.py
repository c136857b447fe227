"""Requests that no page makes: nothing of them is a failure of ours, and none fills memory or logs."""

import time

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from app.logs import without_values
from tests.browser import forms_of
from tests.conftest import new_person
from tests.factories import a_person, a_room, signed_in, start

HUGE = "9" * 20


@pytest.mark.parametrize(
    "path", [f"/account/sessions/{HUGE}/end", f"/admin/people/{HUGE}/ban", f"/admin/meetings/{HUGE}/end"]
)
async def test_a_number_that_no_row_has_is_nowhere(site, database, path):
    async with signed_in(site, await a_person(database, is_operator=True)) as person:
        await person.open("/account/sessions")
        data = {"form_token": person.form().fields["form_token"], "reason": "x"}
        with capture_logs() as lines:
            assert (await person.client.post(path, data=data)).status_code == 404
    assert "unexpected" not in str(lines)


async def test_a_browser_whose_cookie_is_not_ours_still_sends_its_forms(site):
    async with new_person(site) as person:
        headers = {"cookie": "browser=café".encode("latin-1")}
        page = await person.client.get("/", headers=headers)
        token = next(form.fields["form_token"] for form in forms_of(page.text) if form.method == "post")
        data = {"form_token": token, "address": "no-such-room"}
        assert (await person.client.post("/", headers=headers, data=data)).status_code == 422


@pytest.mark.parametrize("sent", [{"data": {"x": "a" * 70_000}}, {"files": {"x": b"a" * 70_000}}])
async def test_a_body_that_is_larger_than_any_form_is_refused(site, sent):
    async with new_person(site) as person:
        answer = await person.client.post("/sign-in", **sent)
    assert answer.status_code == 413
    assert "That is too much at once" in answer.text


async def test_a_letter_with_thousands_of_accents_is_refused_at_once(someone):
    await someone.open("/sign-in")
    token = someone.form("/sign-in").fields["form_token"]
    accents = "\u0315" * 15_000 + "\u0316" * 15_000
    parts = {name: (None, value) for name, value in {"form_token": token, "email": accents}.items()}
    began = time.perf_counter()
    answer = await someone.client.post("/sign-in", files=parts)
    # Brought into their order they would take five seconds.
    assert time.perf_counter() - began < 2
    assert answer.status_code == 422
    assert "There are too many accents on one letter in this." in answer.text


async def test_errors_of_the_database_show_no_values(database):
    with pytest.raises(DBAPIError) as failed:
        async with database.transaction() as session:
            await session.execute(text("SELECT CAST(:secret AS text)::int"), {"secret": "nobody-knows"})
    assert "parameters hidden" in str(failed.value)
    detail = "Error: null value\nDETAIL:  Failing row contains (1, ada@example.org,\n$argon2id$x).\n[SQL: INSERT …]"
    assert without_values(detail) == "Error: null value\n[left out]\n[SQL: INSERT …]"
    assert "12345" not in without_values("DataError: invalid input for query argument $2: 12345 (too large)")


@pytest.mark.slow
async def test_a_start_that_is_sent_again_is_still_not_to_be_recorded(site, database, simulator):
    ada = await a_person(database)
    await a_room(database, ada, address="the-place")
    async with httpx.AsyncClient(base_url=simulator.control) as control:
        await control.post("faults", json={"kind": "checksum-refused", "call": "create"})
    async with signed_in(site, ada) as person:
        await person.open("/r/the-place")
        token = person.form("/start").fields["form_token"]
        person.page = await person.client.post("/r/the-place/start?record=no", data={"form_token": token})
        assert person.page.status_code == 503
        assert person.form("/start").action == "/r/the-place/start?record=no"


async def test_a_room_of_one_character_can_be_started(site, database):
    ada = await a_person(database)
    meeting = await start(site, await a_room(database, ada, name="7"), ada)
    assert meeting.create_time
