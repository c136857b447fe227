"""What else may keep somebody from an operator's page; who may open which is in tests/app/permissions."""

import pytest

from tests.factories import signed_in


async def test_a_banned_operator_is_a_guest(site, operator, database):
    async with signed_in(site, operator) as person:
        async with database.transaction() as session:
            (await session.get_one(type(operator), operator.id)).banned_at = operator.created_at
        answer = await person.client.get("/admin", follow_redirects=False)
        assert answer.status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "/admin/people/999999",
        "/admin/people/999999/ban",
        "/admin/people/999999/operator",
        "/admin/organisations/999999",
        "/admin/meetings/999999/end",
        "/admin/limits/999999",
        "/admin/holders/999999/membership",
        "/admin/holders/999999/membership/give",
        "/admin/holders/1/membership/999999/end",
        "/admin/limits/1?tier=nonsense",
        "/admin/limits/1?page=0",
        "/admin/tiers/999999",
        "/admin/tiers/999999/change",
        "/admin/tiers/999999/holders",
        "/admin/tiers/999999/retire",
        "/admin/tiers/new?copy=999999",
        "/admin/tiers/3/holders?place=nowhere",
        "/admin/tiers/3/above?limit=nonsense",
        "/admin/tiers/3/above?limit=hosts&first=1",
        "/admin/tiers/3/above?limit=rooms&first=-1",
        "/admin/people?shown=nonsense",
        "/admin/people?page=0",
        "/admin/meetings?before=-1",
        "/admin/nothing",
    ],
)
async def test_what_is_not_there_is_not_found(olu, path):
    assert (await olu.open(path)).status_code == 404


async def test_an_operator_has_the_link_in_the_top_bar(olu):
    await olu.open("/rooms")
    assert 'href="/admin"' in olu.page.text
    assert "Operation" in olu.words
