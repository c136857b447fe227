"""Who sees the operator's pages: operators, and nobody else learns that they are there."""

import pytest

from tests.app.admin.conftest import history, routes
from tests.factories import a_person, a_room, an_interest, an_organisation, put_on_tier, signed_in, start

# Every route, with an address that exists. A new one must be added here.
ADDRESSES = {
    ("admin.index", "GET"): "/admin",
    ("admin.people", "GET"): "/admin/people",
    ("admin.person", "GET"): "/admin/people/{ada}",
    ("admin.ban", "GET"): "/admin/people/{ada}/ban",
    ("admin.banned", "POST"): "/admin/people/{ada}/ban",
    ("admin.unban", "POST"): "/admin/people/{ada}/unban",
    ("admin.operator", "GET"): "/admin/people/{ada}/operator",
    ("admin.operator_made", "POST"): "/admin/people/{ada}/operator",
    ("admin.operator_unmade", "POST"): "/admin/people/{ada}/operator/end",
    ("admin.bookkeeper_made", "POST"): "/admin/people/{ada}/bookkeeper",
    ("admin.bookkeeper_unmade", "POST"): "/admin/people/{ada}/bookkeeper/end",
    ("admin.resend", "POST"): "/admin/people/{ada}/verification",
    ("admin.organisations", "GET"): "/admin/organisations",
    ("admin.new_organisation", "GET"): "/admin/organisations/new",
    ("admin.create_organisation", "POST"): "/admin/organisations/new",
    ("admin.organisation", "GET"): "/admin/organisations/{organisation}",
    ("admin.custodian", "POST"): "/admin/organisations/{organisation}/custodian",
    ("admin.membership", "GET"): "/admin/holders/{holder}/membership",
    ("admin.give_membership", "GET"): "/admin/holders/{holder}/membership/give",
    ("admin.membership_given", "POST"): "/admin/holders/{holder}/membership/give",
    ("admin.renew_membership", "GET"): "/admin/holders/{holder}/membership/renew",
    ("admin.membership_renewed", "POST"): "/admin/holders/{holder}/membership/renew",
    ("admin.suspend_membership", "GET"): "/admin/holders/{holder}/membership/suspend",
    ("admin.membership_suspended", "POST"): "/admin/holders/{holder}/membership/suspend",
    ("admin.lift_membership", "GET"): "/admin/holders/{holder}/membership/lift",
    ("admin.membership_lifted", "POST"): "/admin/holders/{holder}/membership/lift",
    ("admin.end_membership", "GET"): "/admin/holders/{holder}/membership/{membership}/end",
    ("admin.membership_ended", "POST"): "/admin/holders/{holder}/membership/{membership}/end",
    ("admin.add_host", "POST"): "/admin/organisations/{organisation}/hosts/add",
    ("admin.remove_host", "POST"): "/admin/organisations/{organisation}/hosts/{ada}/remove",
    ("admin.interests", "GET"): "/admin/interests",
    ("admin.interest", "GET"): "/admin/interests/{interest}",
    ("admin.remark_interest", "POST"): "/admin/interests/{interest}/remarks",
    ("admin.accept_interest", "POST"): "/admin/interests/{interest}/accept",
    ("admin.decline_interest", "POST"): "/admin/interests/{interest}/decline",
    ("admin.rooms", "GET"): "/admin/rooms",
    ("admin.meetings", "GET"): "/admin/meetings",
    ("admin.end_meeting", "GET"): "/admin/meetings/{meeting}/end",
    ("admin.meeting_ended", "POST"): "/admin/meetings/{meeting}/end",
    ("admin.limits", "GET"): "/admin/limits",
    ("admin.holder_limits", "GET"): "/admin/limits/{holder}",
    ("admin.set_override", "POST"): "/admin/limits/{holder}/override",
    ("admin.withdraw_override", "POST"): "/admin/limits/{holder}/override/1/withdraw",
    ("admin.tiers", "GET"): "/admin/tiers",
    ("admin.new_tier", "GET"): "/admin/tiers/new",
    ("admin.make_tier", "POST"): "/admin/tiers/new",
    ("admin.tier", "GET"): "/admin/tiers/3",
    ("admin.tier_form", "GET"): "/admin/tiers/3/change",
    ("admin.change_tier", "POST"): "/admin/tiers/3/change",
    ("admin.tier_holders", "GET"): "/admin/tiers/3/holders",
    ("admin.tier_above", "GET"): "/admin/tiers/3/above?limit=rooms&first=1",
    ("admin.retire_tier", "GET"): "/admin/tiers/3/retire",
    ("admin.tier_retired", "POST"): "/admin/tiers/3/retire",
    ("admin.tier_restored", "POST"): "/admin/tiers/3/restore",
    ("admin.texts", "GET"): "/admin/texts",
    ("admin.text", "GET"): "/admin/texts/about/en",
    ("admin.change_text", "POST"): "/admin/texts/about/en",
    ("admin.policy", "GET"): "/admin/policy",
    ("admin.change_policy", "POST"): "/admin/policy",
}
PAGES = [name for name, method in ADDRESSES if method == "GET"]


