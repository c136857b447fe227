"""The table of docs/performance.md."""

from dataclasses import dataclass

from bench.measure import Pace


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


def _words(pace: Pace) -> str:
    latencies = "/".join(f"{each:.1f}" for each in pace.latencies)
    return f"{pace.throughput:7.1f}/s {latencies:16} ms, cpu {pace.cpu_server:.2f}+{pace.cpu_postgres:.2f}"


def _cpu(pace: Pace) -> float:
    return pace.cpu_server + pace.cpu_postgres
