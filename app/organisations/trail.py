"""The way to a provider and back, step by step, with what it said: for the admin who tries it alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from app.organisations.sign_in_errors import Hint, WentWrongError

LONGEST = 300


class Step(StrEnum):
    """What is done, in this order."""

    DISCOVERY = "discovery"
    ANSWER = "answer"
    TOKENS = "tokens"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    USERINFO = "userinfo"
    ADDRESS = "address"
    DOMAIN = "domain"


@dataclass
class Line:
    """One step: what was seen, by name; `error` where it ends, `hint` where something is amiss."""

    step: Step
    facts: list[tuple[str, str]] = field(default_factory=list)
    hint: Hint | None = None
    error: WentWrongError | None = None


class Trail:
    """Collects the steps. Never a token, a code or a secret: what is noted is shown."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def begin(self, step: Step) -> None:
        """The next step; the one before went well."""
        self.lines.append(Line(step))

    def note(self, name: str, value: object) -> None:
        """Something that was seen in this step."""
        self.lines[-1].facts.append((name, str(value)[:LONGEST]))

    def note_claims(self, claims: Mapping[str, Any], *names: str) -> None:
        """What was said of these, of each whether it was said at all."""
        for name in dict.fromkeys(names):
            self.note(name, claims.get(name, "–"))

    def warn(self, hint: Hint) -> None:
        """Something is amiss, and it goes on without it."""
        self.lines[-1].hint = hint

    def fail(self, error: WentWrongError) -> None:
        """It ends here."""
        if not self.lines:
            self.begin(Step.ANSWER)
        line = self.lines[-1]
        line.error, line.hint = error, error.hint or line.hint
        if error.fact:
            self.note("", error.fact)
