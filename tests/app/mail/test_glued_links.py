"""A link in a mail works with what mail programs and sentences glue to its end."""

import secrets

import pytest

from app import clock
from app.accounts.links import AddressLink, ResetLink, VerifyLink, fragment_of
from app.accounts.reach import ReachLink
from app.accounts.reminders import unsubscribe_links
from app.accounts.sessions import hash_of
from app.organisations.models import HostRole, Invitation
from app.web.browser import bare_token
from tests.factories import a_person, an_interest, an_organisation

GLUED = [".", ">", ")", ",", "]", ";", ":", "!", "*", "'", "%22", "%20", "%E2%80%8B", "%C2%A0", "%3E"]
GLUED += [">.", ").", "),", "…", "»"]
ENTITIES = ["&gt;", "&quot;.", "&#34;"]


@pytest.fixture
async def links(database, settings, ada):
    """The path of every kind of link that is in a mail."""
    fresh = await a_person(database, "fresh@example.org", verified=False)
    token, fragment = secrets.token_urlsafe(32), fragment_of(settings, ada)
    organisation = await an_organisation(database, "Riverside Housing", "consumer")
    now = clock.now()
    async with database.transaction() as session:
        invitation = Invitation(
            organisation_id=organisation.id,
            email="bea@example.org",
            role=HostRole.HOST,
            token_hash=hash_of(token),
            created_at=now,
            sent_at=now,
            expires_at=now.replace(year=now.year + 1),
        )
        session.add(invitation)
    await an_interest(database, "Harbour-Radio")
    return {
        "verify": f"/verify/{VerifyLink(fresh.id, fresh.email).sign(settings)}",
        "new password": f"/new-password/{ResetLink(ada.id, fragment, int(clock.now().timestamp())).sign(settings)}",
        "address": f"/account/email/{AddressLink(ada.id, fragment, ada.email, 'n@example.org').sign(settings)}",
        "address again": f"/account/email/again/{ReachLink(ada.id, ada.email).sign(settings)}",
        "unsubscribe": unsubscribe_links(settings)(ada.id, "tasks").removeprefix(settings.public_url),
        "interest": "/join-us/Harbour-Radio",
        "invitation": f"/invitations/{token}",
        "a page": "/membership",
    }


KINDS = [
    "verify",
    "new password",
    "address",
    "address again",
    "unsubscribe",
    "interest",
    "invitation",
    "a page",
]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_link_works_with_what_is_glued_to_it(someone, links, kind):
    expected = await someone.open(links[kind])
    assert expected.status_code == 200, someone.words
    words = someone.words
    for glued in [*GLUED, *(ENTITIES if kind != "a page" else ())]:
        answer = await someone.open(links[kind] + glued)
        assert (answer.status_code, someone.words) == (200, words), glued


async def test_the_form_behind_such_a_link_works_too(someone, links):
    await someone.open(links["unsubscribe"] + ">.")
    await someone.submit("/unsubscribe/")
    assert "You won’t get these mails any more" in someone.words
    await someone.open(links["address again"] + ").")
    await someone.submit("/account/email/again/")
    assert "arrives" in someone.words


async def test_a_link_that_was_cut_is_not_told_that_it_works_once(someone, links):
    for kind in ("verify", "new password", "address", "address again"):
        answer = await someone.open(links[kind][:-5])
        assert answer.status_code == 410
        assert "work once" not in someone.words
        assert "not be the whole link" in someone.words


def test_a_token_is_as_it_was_made():
    for _ in range(200):
        token = secrets.token_urlsafe(32)
        assert bare_token(token) == token
        assert bare_token(f"{token}.>") == token
    assert bare_token("...") == ""
