"""What a token may do: every call takes one scope, by a table that names every call there is."""

import pytest
from fastapi import APIRouter

from app.accounts.scopes import ALL, Scope
from app.api.gate import GuardedRoute
from app.api.me import show_me
from tests.app.api.conftest import error, program, token_of
from tests.app.api.test_api_permissions import HALL, TABLE, hall, routes, unchanged
from tests.factories import a_person

__all__ = ["hall"]  # a fixture of the table's own file

READ, ROOMS, ORGANISATION = Scope.READ, Scope.ROOMS, Scope.ORGANISATION
SCOPES = {
    "api.show_me": READ,
    "api.show_membership": READ,
    "api.show_organisation_membership": READ,
    "api.list_contributions": READ,
    "api.list_tiers": READ,
    "api.list_rooms": READ,
    "api.create_room": ROOMS,
    "api.show_room": READ,
    "api.change_room": ROOMS,
    "api.delete_room": ROOMS,
    "api.start_meeting": ROOMS,
    "api.join_meeting": ROOMS,
    "api.end_meeting": ROOMS,
    "api.list_meetings": READ,
    "api.show_meeting": READ,
    "api.list_recordings": READ,
    "api.show_recording": READ,
    "api.change_recording": ROOMS,
    "api.delete_recording": ROOMS,
    "api.restore_recording": ROOMS,
    "api.list_hosts": READ,
    "api.invite_hosts": ORGANISATION,
    "api.change_host": ORGANISATION,
    "api.remove_host": ORGANISATION,
    "api.list_invitations": READ,
    "api.resend_invitation": ORGANISATION,
    "api.withdraw_invitation": ORGANISATION,
}
CALLS = [pytest.param(*TABLE[name][:3], scope, id=name) for name, scope in SCOPES.items()]


def test_the_table_names_every_call_and_only_what_is_looked_at_takes_read():
    assert {route.name for route in routes()} == set(SCOPES)
    for name, scope in SCOPES.items():
        assert (scope is READ) == (TABLE[name][0] == "GET"), name


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)
async def test_a_token_that_lacks_the_scope_is_told_which_one_it_takes(
    site, database, ada, ada_user, hall, method, path, body, scope
):
    del hall
    async with program(site, await token_of(database, ada_user, scopes=ALL - {scope})) as limited:
        answer = await limited.call(method, path, body)
        assert error(answer, 403, "scope_missing")["scope"] == scope.value
        challenge = answer.headers["www-authenticate"]
        assert challenge == f'Bearer realm="api", error="insufficient_scope", scope="{scope.value}"'
        # Nor is it told what is wrong in a body that it may not send.
        broken = {"content": b"{", "headers": {"content-type": "application/json"}}
        error(await limited.call(method, path, **broken), 403, "scope_missing")
    assert await unchanged(ada)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "body", "scope"), CALLS)
async def test_a_token_with_that_one_scope_is_let_in(
    site, database, ada_user, hall, method, path, body, scope
):
    del hall
    async with program(site, await token_of(database, ada_user, scopes=frozenset({scope}))) as limited:
        answer = await limited.call(method, path, body)
    assert answer.status_code != 401
    assert "scope_missing" not in answer.text


async def test_a_token_without_any_scope_opens_nothing(site, database, ada_user):
    async with program(site, await token_of(database, ada_user, scopes=frozenset())) as limited:
        error(await limited.get("/me"), 403, "scope_missing")


async def test_each_program_is_told_what_its_own_token_may_do(site, database, ada_user):
    only = frozenset({READ})
    async with program(site, await token_of(database, ada_user, days=30, scopes=only)) as reader:
        told = (await reader.get("/me")).json()["token"]
    assert (told["name"], told["scopes"]) == ("a program", ["read"])
    assert told["expires_at"].startswith("20")


async def test_a_scope_gives_nothing_that_its_owner_may_not_do(site, database, ada_user, hall):
    del ada_user, hall
    eve = await a_person(database, "eve@example.org")
    async with program(site, await token_of(database, eve, scopes=ALL)) as theirs:
        error(await theirs.call("DELETE", HALL), 403, "not_the_host")


def test_a_call_that_names_no_scope_does_not_start():
    router = APIRouter(route_class=GuardedRoute)
    with pytest.raises(RuntimeError, match="has to name one scope"):
        router.get("/me", name="api.forgotten")(show_me)


async def test_the_document_says_which_scope_each_call_takes(site, someone):
    del site
    document = (await someone.open("/api/v1/openapi.json")).json()
    told = {
        f"api.{call['operationId']}": call["security"]
        for calls in document["paths"].values()
        for call in calls.values()
    }
    assert told == {name: [{"token": [scope.value]}] for name, scope in SCOPES.items()}
