"""What a preview matches can be changed before anything is recorded."""

from urllib.parse import urljoin

import pytest

from app.contributions.importing.references import reference_of
from tests.app.contributions.bringing import bring, everything, table
from tests.browser import forms_of
from tests.factories import a_person


async def press(person, act, **typed):
    """Send the page's last form by one of its buttons."""
    form = [form for form in forms_of(person.page.text) if "/payments/" in form.action][-1]
    url = urljoin(str(person.page.url), form.action)
    data = form.fields | typed | {"act": act}
    person.page = await person.client.post(url, data=data, follow_redirects=True)


@pytest.fixture
async def previewed(bruna, ada, database, today):
    """The preview of a file: one payment matched with Ada, one with nobody. Its path."""
    await bring(
        bruna,
        table(f"{today},5,Bo Berg,,{reference_of(ada.holder_id)},ES91,EUR", f"{today},6,Cy Claus,,,ES92,EUR"),
    )
    return bruna.page.url.path


@pytest.fixture
async def bo(database):
    return await a_person(database, "bo@example.org", name="Bo Berg")


async def test_a_match_of_the_preview_is_changed_and_only_then_recorded(
    bruna, bo, ada, database, previewed, today
):
    await bruna.open(f"{previewed}/payments/1?of=doubtful&from=1")
    assert "The payment is under another name." in bruna.words
    await bruna.submit("/payments/1", holder=str(bo.holder_id))
    assert "Nothing is recorded until you import the file." in bruna.words
    assert str(bruna.page.url).endswith("state=doubtful&page=1")
    assert await everything(database) == ([], [])
    await bruna.open(previewed)
    assert "Matched by hand." in bruna.words
    await bruna.submit("/import")
    lines, [entry] = await everything(database)
    assert (entry.contributor_id, lines[0].matched_by, lines[1].state) == (bo.holder_id, "hand", "unmatched")
    await bring(bruna, table(f"{today},7,Bo Berg,,,ES91,EUR"))
    assert "This payer was matched with them by hand before." in bruna.words


async def test_it_can_wait_be_left_out_with_a_reason_and_be_as_it_was(bruna, database, previewed):
    await bruna.open(f"{previewed}/payments/1")
    await press(bruna, "wait")
    await bruna.open(f"{previewed}/payments/2")
    await press(bruna, "leave_out")
    assert "Write a reason." in bruna.words
    await press(bruna, "leave_out", why="A refund of the shop")
    assert "A refund of the shop" in bruna.words
    assert "It is not known yet whose the payments are." in bruna.words
    await bruna.open(f"{previewed}/payments/1")
    await press(bruna, "undo")
    assert "One payment is recorded" in bruna.words
    await bruna.submit("/import")
    lines, entries = await everything(database)
    assert [(line.state, line.reason) for line in lines] == [
        ("matched", ""),
        ("left_out", "A refund of the shop"),
    ]
    assert len(entries) == 1


async def test_of_two_who_change_it_the_second_is_told_and_an_import_by_the_old_page_is_not_done(
    bruna, olu, bo, ada, database, previewed
):
    await olu.open(f"{previewed}/payments/1")
    await bruna.open(previewed)
    stale = bruna.form("/import")
    await olu.submit("/payments/1", holder=str(bo.holder_id))
    await bruna.client.post(urljoin(str(bruna.page.url), stale.action), data=stale.fields)
    assert await everything(database) == ([], []), "it was looked at as it was before"
    await bruna.open(f"{previewed}/payments/1")
    form = bruna.form("/payments/1")
    await olu.open(f"{previewed}/payments/2")
    await press(olu, "wait")
    answer = await bruna.client.post(
        urljoin(str(bruna.page.url), form.action),
        data=form.fields | {"holder": str(ada.holder_id)},
        follow_redirects=True,
    )
    assert "Someone else has changed this meanwhile." in answer.text


async def test_what_is_not_there_or_imported_or_not_anybody_is_not_changed(bruna, ada, database, previewed):
    assert (await bruna.open(f"{previewed}/payments/3")).status_code == 404
    assert (await bruna.open(f"{previewed}/payments/0")).status_code == 404
    await bruna.open(f"{previewed}/payments/1")
    form = bruna.form("/payments/1")
    url = urljoin(str(bruna.page.url), form.action)
    nobody = await bruna.client.post(url, data=form.fields | {"holder": "999999"})
    assert nobody.status_code == 404
    await bruna.open(previewed)
    await bruna.submit("/import")
    answer = await bruna.client.post(
        url, data=form.fields | {"holder": str(ada.holder_id)}, follow_redirects=True
    )
    assert "This file is imported already." in answer.text


async def test_a_line_that_goes_out_has_nothing_to_change(bruna, ada, database, today):
    await bring(bruna, table(f"{today},-5,A shop,,,,EUR"))
    path = bruna.page.url.path
    assert "Change" not in bruna.words.split()
    await bruna.open(f"{path}/payments/1")
    assert "Whose is it?" not in bruna.words
