"""What operators call a tier stands on many pages: there it is text, neither HTML nor a format to be filled in."""

import pytest
from sqlalchemy import update

from app.memberships.models import Holder, Tier
from tests.factories import a_person, an_organisation, signed_in

# Each of them broke a page, or would have been HTML of an operator's making on everybody's.
SPOILT = "<b>50% off</b> %(price)s %s"


@pytest.mark.slow
async def test_a_tier_s_words_are_text_on_every_page(site, database, olu, someone):
    ada = await a_person(database, "ada@example.org")
    riverside = await an_organisation(database, "Riverside", "consumer", ada="admin")
    async with database.transaction() as session:
        words = {"name": SPOILT, "description": SPOILT, "how_to_get": SPOILT}
        await session.execute(update(Tier).values(words))
        named = update(Holder).where(Holder.id == riverside.holder_id)
        await session.execute(named.values(name="5% %s <i>Riverside</i>"))
    public = ["/", "/tiers", "/about"]
    hers = ["/rooms", "/tiers", "/membership", f"/membership?holder={riverside.holder_id}"]
    hers += [f"/organisations/{riverside.slug}{page}" for page in ("", "/hosts", "/invitations")]
    theirs = ["/admin/tiers", "/admin/tiers/1", "/admin/tiers/1/change", "/admin/tiers/1/holders"]
    theirs += ["/admin/people", "/admin/people/1", "/admin/organisations", "/admin/organisations/1"]
    theirs += ["/admin/limits", "/admin/limits/1", f"/admin/holders/{riverside.holder_id}/membership"]
    async with signed_in(site, ada) as at_ada_s:
        for person, pages in ((someone, public), (at_ada_s, hers), (olu, theirs)):
            for page in pages:
                answer = await person.open(page)
                assert answer.status_code == 200, page
                assert "<b>50%" not in answer.text, page
                assert "<i>Riverside" not in answer.text, page
    assert "50% off" in olu.words
