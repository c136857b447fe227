"""How long something takes on a machine that does other things too."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

TRIES = 3


async def quickest(within: float, action: Callable[[], Awaitable[Any]]) -> float:
    """Seconds that the action takes: the best of three, for as long as it takes more than `within` seconds."""
    best = float("inf")
    for _try in range(TRIES):
        began = time.perf_counter()
        await action()
        best = min(best, time.perf_counter() - began)
        if best < within:
            break
    return best
