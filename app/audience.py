"""Who in this process listens to what: news of a topic is told in slices, and of one topic not too often."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from typing import Protocol

# After news of a topic the next waits so long: what comes meanwhile is told once, at the end. A crowd that joins a
# room is one piece of news in a second or two; a dashboard shows many rooms, so it hears less often of each.
PAUSE_SECONDS, HOLDER_PAUSE_SECONDS = 1.5, 4.0
# One transaction may have news of several topics: they come one after the other and are told together.
GATHER_SECONDS = 0.01
# Telling one browser takes some 40 µs. So many are told in one turn of the loop, then it is everyone else's turn.
SLICE, SLICE_REST_SECONDS = 25, 0.002
# Whoever is told fetches a page, at a moment of its own within so long: together they take a fifth of this process.
SPREAD_EACH_SECONDS, SPREAD_AT_LEAST, SPREAD_AT_MOST = 0.02, 0.2, 20.0


class Ear(Protocol):
    """Whoever listens."""

    def tell(self, spread: float) -> None:
        """Something changed; look again at some moment within `spread` seconds."""


class Subscription:
    """An ear for whoever waits: it hears that something changed, not what, so nothing can pile up."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def tell(self, spread: float = 0.0) -> None:
        """Something changed."""
        del spread
        self._changed.set()

    async def wait(self, seconds: float) -> bool:
        """True as soon as something changed since the last call, False after `seconds` of quiet."""
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return False
        self._changed.clear()
        return True


def spread_of(listeners: int) -> float:
    """Seconds within which so many pages fetch themselves again."""
    return min(max(SPREAD_AT_LEAST, SPREAD_EACH_SECONDS * listeners), SPREAD_AT_MOST)


class Audience:
    """The ears of one process, by topic."""

    def __init__(self) -> None:
        self._ears: dict[str, set[Ear]] = defaultdict(set)
        # Those without a topic too: they end with the process like all others.
        self._everyone: set[Ear] = set()
        # By what it is about: the topics of news that is to be told when the timer of this subject ends.
        self._news: dict[str, set[str]] = {}
        # Whom to tell, in this order, each once.
        self._queue: OrderedDict[Ear, float] = OrderedDict()
        self._is_telling = False

    @property
    def topics(self) -> set[str]:
        """What somebody in this process listens to."""
        return set(self._ears)

    def add(self, ear: Ear, topics: Iterable[str]) -> None:
        """From now on this ear hears of these topics."""
        self._everyone.add(ear)
        for topic in topics:
            self._ears[topic].add(ear)

    def remove(self, ear: Ear, topics: Iterable[str]) -> None:
        """It hears no more."""
        self._everyone.discard(ear)
        self._queue.pop(ear, None)
        for topic in topics:
            self._ears[topic].discard(ear)
            if not self._ears[topic]:
                del self._ears[topic]

    @contextmanager
    def subscribed(self, *topics: str) -> Iterator[Subscription]:
        """A subscription to these topics for as long as the block lasts."""
        ear = Subscription()
        self.add(ear, topics)
        try:
            yield ear
        finally:
            self.remove(ear, topics)

    def hear(self, topic: str) -> None:
        """There is news: told at once if the last was a while ago, else when its pause is over."""
        if topic not in self._ears:
            return
        subject = topic.replace("people:", "room:")
        if subject in self._news:
            self._news[subject].add(topic)
        else:
            self._news[subject] = {topic}
            asyncio.get_running_loop().call_later(GATHER_SECONDS, self._tell_news, subject)

    def tell_everyone(self) -> None:
        """Everyone looks once."""
        self._tell(self._everyone)

    def _tell_news(self, subject: str) -> None:
        topics = self._news.pop(subject)
        if not topics:
            return
        self._tell(set().union(*(self._ears.get(topic, ()) for topic in topics)))
        # What comes during the pause is told at its end, once: the last piece of news is never lost.
        self._news[subject] = set()
        pause = HOLDER_PAUSE_SECONDS if subject.startswith("holder:") else PAUSE_SECONDS
        asyncio.get_running_loop().call_later(pause, self._tell_news, subject)

    def _tell(self, ears: AbstractSet[Ear]) -> None:
        spread = spread_of(len(ears))
        for ear in ears:
            self._queue[ear] = max(spread, self._queue.get(ear, 0.0))
        if ears and not self._is_telling:
            self._is_telling = True
            self._tell_slice()

    def _tell_slice(self) -> None:
        for _number in range(min(SLICE, len(self._queue))):
            ear, spread = self._queue.popitem(last=False)
            ear.tell(spread)
        if self._queue:
            asyncio.get_running_loop().call_later(SLICE_REST_SECONDS, self._tell_slice)
        else:
            self._is_telling = False
