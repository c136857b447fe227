"""Which texts from outside may be used as addresses."""

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """Whether a text is an address of the web: nobody is sent to `javascript:` or to nonsense."""
    try:
        parts = urlsplit(url)
    except ValueError:  # "http://[" is one
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)
