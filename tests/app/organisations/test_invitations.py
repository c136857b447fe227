"""Inviting hosts: looked at, sent as a whole, accepted once, never more than there are seats."""

import asyncio
import re
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from app import clock
from app.accounts.models import User
from app.mail import OutgoingMail
from app.memberships.models import Membership
from app.memberships.refusals import RefusedError
from app.organisations.invitations import (
    InvitationOverError,
    Post,
    TooManyLinesError,
    accept,
    addresses_in,
    invite,
    withdraw,
)
from app.organisations.models import HostRole, Invitation, OrganisationHost
from app.organisations.service import find_organisation
from tests.conftest import new_person
from tests.factories import a_person, signed_in

PAGE = "/organisations/riverside-housing/invitations"
PASSWORD = "correct horse battery"


async def seats(database, riverside, number) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(Membership).where(Membership.holder_id == riverside.holder_id).values(seats=number)
        )


async def hosts(database) -> set[str]:
    async with database.transaction() as session:
        found = select(User.email).join(OrganisationHost, OrganisationHost.user_id == User.id)
        return set(await session.scalars(found))


async def link_to(database, email) -> str:
    """The path in the newest mail to this address."""
    async with database.transaction() as session:
        found = select(OutgoingMail.text).where(OutgoingMail.to == email).order_by(OutgoingMail.id.desc())
        text = await session.scalar(found.limit(1))
    return re.search(r"/invitations/[\w-]+", text)[0]


async def mails(database) -> int:
    async with database.transaction() as session:
        return await session.scalar(select(func.count()).select_from(OutgoingMail))


async def invited(at_ada_s, *emails, role="host") -> None:
    await at_ada_s.open(PAGE)
    await at_ada_s.submit("/invitations", emails="\n".join(emails), role=role)
    await at_ada_s.submit("/send")


def test_lines_of_addresses_and_of_a_csv_with_a_heading_are_read_alike():
    assert addresses_in("cora@example.org\n\n  dan@example.org \r\n") == [
        "cora@example.org",
        "dan@example.org",
    ]
    assert addresses_in("Name;E-Mail\nCora;cora@example.org\n") == ["cora@example.org"]
    assert addresses_in('"Ruiz, Dan",<dan@example.org>\nnobody\n') == ["dan@example.org", "nobody"]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("\ufeffa@x.org\rb@x.org\r\nc@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
        ("Cora Ruiz <cora@x.org>, Dan <dan@x.org>", ["cora@x.org", "dan@x.org"]),
        ("Ruiz, Cora <cora@x.org>, Dan <dan@x.org>", ["cora@x.org", "dan@x.org"]),
        ("a@x.org b@x.org; c@x.org", ["a@x.org", "b@x.org", "c@x.org"]),
        ("Nom;Correu\nCora;cora@x.org;boss@x.org", ["cora@x.org"]),
        ('Name\tMail\n"Ruiz, Dan"\tdan@x.org', ["dan@x.org"]),
        ('"never closed, a@x.org\nb@x.org', ["never closed, a@x.org", "b@x.org"]),
        ("=cmd|' /C calc'!A0\n@SUM(1)\n+1", ["=cmd|' /C calc'!A0", "@SUM(1)", "+1"]),
        ("\0\n \n,,\n", []),
    ],
    ids=range(9),
)
def test_whatever_is_pasted_no_line_is_lost(typed, found):
    assert addresses_in(typed) == found


def test_a_cell_without_end_is_one_wrong_line():
    assert addresses_in('"' + "x" * 150_000 + "\nb@x.org") == ['"' + "x" * 299, "b@x.org"]


def test_a_thousand_lines_are_read_and_no_more():
    assert len(addresses_in("a@x.org\n" * 1000)) == 1000
    with pytest.raises(TooManyLinesError):
        addresses_in("a@x.org\n" * 1001)


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
    assert await mails(database) == sent


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


async def test_someone_new_signs_up_by_the_link_and_hosts_at_once(at_ada_s, site, database):
    await invited(at_ada_s, "cora@example.org")
    path = await link_to(database, "cora@example.org")
    async with new_person(site) as cora:
        await cora.open(path)
        assert "cora@example.org" in cora.words
        # Whatever address is sent along: the one that was invited is the account's.
        fields = cora.form("/sign-up").fields | {"name": "Cora Ruiz", "password": PASSWORD}
        await cora.client.post(f"{path}/sign-up", data=fields | {"email": "mallory@example.org"})
        await cora.open("/organisations/riverside-housing")
        assert "Your share" in cora.words
        assert (await cora.open(path)).status_code == 410
    assert "cora@example.org" in await hosts(database)
    async with database.transaction() as session:
        made = await session.scalar(select(User).where(User.email == "cora@example.org"))
        assert made.verified_at is not None


