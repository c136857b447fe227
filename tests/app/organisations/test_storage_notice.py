"""An organisation whose space for recordings runs out tells its admins so on its own page."""

import pytest
from sqlalchemy import update

from app.memberships.models import Holder
from tests.factories import signed_in

HOME = "/organisations/riverside-housing"


@pytest.mark.slow
async def test_an_admin_is_told_that_the_organisations_space_runs_out(
    at_ada_s, site, database, bea, riverside
):
    async def told(person):
        await person.open(HOME)
        return "The space for recordings is nearly full" in person.words

    async with signed_in(site, bea) as host:
        for stored, nearly_full in ((4_799_000_000, False), (4_800_000_000, True)):
            async with database.transaction() as session:
                await session.execute(
                    update(Holder).where(Holder.id == riverside.holder_id).values(stored_bytes=stored)
                )
            assert (await told(at_ada_s), await told(host)) == (nearly_full, False)
