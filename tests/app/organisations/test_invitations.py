"""Inviting hosts: looked at, sent as a whole, never more than there are seats; again, and taken back."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.accounts.deletion import delete_account
from app.organisations.accepting import accept
from app.organisations.invitations import Post, forget_old, invite
from app.organisations.models import HostRole, Invitation
from app.organisations.service import find_organisation
from tests.app.organisations.inviting import PAGE, invited, link_to, mails, seats
from tests.conftest import new_person
from tests.factories import a_person


async def test_the_report_says_of_each_line_what_happens_and_sends_nothing(at_ada_s, database, riverside):
    await seats(database, riverside, 4)
    await invited(at_ada_s, "open@example.org")
    sent = await mails(database)
    await at_ada_s.open(PAGE)
    typed = (
        "bea@example.org",
        "OPEN@example.org",
        "nobody",
        "Cora@Example.org",
        "cora@example.org",
        "dan@example.org",
    )
    token = at_ada_s.form("/withdraw").fields["form_token"]
    data = {"form_token": token, "emails": "\n".join(typed), "role": "host"}
    at_ada_s.page = await at_ada_s.client.post(PAGE, data=data)
    table = at_ada_s.words
    for words in (
        "1 bea@example.org Hosts already",
        "2 OPEN@example.org Is invited already",
        "3 nobody Not an e-mail address",
        "4 Cora@example.org Gets an invitation",
        "5 cora@example.org Stands above already",
        "6 dan@example.org No seat left",
    ):
        assert words in table
    # What needs a look stands first.
    assert table.index("6 dan@example.org") < table.index("4 Cora@example.org")
    assert await mails(database) == sent


async def test_from_the_report_one_goes_back_with_every_line_and_the_role(at_ada_s, riverside):
    await at_ada_s.open(PAGE)
    await at_ada_s.submit(
        "/invitations", emails="bea@example.org\nno <b>body\ncora@example.org", role="admin"
    )
    await at_ada_s.submit("/change")
    form = at_ada_s.form("/invitations")
    assert form.fields["emails"].split() == ["bea@example.org", "no", "<b>body", "cora@example.org"]
    assert form.fields["role"] == "admin"
    # Also if nobody in it can be invited.
    await at_ada_s.submit("/invitations", emails="nobody")
    await at_ada_s.submit("/change")
    assert at_ada_s.form("/invitations").fields["emails"].strip() == "nobody"


async def test_the_open_invitations_are_a_file(at_ada_s, database, riverside, move_clock):
    await invited(at_ada_s, "cora@example.org")
    await move_clock(days=14, minutes=1)
    await invited(at_ada_s, "dan@example.org", role="admin")
    file = await at_ada_s.client.get(f"{PAGE}.csv")
    assert file.headers["content-type"].startswith("text/csv")
    head, dan, cora = file.text.splitlines()
    assert head == "email,role,invited,sent,holds_until,works"
    assert (dan.split(",")[:2], dan.split(",")[-1]) == (["dan@example.org", "admin"], "yes")
    assert (cora.split(",")[:2], cora.split(",")[-1]) == (["cora@example.org", "host"], "no")


async def test_what_changed_since_it_was_looked_at_is_shown_again_and_nothing_is_half_done(
    at_ada_s, database, riverside
):
    await seats(database, riverside, 4)
    await at_ada_s.open(PAGE)
    await at_ada_s.submit("/invitations", emails="cora@example.org\ndan@example.org")
    await seats(database, riverside, 3)
    page = await at_ada_s.submit("/send")
    assert page.status_code == 409
    assert "dan@example.org No seat left" in at_ada_s.words
    assert await mails(database) == 0
    await at_ada_s.submit("/send")
    assert "One invitation is on its way." in at_ada_s.words


async def test_an_invitation_runs_out_after_14_days_and_can_be_sent_again(
    at_ada_s, site, database, riverside, move_clock
):
    await seats(database, riverside, 3)
    await invited(at_ada_s, "cora@example.org")
    old = await link_to(database, "cora@example.org")
    await move_clock(days=14, minutes=1)
    async with new_person(site) as cora:
        assert (await cora.open(old)).status_code == 410
        await at_ada_s.open(PAGE)
        await at_ada_s.submit("/resend")
        assert "on its way again" in at_ada_s.words
        new = await link_to(database, "cora@example.org")
        assert new != old
        assert (await cora.open(new)).status_code == 200
        await at_ada_s.submit("/withdraw")
        assert (await cora.open(new)).status_code == 410


async def test_the_same_person_is_not_written_to_over_and_over(at_ada_s, database):
    await invited(at_ada_s, "cora@example.org")
    for _time in range(4):
        await at_ada_s.open(PAGE)
        await at_ada_s.submit("/resend")
    assert "It was sent three times today." in at_ada_s.words
    assert await mails(database) == 4


async def test_taking_back_and_inviting_anew_writes_to_the_same_person_three_times_a_day(
    at_ada_s, database, move_clock
):
    for _time in range(3):
        await invited(at_ada_s, "cora@example.org")
        await at_ada_s.open(PAGE)
        await at_ada_s.submit("/withdraw")
    await at_ada_s.submit("/invitations", emails="Cora@example.org\ndan@example.org")
    assert "1 Cora@example.org Was invited three times today" in at_ada_s.words
    assert "2 dan@example.org Gets an invitation" in at_ada_s.words
    await move_clock(days=1, minutes=1)
    await invited(at_ada_s, "cora@example.org")
    assert await mails(database) == 4


async def test_addresses_are_forgotten_a_month_after_an_invitation_is_over_and_with_an_account(
    at_ada_s, database, riverside, move_clock
):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "cora@example.org", "Dan@example.org", "eve@example.org")
    token = (await link_to(database, "eve@example.org")).rpartition("/")[2]
    eve = await a_person(database, "eve@example.org")
    async with database.transaction() as session:
        await accept(session, token, eve.id)
        await delete_account(session, dan.id)
        assert set(await session.scalars(select(Invitation.email))) == {"cora@example.org", "eve@example.org"}
    for days, left in ((29, 2), (2, 1), (12, 1), (2, 0)):
        await move_clock(days=days)
        async with database.transaction() as session:
            await forget_old(session)
            assert len(list(await session.scalars(select(Invitation.id)))) == left, days


async def test_an_invitation_of_another_organisation_cannot_be_touched(at_ada_s, database):
    await invited(at_ada_s, "cora@example.org")
    async with database.transaction() as session:
        other = Invitation(
            organisation_id=(await session.scalar(select(Invitation.organisation_id))),
            email="eve@example.org",
            role="host",
            token_hash=b"other",
            created_at=clock.now(),
            sent_at=clock.now(),
            expires_at=clock.now() + timedelta(days=1),
        )
        session.add(other)
        await session.flush()
        elsewhere = other.id
        from app.organisations.service import create_organisation

        other.organisation_id = (await create_organisation(session, name="Elsewhere", slug="elsewhere")).id
    await at_ada_s.open(PAGE)
    token = at_ada_s.form("/withdraw").fields["form_token"]
    for act in ("resend", "withdraw"):
        answer = await at_ada_s.client.post(f"{PAGE}/{elsewhere}/{act}", data={"form_token": token})
        assert answer.status_code == 404


@pytest.mark.slow
async def test_a_thousand_are_invited_in_one_go(at_ada_s, database):
    await at_ada_s.open(PAGE)
    await at_ada_s.submit("/invitations", emails="\n".join(f"p{n}@example.org" for n in range(1000)))
    await at_ada_s.submit("/send")
    assert "1,000 invitations are on their way." in at_ada_s.words
    assert await mails(database) == 1000


@pytest.mark.slow
async def test_fifty_invitations_sent_at_once_end_at_the_seats(site, database, riverside, ada):
    await seats(database, riverside, 12)
    post = Post(site.state.mailer, "http://127.0.0.1:8000/invitations/{token}")

    async def send(number):
        async with database.transaction() as session:
            found = await find_organisation(session, riverside.id)
            emails = [f"p{number}@example.org"]
            return (await invite(session, post, found, emails, role=HostRole.HOST, by=ada.id))[1]

    assert sum(await asyncio.gather(*(send(number) for number in range(50)))) == 10
    assert await mails(database) == 10
