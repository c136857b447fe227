"""Who keeps the books and who decides, from the wrong side of every address; and that books show no rooms."""

import pytest

from app.contributions import (
    custody_pages,
    entry_pages,
    grant_pages,
    import_line_pages,
    import_pages,
    ledger_pages,
    membership_pages,
    own_pages,
    report_pages,
    rule_pages,
)
from tests.app.contributions.books import an_import, gift, only_grant, recorded
from tests.app.contributions.test_grant_pages import the_rule
from tests.browser import forms_of
from tests.factories import a_person, a_room, an_organisation, signed_in, start

BOOKS, DECIDES, OWN = "who keeps the books", "an operator", "whose it is"
OWN_ONLY = {"contributions.own", "contributions.own_file", "memberships.own"}
# Every route, with an address that exists and who may go there. A new one must be added here.
ADDRESSES = {
    ("contributions.ledger", "GET"): ("/ledger", BOOKS),
    ("contributions.ledger_file", "GET"): ("/ledger/entries.csv", BOOKS),
    ("contributions.find", "GET"): ("/ledger/contributors", BOOKS),
    ("contributions.account", "GET"): ("/ledger/contributors/{holder}", BOOKS),
    ("contributions.new", "GET"): ("/ledger/new?contributor={holder}", BOOKS),
    ("contributions.record", "POST"): ("/ledger/new?contributor={holder}", BOOKS),
    ("contributions.entry", "GET"): ("/ledger/entries/{entry}", BOOKS),
    ("contributions.correct", "GET"): ("/ledger/entries/{entry}/correct", BOOKS),
    ("contributions.corrected", "POST"): ("/ledger/entries/{entry}/correct", BOOKS),
    ("contributions.grants", "GET"): ("/ledger/grants", BOOKS),
    ("contributions.grant", "GET"): ("/ledger/grants/{grant}", BOOKS),
    ("contributions.accept_grant", "POST"): ("/ledger/grants/{grant}/accept", DECIDES),
    ("contributions.decline_grant", "POST"): ("/ledger/grants/{grant}/decline", DECIDES),
    ("contributions.rules", "GET"): ("/ledger/rules", BOOKS),
    ("contributions.new_rule", "GET"): ("/ledger/rules/new", DECIDES),
    ("contributions.make_rule", "POST"): ("/ledger/rules/new", DECIDES),
    ("contributions.rule", "GET"): ("/ledger/rules/{rule}", DECIDES),
    ("contributions.change_rule", "POST"): ("/ledger/rules/{rule}", DECIDES),
    ("contributions.retire_rule", "POST"): ("/ledger/rules/{rule}/retire", DECIDES),
    ("contributions.reports", "GET"): ("/ledger/reports", BOOKS),
    ("contributions.quarters_file", "GET"): ("/ledger/reports/quarters.csv", BOOKS),
    ("contributions.by_contributor", "GET"): ("/ledger/reports/contributors", BOOKS),
    ("contributions.by_contributor_file", "GET"): ("/ledger/reports/contributors.csv", BOOKS),
    ("contributions.due", "GET"): ("/ledger/reports/due", BOOKS),
    ("contributions.due_file", "GET"): ("/ledger/reports/due.csv", BOOKS),
    ("contributions.use", "GET"): ("/ledger/reports/use", BOOKS),
    ("contributions.use_file", "GET"): ("/ledger/reports/use.csv", BOOKS),
    ("contributions.imports", "GET"): ("/ledger/imports", BOOKS),
    ("contributions.upload", "POST"): ("/ledger/imports", BOOKS),
    ("contributions.import", "GET"): ("/ledger/imports/{file}", BOOKS),
    ("contributions.import_settings", "POST"): ("/ledger/imports/{file}/settings", BOOKS),
    ("contributions.import_now", "POST"): ("/ledger/imports/{file}/import", BOOKS),
    ("contributions.import_discard", "POST"): ("/ledger/imports/{file}/discard", BOOKS),
    ("contributions.import_lines_file", "GET"): ("/ledger/imports/{file}/lines.csv", BOOKS),
    ("contributions.unmatched", "GET"): ("/ledger/imports/unmatched", BOOKS),
    ("contributions.import_line", "GET"): ("/ledger/imports/lines/{line}", BOOKS),
    ("contributions.import_match", "POST"): ("/ledger/imports/lines/{line}/match", BOOKS),
    ("contributions.import_leave_out", "POST"): ("/ledger/imports/lines/{line}/leave-out", BOOKS),
    ("contributions.own", "GET"): ("/contributions?holder={holder}", OWN),
    ("contributions.own_file", "GET"): ("/contributions/entries.csv?holder={holder}", OWN),
    ("memberships.own", "GET"): ("/membership?holder={holder}", OWN),
    ("contributions.custody", "GET"): ("/ledger/reports/custody", BOOKS),
    ("contributions.custody_file", "GET"): ("/ledger/reports/custody.csv", BOOKS),
    ("contributions.receipt", "GET"): ("/contributions/receipts/{entry}", OWN),
    ("contributions.year_receipt", "GET"): ("/contributions/{holder}/{year}", OWN),
}


@pytest.fixture
async def house(database, ada):
    """What the addresses speak of: Ada is the admin of an organisation, and they are about what she gave herself."""
    await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    entry = await recorded(database, gift(ada.holder_id, 12_000))
    grant, rule = await only_grant(database, ada.holder_id), await the_rule(database, automatic=True)
    file_id, line_id = await an_import(database)
    return {
        "file": file_id,
        "line": line_id,
        "holder": ada.holder_id,
        "entry": entry.id,
        "grant": grant.id,
        "rule": rule.id,
        "year": entry.booked_on.year,
    }


