"""That who keeps the books sees no rooms, and who makes them bookkeepers; the addresses: tests/app/permissions."""

from tests.browser import forms_of
from tests.factories import a_person, a_room, start


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
