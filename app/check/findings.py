"""What a check found, and how it is printed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a finding means for the operator; the value is what the command line prints."""

    OK = "OK"
    LOOK = "LOOK"
    """works, and is worth a thought"""
    MEND = "MEND"
    """does not work"""


@dataclass(frozen=True)
class Finding:
    """One line: of what, what was seen, and how to mend it. No secret stands in it."""

    verdict: Verdict
    subject: str
    seen: str
    mend: str = ""


def ok(subject: str, seen: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Verdict.OK, subject, seen)


def look(subject: str, seen: str, mend: str) -> Finding:
    """Something that works and is worth a thought."""
    return Finding(Verdict.LOOK, subject, seen, mend)


def mend(subject: str, seen: str, how: str) -> Finding:
    """Something that does not work, and how to mend it."""
    return Finding(Verdict.MEND, subject, seen, how)


def lines_of(findings: Iterable[Finding]) -> list[str]:
    """The findings as a terminal shows them: one line each, and an indented one with what to do."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.verdict:5} {finding.subject}: {finding.seen}")
        if finding.mend:
            lines.append(f"      {finding.mend}")
    return lines


def words_of(error: BaseException) -> str:
    """An error in a few words: its own, or its name if it has none."""
    return " ".join(str(error).split())[:300] or type(error).__name__
