"""How many places guests of one network address hold before anybody has seen them."""

import pytest

from quotas.rules import places_of_network


@pytest.mark.parametrize(
    ("group_size", "present", "places"),
    [(None, 500, 3), (10, 0, 3), (10, 4, 3), (10, 5, 2), (10, 7, 1), (10, 9, 1), (10, 10, 1), (2, 0, 1)],
)
def test_three_and_never_more_than_half_of_what_is_free_but_always_one(group_size, present, places):
    assert places_of_network(group_size, present) == places
