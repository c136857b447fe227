"""The membership by API: one's own, and an organisation's for its admins, as the page says it."""

import pytest
from sqlalchemy import delete

from app import clock
from app.contributions.custody import give_into_custody
from app.memberships.granting import put_on_tier, renew_or_begin
from app.memberships.models import Membership
from app.memberships.suspending import suspend
from app.organisations.models import Organisation
from tests.app.api.conftest import error, program, token_of
from tests.app.contributions.books import gift, recorded
from tests.app.standing import DAY, START
from tests.factories import a_person, an_organisation

pytestmark = pytest.mark.usefixtures("standing_clock")

BY = {"granted_by": "Olu", "reason": "a test"}
OURS = "/organisations/riverside-housing/membership"


@pytest.fixture
async def riverside(database, ada_user):
    del ada_user
    made = await an_organisation(database, "Riverside Housing", "consumer", ada="admin")
    keeper = await an_organisation(database, "Commons Cloud", "co-producer", ada="admin")
    async with database.transaction() as session:
        await session.execute(delete(Membership).where(Membership.holder_id == made.holder_id))
        await put_on_tier(session, made.holder_id, "consumer", ends_at=START + 300 * DAY, cents=50_000, **BY)
        await give_into_custody(session, await session.get_one(Organisation, made.id), keeper.id)
    return made


async def test_without_a_membership_the_free_tier_holds(eve):
    found = (await eve.get("/membership")).json()
    assert found["holder"]["name"] == (await eve.get("/me")).json()["name"]
    assert (found["state"], found["tier"], found["present"], found["last"]) == ("none", "free", None, None)
    assert (found["price_cents"], found["due_cents"], found["custodian"]) == (None, 0, None)
    assert found["sentence"].startswith("“Free” holds without an end")


async def test_it_is_followed_from_running_to_its_renewal_and_its_end(ada, ada_user, database):
    ends_at = START + 100 * DAY
    async with database.transaction() as session:
        await put_on_tier(
            session, ada_user.holder_id, "session-organiser", ends_at=ends_at, awarded=True, **BY
        )
    present = (await ada.get("/membership")).json()["present"]
    assert present == {
        "tier": "session-organiser",
        "tier_name": "Session organiser",
        "since": "2027-01-10T12:00:00Z",
        "until": "2027-04-20T12:00:00Z",
        "grace_until": "2027-05-04T12:00:00Z",
        "awarded": True,
        "suspended_since": None,
        "suspension_reason": None,
    }
    for later, state in ((1, "running"), (90, "ending"), (105, "grace"), (120, "ended")):
        clock.stand_at(START + later * DAY)
        found = (await ada.get("/membership")).json()
        assert found["state"] == state
    assert (found["tier"], found["present"], found["last"]["tier"]) == ("free", None, "session-organiser")
    clock.stand_at(START + 90 * DAY)
    async with database.transaction() as session:
        await renew_or_begin(
            session, ada_user.holder_id, "session-organiser", lambda start: start + 365 * DAY, **BY
        )
    found = (await ada.get("/membership")).json()
    assert (found["state"], found["next"]["since"]) == ("renewed", "2027-04-20T12:00:00Z")


async def test_an_organisations_says_what_is_due_and_who_holds_it(ada, database, riverside):
    await recorded(database, gift(riverside.holder_id, 20_000))
    found = (await ada.get(OURS)).json()
    assert found["holder"] == {"id": riverside.holder_id, "name": "Riverside Housing"}
    assert (found["price_cents"], found["paid_cents"], found["due_cents"]) == (50_000, 20_000, 30_000)
    assert (found["custodian"], found["tier"]) == ("Commons Cloud", "consumer")
    async with database.transaction() as session:
        await suspend(session, riverside.holder_id, by="Olu", reason="The bank sent it back.")
    found = (await ada.get(OURS)).json()
    assert (found["state"], found["tier"]) == ("suspended", "free")
    assert found["present"]["suspension_reason"] == "The bank sent it back."


async def test_who_is_no_admin_of_it_does_not_see_it(site, database, riverside):
    del riverside
    eve = await a_person(database, "eve@example.org", is_operator=True)
    async with program(site, await token_of(database, eve)) as hers:
        assert error(await hers.get(OURS), 404, "not_found")
