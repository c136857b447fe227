"""Whose certificates are believed: the usual ones, and those that the operator names (`GUILDHALL_CA_FILE`)."""

import ssl
from functools import cache
from pathlib import Path

import httpx

from app.settings import Settings


def trust_of(settings: Settings) -> ssl.SSLContext:
    """What connections to BBB, to the SMTP server and to organisations' providers are checked by."""
    return _trust(settings.ca_file)


@cache
def _trust(ca_file: Path | None) -> ssl.SSLContext:
    """Read once a process, which takes longer than all the rest of a connection."""
    context = httpx.create_ssl_context(trust_env=False)
    # What this machine trusts, beside the list that comes with the library: an operator may have put a CA there.
    context.load_default_certs()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context
