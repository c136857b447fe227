"""Numbers in addresses: however long, they lead nowhere or to a row, never to a failure."""

import pytest
from starlette.convertors import IntegerConvertor

from tests.app.web.test_csrf import every_route
from tests.factories import a_person, signed_in

LONG = "9" * 5000


def test_every_number_in_an_address_has_at_most_as_many_digits_as_a_rows(site):
    numbers = [
        (path, convertor.regex)
        for path, route in every_route(site)
        for convertor in route.param_convertors.values()
        if isinstance(convertor, IntegerConvertor)
    ]
    assert len(numbers) > 10
    assert [path for path, regex in numbers if regex != "[0-9]{1,18}"] == []


@pytest.mark.parametrize("digits", ["9" * 18, "9" * 19, "9" * 40, LONG, "0" * 5000, "٣"])
async def test_a_number_that_no_row_has_is_not_found(site, database, digits):
    operator = await a_person(database, is_operator=True)
    async with signed_in(site, operator) as olu:
        for path in (
            f"/admin/people/{digits}",
            f"/admin/people/{digits}/ban",
            f"/admin/organisations/{digits}",
            f"/admin/meetings?before={digits}",
            f"/admin/rooms?host={digits}",
            f"/admin/people?page={digits}",
            f"/api/v1/meetings/{digits}",
        ):
            answer = await olu.client.get(path)
            assert answer.status_code in {401, 404}, path
        for path in ("/rooms?holder=", "/recordings?holder=", "/r/x/start?minutes=", "/recordings?page="):
            assert (await olu.client.get(path + digits)).status_code < 500, path
