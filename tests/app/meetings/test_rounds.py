"""When the worker's rounds are due."""

import itertools

from app.worker import TASKS


def test_bbb_is_followed_every_five_seconds_in_every_minute():
    periodic = TASKS.periodic_registry.periodic_tasks
    (follow,) = [each for each in periodic.values() if each.task.name == "meetings:follow"]
    start = 1_800_000_001.0
    iterator = follow.croniter
    due = [iterator.get_next(ret_type=float, start_time=start)]
    due += [iterator.get_next(ret_type=float) for _ in range(23)]
    assert [later - earlier for earlier, later in itertools.pairwise(due)] == [5.0] * 23
