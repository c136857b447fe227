"""An organisation says that it wants to join: by mail confirmed, followed by a link."""

import asyncio
import re

import pytest

from app.joining import interest_pages, interests
from tests.app.joining.interested import SAID, accepted, express, expressed, rows
from tests.factories import a_person

EVIL = '<script>alert(1)</script>"><img src=x onerror=alert(1)>'


async def test_it_is_confirmed_by_mail_before_operators_see_it(rosa, olu, move_clock, database):
    await express(rosa, move_clock)
    assert rosa.page.url.path == "/join-us/sent"
    [interest] = await rows(database)
    assert (await olu.open("/admin/interests")).status_code == 200
    assert "Harbour Radio" not in olu.words
    assert (await olu.open(f"/admin/interests/{interest.id}")).status_code == 404
    link = await rosa.link_in_mail("rosa@example.org")
    assert link.rpartition("/")[2].encode() not in interest.token_hash
    await rosa.open(link)
    assert "Nobody but you has seen it yet." in rosa.words
    await rosa.submit("/confirm")
    assert "New The operators have it" in rosa.words
    [mail] = await olu.mails("olu@example.org")
    assert "Harbour Radio" in mail.subject
    await olu.open("/admin/interests?state=new")
    assert "Harbour Radio" in olu.words


async def test_a_mail_that_a_stranger_causes_says_nothing_that_they_typed(rosa, move_clock):
    await express(rosa, move_clock, name="Buy pills", contact_name="Cheap pills")
    [mail] = await rosa.mails("rosa@example.org")
    assert "pills" not in (mail.subject + mail.text + mail.html).lower()


@pytest.mark.parametrize(
    ("wait", "said", "words"),
    [
        (1, {}, "That was very quick."),
        (10, {"topic": "x"}, "not meant for you"),
        (10, {"shown": "forged"}, "open for a long time"),
        (
            10,
            {"needs": "http://a.example www.b.example https://c.example <a href=x>"},
            "There are many links",
        ),
    ],
)
async def test_machines_are_stopped_and_people_lose_nothing(rosa, move_clock, database, wait, said, words):
    await rosa.open("/join-us")
    await move_clock(seconds=wait)
    answer = await rosa.submit("/join-us", **(SAID | said))
    assert (answer.status_code, words in rosa.words) == (422, True)
    assert await rows(database) == []
    await move_clock(seconds=10)
    await rosa.submit("/join-us", **({"needs": "Few words"} if "needs" in said else {}))
    assert rosa.page.url.path == "/join-us/sent"


async def test_one_form_brings_one_answer(rosa, move_clock, database):
    await rosa.open("/join-us")
    await move_clock(seconds=10)
    form = rosa.form("/join-us")
    first, again = await asyncio.gather(
        *(
            rosa.client.post(form.action, data=form.fields | SAID | {"email": f"{name}@example.org"})
            for name in "ab"
        )
    )
    assert sorted((first.status_code, again.status_code)) == [303, 409]
    late = max(first, again, key=lambda answer: answer.status_code)
    assert "This form was sent already" in late.text
    assert SAID["needs"] in late.text
    assert len(await rows(database)) == 1
    await express(rosa, move_clock, email="c@example.org")
    assert len(await rows(database)) == 2


async def test_one_address_is_not_written_to_again_and_again(rosa, move_clock, database):
    for _ in range(3):
        await express(rosa, move_clock)
    answer = await express(rosa, move_clock)
    assert answer.status_code == 429
    assert "retry-after" in answer.headers
    assert "A weekly editorial round" in rosa.page.text
    assert len(await rosa.mails("rosa@example.org")) == 3
    assert len(await rows(database)) == 3


@pytest.mark.parametrize(
    "name", ["name", "contact_name", "needs", "offers_people", "offers_servers", "comments"]
)
async def test_script_in_a_field_is_shown_as_it_was_typed(rosa, olu, move_clock, database, name):
    await expressed(rosa, move_clock, is_public="yes", **{name: EVIL})
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    await olu.submit("/remarks", words=EVIL)
    pages = [rosa.page.text, olu.page.text, (await rosa.open("/members-and-friends")).text]
    pages += [mail.html for mail in await olu.mails("olu@example.org")]
    assert not any("<script>alert" in text or "<img" in text for text in pages)
    assert EVIL.partition(">")[0].replace("<", "&lt;") in pages[1]


