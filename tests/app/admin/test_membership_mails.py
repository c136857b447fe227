"""Whose membership an operator suspends, lifts or ends is told once, in their language, with the reason."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.mail import OutgoingMail
from app.memberships.granting import put_on_tier
from tests.app.standing import START
from tests.factories import a_person, an_organisation

pytestmark = pytest.mark.usefixtures("standing_clock")


async def do(olu, holder_id, act, **typed):
    await olu.open(f"/admin/holders/{holder_id}/membership/{act}")
    return await olu.submit(f"/membership/{act}", **{"reason": "The bank <sent> it back.", **typed})


@pytest.fixture
def new_letters(database):
    """The mails that came since it was called last."""
    seen: set[int] = set()

    async def letters():
        async with database.transaction() as session:
            found = list(await session.scalars(select(OutgoingMail).order_by(OutgoingMail.id)))
        new = [mail for mail in found if mail.id not in seen]
        seen.update(mail.id for mail in new)
        return new

    return letters


@pytest.fixture
async def member(database, ada):
    by = {"granted_by": "Olu", "reason": "a test"}
    async with database.transaction() as session:
        ends_at = START + timedelta(days=200)
        return await put_on_tier(session, ada.holder_id, "session-organiser", ends_at=ends_at, **by)


@pytest.mark.slow
async def test_suspended_lifted_and_ended_each_is_told_once(olu, ada, member, new_letters):
    await do(olu, ada.holder_id, "suspend")
    [mail] = await new_letters()
    assert (mail.to, mail.subject) == (ada.email, "“Session organiser” is suspended")
    assert "is suspended since 10 January 2027 and “Free” holds" in mail.text
    assert "Reason: The bank <sent> it back." in mail.text
    assert "Reason: The bank &lt;sent&gt; it back." in mail.html
    assert mail.text.rstrip().count("/membership") == 1
    await do(olu, ada.holder_id, "suspend")  # there is nothing to suspend any more
    assert await new_letters() == []
    await do(olu, ada.holder_id, "lift", reason="It came after all.")
    [mail] = await new_letters()
    assert mail.subject == "“Session organiser” holds again"
    assert "“Session organiser” holds until" in mail.text
    assert "Reason: It came after all." in mail.text
    await do(olu, ada.holder_id, f"{member.id}/end", until="2027-02-01")
    [mail] = await new_letters()
    assert mail.subject == "The end of “Session organiser” is set anew"
    assert "“Session organiser” ends on 1 February 2027" in mail.text
    await do(olu, ada.holder_id, "renew")
    assert await new_letters() == []


@pytest.mark.slow
async def test_what_never_begins_and_what_becomes_free_at_once_are_told(olu, ada, member, new_letters):
    await do(olu, ada.holder_id, "give", tier="session-organiser", begins="2027-03-01", until="2027-09-01")
    assert await new_letters() == []
    coming = member.id + 1
    await do(olu, ada.holder_id, f"{coming}/end")
    [mail] = await new_letters()
    assert mail.subject == "“Session organiser” does not begin"
    assert "was to begin on 1 March 2027" in mail.text
    await do(olu, ada.holder_id, "give", tier="free")
    [mail] = await new_letters()
    assert mail.subject == "“Session organiser” has ended"
    assert "has ended now, without days of grace" in mail.text
    await do(olu, ada.holder_id, "give", tier="free")
    assert await new_letters() == []


async def test_an_organisations_admins_read_it_in_their_own_language_and_zone(olu, database, new_letters):
    await a_person(database, "ona@example.org", language="ca", time_zone="Pacific/Auckland")
    await a_person(database, "eve@example.org")
    await a_person(database, "hal@example.org")
    await a_person(database, "una@example.org", verified=False)
    house = await an_organisation(
        database, "Tea <House>", "consumer", ona="admin", eve="admin", hal="host", una="admin"
    )
    await do(olu, house.holder_id, "suspend")
    first, second = await new_letters()
    assert (first.to, second.to) == ("ona@example.org", "eve@example.org")
    # It is the eleventh there.
    assert "11 de gener" in first.text
    assert "10 January 2027" in second.text
    assert first.subject.startswith("Tea <House>: ")
    assert "This is about the membership of Tea &lt;House&gt;." in second.html
    assert f"/membership?holder={house.holder_id}" in second.text
    # The page that follows is the operator's.
    assert "The membership is suspended." in olu.words
    assert "is suspended since 10 January 2027" in olu.words


async def test_the_form_says_that_the_reason_is_written_to_them(olu, ada, member):
    del member
    await olu.open(f"/admin/holders/{ada.holder_id}/membership/suspend")
    assert "its holder reads it, also in the mail that tells them" in olu.words
