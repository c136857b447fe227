"""The settings: what the environment says, what is misspelt in it, what is risky."""

import os
from collections.abc import Mapping

from app.check.findings import Finding, look, mend, ok
from app.settings import Settings, known_names, unknown_names

ANYBODY = {"*", "0.0.0.0/0", "::/0"}


def check_settings(settings: Settings) -> list[Finding]:
    """What is set, and how."""
    set_here = [name for name in known_names() if name in os.environ]
    return [ok("Settings", f"{len(set_here)} are set"), *misspelt(os.environ), *_proxies(settings)]


def misspelt(environment: Mapping[str, str]) -> list[Finding]:
    """A finding for each name of the environment that begins like ours and is none."""
    findings = []
    for name, meant in unknown_names(environment).items():
        how = f"Did you mean {meant}?" if meant else "Take it out: docs/deploy.md lists all settings."
        findings.append(mend(name, "no setting has this name, so it does nothing", how))
    return findings


def _proxies(settings: Settings) -> list[Finding]:
    if ANYBODY & set(settings.proxies.replace(" ", "").split(",")):
        seen = "every address is believed, so anybody can claim to come from anywhere"
        return [look("GUILDHALL_PROXIES", seen, "Name the addresses of your proxies and nothing else.")]
    return []
