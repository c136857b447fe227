"""Finds a Chromium for the browser tests: the system's, else one that can be installed, else one clear line."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
VARIABLE = "CHROMIUM"


def system_chromium() -> str | None:
    """The path of the Chromium that is there, by the variable CHROMIUM or by its usual names."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def playwright_chromium() -> str | None:
    """The path of the Chromium that playwright has installed, if it has."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def chromium() -> str | None:
    """The path of a Chromium; None if there is none."""
    return system_chromium() or playwright_chromium()


def install() -> str | None:
    """Install one: with the system's packages where that is allowed, else with playwright."""
    print("· Installing Chromium for the browser tests (once)", flush=True)
    ways: list[list[list[str]]] = [[[sys.executable, "-m", "playwright", "install", "chromium"]]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = ["apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
        ways.insert(0, [[*quiet, "update"], [*quiet, "install", "-y", "--no-install-recommends", "chromium"]])
    for way in ways:
        for words in way:
            subprocess.run(words, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if found := chromium():
            return found
    return None


def main() -> int:
    """0 if there is a Chromium now."""
    if chromium() or install():
        return 0
    print(
        "The browser tests need Chromium: install it (Debian: apt-get install chromium) or name one in CHROMIUM=.",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