def test_every_route_is_in_the_table():
    parts = (
        entry_pages,
        grant_pages,
        ledger_pages,
        own_pages,
        report_pages,
        rule_pages,
        membership_pages,
        custody_pages,
    )
    parts += (import_pages, import_line_pages)
    found = {
        (route.name, method) for part in parts for route in part.router.routes for method in route.methods
    }
    assert found == set(ADDRESSES)


# An empty form where nothing has to be typed, or where it is decided already: back to the page, which says so.
GOES_BACK = {
    "contributions.accept_grant",
    "contributions.retire_rule",
    "contributions.import_settings",
    "contributions.import_now",
    "contributions.import_discard",
}


def answer_to(key) -> int:
    """What is answered to who may go there: the page; to an empty form the form again, with what is missing."""
    name, method = key
    if name in OWN_ONLY:
        return 404
    if method == "GET":
        return 200
    return 303 if name in GOES_BACK else 422


async def ask(person, key, house) -> int:
    path = ADDRESSES[key][0].format(**house)
    if key[1] == "GET":
        return (await person.client.get(path, follow_redirects=False)).status_code
    await person.open("/")
    data = {"form_token": person.form("/language").fields["form_token"]}
    return (await person.client.post(path, data=data, follow_redirects=False)).status_code


async def test_a_host_and_an_organisation_s_admin_find_none_of_it_but_what_is_theirs(
    site, database, ada, house
):
    bo = await a_person(database, "bo@example.org", name="Bo Diaz")
    for user in (bo, ada):
        async with signed_in(site, user) as person:
            for key, (_path, whose) in ADDRESSES.items():
                expected = 200 if user is ada and whose is OWN else 404
                assert await ask(person, key, house) == expected, (user.name, key)
            await person.open("/account")
            assert "/ledger" not in person.page.text


async def test_a_guest_is_asked_to_sign_in(someone, house):
    for key, (path, _whose) in ADDRESSES.items():
        assert await ask(someone, key, house) == 303, key
        if key[1] == "GET":
            answer = await someone.client.get(path.format(**house), follow_redirects=False)
            assert answer.headers["location"].startswith("/sign-in"), key


async def test_a_bookkeeper_keeps_the_books_and_decides_nothing(bruna, house):
    for key, (_path, whose) in ADDRESSES.items():
        assert await ask(bruna, key, house) == (403 if whose is DECIDES else answer_to(key)), key


async def test_an_operator_does_all_of_it(olu, house):
    for key in ADDRESSES:
        assert await ask(olu, key, house) == answer_to(key), key


async def test_a_form_without_its_token_is_refused(olu, house):
    for (name, method), (path, _whose) in ADDRESSES.items():
        if method == "POST":
            answer = await olu.client.post(path.format(**house), data={})
            assert answer.status_code == 403, name


async def test_a_bookkeeper_sees_no_rooms(site, bruna, ada, database):
    room = await a_room(database, ada, "Weekly assembly", record=False)
    meeting = await start(site, room)
    await bruna.open("/rooms")
    assert bruna.page.url.path == "/ledger"
    for words in ("Rooms", "Recordings", "Operation"):
        assert f">{words}</a>" not in bruna.page.text
    for path in ("/ledger", "/ledger/contributors", f"/ledger/contributors/{ada.holder_id}", "/recordings"):
        await bruna.open(path)
        assert "Weekly assembly" not in bruna.page.text, path
    pages = (
        "/admin",
        "/admin/rooms",
        "/admin/meetings",
        "/admin/people",
        f"/admin/people/{ada.id}",
        f"/admin/meetings/{meeting.id}/end",
        f"/r/{room.slug}/settings",
        f"/r/{room.slug}/delete",
    )
    for path in pages:
        assert (await bruna.open(path)).status_code == (403 if path.startswith("/r/") else 404), path
    # By its link a room is a room to them as to everyone: to join, and nothing more.
    await bruna.open(f"/r/{room.slug}")
    actions = {form.action.rpartition("/")[2] for form in forms_of(bruna.page.text)}
    assert actions.isdisjoint({"start", "end", "settings", "delete"})


async def test_a_bookkeeper_who_hosts_keeps_their_own_rooms(site, bruna, bookkeeper, database):
    await a_room(database, bookkeeper, "Reading circle")
    await bruna.open("/rooms")
    assert bruna.page.url.path == "/rooms"
    assert "Reading circle" in bruna.words


async def test_an_operator_lets_someone_keep_the_books_and_takes_it_back(olu, at_ada_s, ada):
    await olu.open(f"/admin/people/{ada.id}")
    await olu.submit("/bookkeeper")
    assert "They keep the books now." in olu.words
    assert (await at_ada_s.open("/ledger")).status_code == 200
    await olu.submit("/bookkeeper/end")
    assert (await at_ada_s.open("/ledger")).status_code == 404


async def test_nobody_unverified_keeps_the_books(olu, database):
    new = await a_person(database, "new@example.org", verified=False)
    await olu.open(f"/admin/people/{new.id}")
    token = olu.form("/language").fields["form_token"]
    await olu.client.post(f"/admin/people/{new.id}/bookkeeper", data={"form_token": token})
    await olu.open(f"/admin/people/{new.id}")
    assert "can keep the books." in olu.words
