"""The program with less patience, for tests of its patience: `python -m tests.hasty FILES serve --port 8000`."""

import resource
import sys

from app.cli import main
from app.web import connections

HASTE = 10


def begin(words: list[str]) -> int:
    """Run it; FILES: how many files it may open, 0: as many as this machine allows."""
    files = int(words[0])
    if files:
        # Half of them at first: the program is to raise that itself.
        resource.setrlimit(resource.RLIMIT_NOFILE, (files // 2, files))
    for name in ("HEAD_SECONDS", "BODY_GAP_SECONDS", "BODY_SECONDS", "LOOK_SECONDS"):
        setattr(connections, name, getattr(connections, name) / HASTE)
    return main(words[1:])


if __name__ == "__main__":
    sys.exit(begin(sys.argv[1:]))