@pytest.mark.parametrize(
    "said",
    [
        {"name": "x" * 81},
        {"name": " \t "},
        {"name": "left\u202eright"},
        {"needs": "x" * 2001},
        {"needs": "bell\x07"},
        {"website": "javascript:alert(1)"},
        {"email": "rosa@example.org\nBcc: all@example.org, x@"},
        {"hosts": "-1"},
        {"hosts": "9" * 30},
        {"offers_cents": "1e9"},
        {"custodian": "99"},
        {"kind": "owner"},
    ],
)
async def test_what_cannot_be_is_refused_beside_its_field(rosa, move_clock, database, said):
    answer = await express(rosa, move_clock, **said)
    assert answer.status_code == 422
    assert f'id="f-{next(iter(said))}-error"' in answer.text
    assert await rows(database) == []


async def test_the_applicant_corrects_and_withdraws_it(rosa, move_clock, database):
    path = await expressed(rosa, move_clock)
    await rosa.open(f"{path}/correct")
    stale = dict(rosa.form("/correct").fields)
    await rosa.submit("/correct", needs="Two rounds a week", hosts="")
    assert "Two rounds a week" in rosa.words
    await rosa.open(f"{path}/correct")
    fresh = rosa.form("/correct").fields["form_token"]
    answer = await rosa.client.post(f"{path}/correct", data=stale | {"form_token": fresh, "comments": "kept"})
    assert answer.status_code == 409
    assert "Two rounds a week" in answer.text
    assert "kept" in answer.text
    await rosa.open(f"{path}/withdraw")
    await rosa.submit("/withdraw")
    assert await rows(database) == []
    assert (await rosa.open(path)).status_code == 404


async def test_the_public_table_names_who_agreed_and_no_address(rosa, olu, move_clock, database):
    path = await expressed(rosa, move_clock, is_public="yes", kind="producer")
    await rosa.open("/members-and-friends")
    assert "Harbour Radio" not in rosa.words
    [interest] = await rows(database)
    await olu.open(f"/admin/interests/{interest.id}")
    await olu.submit("/remarks", words="I know them")
    await rosa.open("/members-and-friends")
    assert "Harbour Radio" not in rosa.words
    await accepted(olu, interest)
    await rosa.open("/members-and-friends")
    assert "Harbour Radio Co-producer A weekly editorial round of twelve." in rosa.words
    for secret in ("rosa@", "Rosa Vidal", "I know them", "500"):
        assert secret not in rosa.page.text
    await rosa.open(path)
    assert "I know them" not in rosa.words
    await rosa.submit("/public")
    await rosa.open("/members-and-friends")
    assert "Harbour Radio" not in rosa.words


async def test_what_nobody_confirms_is_forgotten(rosa, move_clock, database):
    await express(rosa, move_clock)
    await expressed(rosa, move_clock, email="other@example.org")
    await move_clock(days=8)
    async with database.transaction() as session:
        await interests.forget_unconfirmed(session)
    [left] = await rows(database)
    assert left.email == "other@example.org"


async def test_the_answers_to_a_known_and_an_unknown_address_are_the_same(rosa, move_clock, database):
    await a_person(database, "known@example.org")
    pages = []
    for email in ("known@example.org", "unknown@example.org"):
        await express(rosa, move_clock, email=email)
        pages.append(re.sub(r'value="[^"]+"', "", rosa.page.text))
    assert pages[0] == pages[1]


async def test_a_link_that_is_not_theirs_leads_nowhere_for_anybody(olu, rosa, database):
    await a_person(database)
    paths = [route.path for route in interest_pages.router.routes if "{token}" in route.path]
    assert len(paths) == 7
    for person in (olu, rosa):
        await person.open("/")
        data = {"form_token": person.form("/language").fields["form_token"]}
        for route in interest_pages.router.routes:
            if "{token}" not in route.path:
                continue
            ask = person.client.get if "GET" in route.methods else person.client.post
            said = {} if "GET" in route.methods else {"data": data}
            answer = await ask(route.path.format(token="x" * 43), **said)
            assert answer.status_code == 404, route.name
