"""The web-hooks that are registered (bbb-webhooks, BBB_API.md section 4.4)."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hook:
    """One address that wants events: of one meeting or of all, of some kinds or of all."""

    hook_id: str
    url: str
    meeting_id: str | None  # external; None: all meetings
    events: tuple[str, ...] | None  # as they were named, in small letters; None: all
    raw: bool

    def wants(self, event: str, meeting_id: str) -> bool:
        """Whether an event of a meeting goes to this hook."""
        if self.meeting_id not in {None, meeting_id}:
            return False
        # Raw messages have no event id: a hook that names events hears none of them.
        return self.events is None or (not self.raw and event in self.events)


class Hooks:
    """All registered hooks, by id."""

    def __init__(self, *, numeric_ids: bool) -> None:
        self._numeric = numeric_ids
        self._count = 0
        self.by_id: dict[str, Hook] = {}

    def clear(self) -> None:
        """Forget all hooks."""
        self.by_id.clear()

    def with_url(self, url: str) -> Hook | None:
        """The hook that is registered for an address."""
        return next((hook for hook in self.by_id.values() if hook.url == url), None)

    def add(self, *, url: str, meeting_id: str | None, events: tuple[str, ...] | None, raw: bool) -> Hook:
        """Register an address."""
        self._count += 1
        hook_id = str(self._count) if self._numeric else str(uuid.uuid4())
        hook = Hook(hook_id=hook_id, url=url, meeting_id=meeting_id, events=events, raw=raw)
        self.by_id[hook_id] = hook
        return hook

    def remove(self, hook_id: str) -> bool:
        """Forget a hook; False if there was none."""
        return self.by_id.pop(hook_id, None) is not None