@pytest.fixture
async def house(site, database, ada):
    """What the addresses speak of."""
    organisation = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    meeting = await start(site, await a_room(database, ada))
    found = {"ada": ada.id, "organisation": organisation.id, "meeting": meeting.id, "holder": ada.holder_id}
    await put_on_tier(database, ada.holder_id, "session-organiser")
    (_tier, membership), *_ = await history(database, ada.holder_id)
    return found | {"interest": (await an_interest(database)).id, "membership": membership.id}


def test_every_route_is_in_the_table():
    assert {(name, method) for name, method, _path in routes()} == set(ADDRESSES)


async def token_of(person) -> str:
    """A form token of this very browser, so that only the permission can be what refuses."""
    await person.open("/")
    return person.form("/language").fields["form_token"]


async def ask(person, key, house):
    path = ADDRESSES[key].format(**house)
    if key[1] == "GET":
        return await person.client.get(path, follow_redirects=False)
    data = {"form_token": await token_of(person)}
    return await person.client.post(path, data=data, follow_redirects=False)


@pytest.mark.parametrize("role", ["host", "bookkeeper", "admin of an organisation"])
async def test_nobody_but_an_operator_finds_any_of_it(site, database, house, ada, role):
    columns = {"is_bookkeeper": role == "bookkeeper"}
    user = ada if role.startswith("admin") else await a_person(database, "someone@example.org", **columns)
    async with signed_in(site, user) as person:
        for key in ADDRESSES:
            answer = await ask(person, key, house)
            assert answer.status_code == 404, key
        await person.open("/rooms")
        assert "Operation" not in person.words


async def test_a_guest_is_asked_to_sign_in_and_nothing_is_done(someone, house):
    for key in ADDRESSES:
        answer = await ask(someone, key, house)
        assert answer.status_code == 303, key
        assert answer.headers["location"].startswith("/sign-in"), key


async def test_a_banned_operator_is_a_guest(site, house, operator, database):
    async with signed_in(site, operator) as person:
        async with database.transaction() as session:
            (await session.get_one(type(operator), operator.id)).banned_at = operator.created_at
        answer = await ask(person, ("admin.index", "GET"), house)
        assert answer.status_code == 303


@pytest.mark.parametrize("name", PAGES)
async def test_every_page_opens_for_an_operator(olu, house, name):
    address = ADDRESSES[name, "GET"].format(**house)
    page = await olu.open(address)
    assert page.status_code == 200
    assert olu.page.url.path == address.partition("?")[0]


async def test_a_form_without_its_token_is_refused(olu, house):
    for (name, method), address in ADDRESSES.items():
        if method == "POST":
            answer = await olu.client.post(address.format(**house), data={})
            assert answer.status_code == 403, name


@pytest.mark.parametrize(
    "path",
    [
        "/admin/people/999999",
        "/admin/people/999999/ban",
        "/admin/people/999999/operator",
        "/admin/organisations/999999",
        "/admin/meetings/999999/end",
        "/admin/limits/999999",
        "/admin/holders/999999/membership",
        "/admin/holders/999999/membership/give",
        "/admin/holders/1/membership/999999/end",
        "/admin/limits/1?tier=nonsense",
        "/admin/limits/1?page=0",
        "/admin/tiers/999999",
        "/admin/tiers/999999/change",
        "/admin/tiers/999999/holders",
        "/admin/tiers/999999/retire",
        "/admin/tiers/new?copy=999999",
        "/admin/tiers/3/holders?place=nowhere",
        "/admin/tiers/3/above?limit=nonsense",
        "/admin/tiers/3/above?limit=hosts&first=1",
        "/admin/tiers/3/above?limit=rooms&first=-1",
        "/admin/people?shown=nonsense",
        "/admin/people?page=0",
        "/admin/meetings?before=-1",
        "/admin/nothing",
    ],
)
async def test_what_is_not_there_is_not_found(olu, path):
    assert (await olu.open(path)).status_code == 404


async def test_an_operator_has_the_link_in_the_top_bar(olu):
    await olu.open("/rooms")
    assert 'href="/admin"' in olu.page.text
    assert "Operation" in olu.words
