"""When two addresses are of the same server, however they are written."""

from urllib.parse import urlsplit

from bbb_client.server import Server


def is_same_server(one: str, other: str) -> bool:
    """Whether two addresses are of one server: `/api`, a slash at the end, case, http or https change nothing."""
    return _plain(one) == _plain(other)


def _plain(url: str) -> str:
    try:
        parts = urlsplit(Server(url.casefold(), "any").url)
    except ValueError:  # a row may hold anything; the settings do not
        return url
    return f"{parts.netloc}{parts.path}"
