"""Keeping what must be read again and never be read by others: sealed with a key made of the site's own."""

from base64 import urlsafe_b64encode

from cryptography.fernet import Fernet, InvalidToken

from app.settings import Settings
from app.web.browser import keyed_hash


def seal(settings: Settings, purpose: str, text: str) -> str:
    """The text as it may stand in the database; each purpose has a key of its own."""
    return _key(settings, purpose).encrypt(text.encode()).decode()


def unseal(settings: Settings, purpose: str, sealed: str) -> str | None:
    """What was sealed; None if it was sealed with another key: the operator has changed GUILDHALL_SECRET_KEY."""
    try:
        return _key(settings, purpose).decrypt(sealed.encode()).decode()
    except InvalidToken:
        return None


def _key(settings: Settings, purpose: str) -> Fernet:
    return Fernet(urlsafe_b64encode(bytes.fromhex(keyed_hash(settings, "seal", purpose))))