async def test_someone_with_an_account_signs_in_and_accepts(at_ada_s, site, database):
    dan = await a_person(database, "dan@example.org")
    await invited(at_ada_s, "dan@example.org", role="admin")
    path = await link_to(database, "dan@example.org")
    async with new_person(site) as guest:
        await guest.open(path)
        assert "There is an account with the address dan@example.org." in guest.words
    async with signed_in(site, dan) as person:
        await person.open(path)
        await person.submit(path)
        assert "In figures" in person.words


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


async def test_who_hosts_already_keeps_their_role(at_ada_s, site, database, riverside, ada, bea):
    async with database.transaction() as session:  # else the only admin would stay one anyway
        (await session.get_one(OrganisationHost, (riverside.id, bea.id))).role = "admin"
    await invited(at_ada_s, "ada.private@example.org")
    path = await link_to(database, "ada.private@example.org")
    await at_ada_s.open(path)
    assert "The invitation was sent to ada.private@example.org." in at_ada_s.words
    await at_ada_s.submit(path)
    assert "In figures" in at_ada_s.words
    async with database.transaction() as session:
        assert (await session.get_one(OrganisationHost, (riverside.id, ada.id))).role == "admin"


@pytest.mark.slow
async def test_fifty_at_once_end_at_the_seats(at_ada_s, site, database, riverside):
    people = [await a_person(database, f"p{number}@example.org") for number in range(50)]
    await seats(database, riverside, None)
    await invited(at_ada_s, *(one.email for one in people))
    tokens = [(await link_to(database, one.email)).rpartition("/")[2] for one in people]
    await seats(database, riverside, 12)

    async def take(token, person):
        async with database.transaction() as session:
            await accept(session, token, person.id)

    found = await asyncio.gather(
        *(take(token, one) for token, one in zip(tokens, people, strict=True)), return_exceptions=True
    )
    assert sum(one is None for one in found) == 10
    assert all(isinstance(one, RefusedError) for one in found if one is not None)
    assert len(await hosts(database)) == 12


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


async def test_a_link_that_is_used_twice_at_once_lets_one_in(at_ada_s, site, database, riverside):
    await invited(at_ada_s, "cora@example.org")
    token = (await link_to(database, "cora@example.org")).rpartition("/")[2]
    people = [await a_person(database, f"{name}@example.org") for name in ("cora", "dan", "eve")]

    async def take(person):
        async with database.transaction() as session:
            await accept(session, token, person.id)

    found = await asyncio.gather(*(take(one) for one in people), return_exceptions=True)
    assert sum(one is None for one in found) == 1
    assert sum(isinstance(one, InvitationOverError) for one in found) == 2
    assert len(await hosts(database)) == 3


async def test_a_link_that_is_withdrawn_at_this_moment_lets_nobody_in(at_ada_s, database, riverside):
    cora = await a_person(database, "cora@example.org")
    await invited(at_ada_s, "cora@example.org")
    token = (await link_to(database, "cora@example.org")).rpartition("/")[2]

    async def take() -> None:
        async with database.transaction() as session:
            await accept(session, token, cora.id)

    async with database.transaction() as session:
        found = await session.scalar(select(Invitation.id))
        await withdraw(session, await find_organisation(session, riverside.id), found)
        taking = asyncio.create_task(take())
        await asyncio.sleep(0.3)
        assert not taking.done()
    with pytest.raises(InvitationOverError):
        await taking
    assert await hosts(database) == {"ada@example.org", "bea@example.org"}


async def test_an_unverified_account_accepts_only_what_was_sent_to_its_own_address(at_ada_s, site, database):
    mallory = await a_person(database, "mallory@example.org", verified=False)
    await invited(at_ada_s, "cora@example.org", "mallory@example.org")
    async with signed_in(site, mallory) as person:
        stolen = await link_to(database, "cora@example.org")
        await person.open(stolen)
        assert (await person.submit(stolen)).status_code == 403
        own = await link_to(database, "mallory@example.org")
        await person.open(own)
        await person.submit(own)
        assert "Your share" in person.words
    assert "mallory@example.org" in await hosts(database)


async def test_a_suspended_host_does_not_come_back_by_an_invitation(at_ada_s, site, database, riverside, bea):
    async with database.transaction() as session:
        host = await session.get_one(OrganisationHost, (riverside.id, bea.id))
        host.suspended_at = clock.now()
    await invited(at_ada_s, "bea.private@example.org", role="admin")
    path = await link_to(database, "bea.private@example.org")
    async with signed_in(site, bea) as person:
        await person.open(path)
        await person.submit(path)
        assert "An admin has suspended you" in person.words
        assert (await person.open("/organisations/riverside-housing/hosts")).status_code == 403


async def test_a_name_like_a_formula_is_harmless_in_the_files(at_ada_s, database, bea):
    async with database.transaction() as session:
        (await session.get_one(User, bea.id)).name = '=HYPERLINK("https://evil.example")'
    file = (await at_ada_s.client.get("/organisations/riverside-housing/hosts.csv")).text
    assert "\"'=HYPERLINK(" in file
