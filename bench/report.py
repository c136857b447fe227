"""What was found, as the tables of docs/performance.md: they stand there between two marks."""

import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import psutil

from app.settings import ROOT
from bench.measure import Pace
from bench.place import POSTGRES
from bench.rounds import LISTENERS, Round, Told

PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- bench begins -->", "<!-- bench ends -->"


@dataclass(frozen=True)
class Line:
    """One scene at one number of connections, beside the bare route."""

    key: str
    name: str
    connections: int
    statements: int
    ours: Pace
    bare: Pace

    @property
    def ratio(self) -> float:
        """Our throughput by that of the bare route."""
        return self.ours.throughput / self.bare.throughput

    def __str__(self) -> str:
        return (
            f"{self.key:3} {self.connections:3}c {self.statements:2} st. ours {_words(self.ours)}"
            f"  bare {_words(self.bare)}"
            f"  ratio {self.ratio:.2f} (cpu {_cpu(self.bare) / _cpu(self.ours):.2f})"
        )


@dataclass(frozen=True)
class Found:
    """Everything that one bench finds."""

    lines: Sequence[Line]
    few: Sequence[Line]
    rounds: Sequence[Round]
    told: Sequence[Told]
    memory: Sequence[int]
    filled_in: float
    versions: dict[str, str]


def write(found: Found) -> None:
    """Put the tables into their page."""
    text = PAGE.read_text()
    tables = f"{BEGIN}\n\n{_said(found)}\n\n{END}"
    written = re.sub(f"{BEGIN}.*{END}", lambda _old: tables, text, flags=re.DOTALL)
    PAGE.write_text(written)
    print(tables)


def _said(found: Found) -> str:
    return "\n\n".join(
        (
            _where(found),
            _table(
                ("scene", "at", "statements", "answers/s", "p50", "p95", "p99", "bare: answers/s", "p50", "p95",
                 "p99", "ratio", "ratio of CPU"),
                (_row(line) for line in found.lines),
            ),
            ("Times in milliseconds. The ratio of CPU is what the bare route used in its server processes and in "
            "PostgreSQL for one answer, by what ours used: it does not depend on what else the machine does."),
            ("The same at 200 rooms and at 200 000, 8 connections; slower by, in CPU for one answer, which a busy "
            "machine changes less than answers in a second:"),
            _table(("scene", "200 rooms: ms of CPU", "200 000 rooms: ms of CPU", "slower by"), _sizes(found)),
            _rest(found),
        )
    )  # fmt: skip


def _where(found: Found) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    settings = ", ".join(f"{name} = {value}" for name, value in POSTGRES.items())
    gigabytes = psutil.virtual_memory().total / 1e9
    return (
        f"Measured {datetime.now(UTC):%Y-%m-%d} by `make bench` on {os.cpu_count()} cores ({_processor()}), "
        f"{gigabytes:.0f} GB, {platform.system()}; {versions}. PostgreSQL as it ships but for {settings}: "
        f"commits are durable. Filled in {found.filled_in:.0f} s. All of it ran on these cores: the load, two "
        "server processes, PostgreSQL, the simulator. Medians of five runs, ours and the bare route in turn."
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*: (.*)", info.read_text()) if info.exists() else []
    return str(names[0]) if names else platform.processor()


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _row(line: Line) -> list[object]:
    def side(pace: Pace) -> list[str]:
        return [f"{pace.throughput:.0f}", *(f"{each:.1f}" for each in pace.latencies)]

    name = f"({line.key}) {line.name}"
    cpu = _cpu(line.bare) / _cpu(line.ours)
    ratios = [f"{line.ratio:.2f}", f"{cpu:.2f}"]
    return [name, line.connections, line.statements, *side(line.ours), *side(line.bare), *ratios]


def _sizes(found: Found) -> Iterable[Sequence[object]]:
    full = {line.key: line for line in found.lines if line.connections == found.few[0].connections}
    for small in found.few:
        one, other = _cpu(small.ours), _cpu(full[small.key].ours)
        yield f"({small.key}) {small.name}", f"{one:.2f}", f"{other:.2f}", f"{other / one - 1:+.0%}"


def _rest(found: Found) -> str:
    seconds, answer = (median(getattr(each, name) for each in found.rounds) for name in ("seconds", "answer"))
    first, last, looked = (
        median(getattr(each, name) for each in found.told) for name in ("first", "last", "looked")
    )
    return "\n".join(
        (
            (
                f"- (f) One follow-up round over 500 meetings with 10 people each, each of them with news: "
                f"{seconds * 1000:.0f} ms and {found.rounds[-1].statements} statements; of these, "
                f"{answer * 1000:.0f} ms are the simulator's answer, read."
            ),
            (
                f"- (g) {LISTENERS} who wait in one room, from the click that starts its meeting: the first is told "
                f"after {first * 1000:.0f} ms, the last after {last * 1000:.0f} ms; each fetches its page at a "
                f"moment of its own, the last has it after {looked:.1f} s."
            ),
            f"- Memory of the server processes after all of this: {' and '.join(map(str, found.memory))} MB.",
        )
    )


def _words(pace: Pace) -> str:
    latencies = "/".join(f"{each:.1f}" for each in pace.latencies)
    return f"{pace.throughput:7.1f}/s {latencies:16} ms, cpu {pace.cpu_server:.2f}+{pace.cpu_postgres:.2f}"


def _cpu(pace: Pace) -> float:
    return pace.cpu_server + pace.cpu_postgres
