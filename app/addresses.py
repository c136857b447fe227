"""E-mail addresses in one form: the domain in ASCII, as mail servers write it, and as it is stored and compared."""

from contextvars import ContextVar

import email_validator
from email_validator import EmailNotValidError, EmailSyntaxError, validate_email

# RFC 6761 and its like. The library refuses these whoever asks; here the caller decides, so its list is taken over.
SPECIAL_USE = frozenset(email_validator.SPECIAL_USE_DOMAIN_NAMES)
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()
# Of these, and of what has no dot at all, private networks make their own.
OF_PRIVATE_NETWORKS = frozenset({"local", "localhost", "test", "home.arpa", "internal", "lan"})


class NotAnAddressError(ValueError):
    """It is no e-mail address."""


class LetterBeforeAtError(NotAnAddressError):
    """It has letters before the @ that few mail servers take (RFC 6531)."""


class ReservedDomainError(NotAnAddressError):
    """Its domain is reserved: no mail from the internet arrives there."""


# Whether this site is in a private network: set for each request, and in the worker.
_is_private: ContextVar[bool] = ContextVar("private_addresses", default=False)


def accept_private(*, on: bool) -> None:
    """From now on in this request or process, addresses at domains of one's own network count, or do not."""
    _is_private.set(on)


def tidy_address(text: str, *, private: bool | None = None) -> str:
    """The address as it is stored: `jo@bücher.example` becomes `jo@xn--bcher-kva.example`; the rest stays.

    `private`: domains of one's own network count too (`.local`, `.internal`, `.lan`, `.test`, `localhost`, names
    without a dot); None: as this site is set. Raises NotAnAddressError, LetterBeforeAtError, ReservedDomainError.
    """
    private = _is_private.get() if private is None else private
    try:
        found = validate_email(
            text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=not private
        )
    except EmailNotValidError as error:
        raise _reason(text, error, private=private) from None
    if "=?" in text:
        # Allowed; but mail programs read it as encoded words (RFC 2047), line ends and all, not as an address.
        raise NotAnAddressError
    domain = found.ascii_domain
    if domain.rpartition(".")[2].isdecimal():
        raise NotAnAddressError  # an IP address, which is written in brackets, and nobody's
    if _is_among(domain, SPECIAL_USE) and not (private and _is_among(domain, OF_PRIVATE_NETWORKS)):
        raise ReservedDomainError
    return f"{found.local_part}@{domain}"


def stored_form(text: str) -> str:
    """How an address that somebody typed would be stored, whatever may be stored here; what is none stays."""
    try:
        return tidy_address(text.strip(), private=True)
    except NotAnAddressError:
        return text


def stored_part(text: str) -> str:
    """A part of an address, to look for: `bücher.example` as `xn--bcher-kva.example`; what has no such form stays."""
    if text.isascii():
        return text
    local, at, domain = text.rpartition("@")
    found = stored_form(f"a@{domain}")
    return f"{local}{at}{found.removeprefix('a@')}" if found.isascii() else text


def shown_address(address: str) -> str:
    """The address as people write it: the domain with its own letters."""
    local, at, domain = address.rpartition("@")
    if "xn--" not in domain:
        return address
    try:
        return (
            local
            + at
            + validate_email(f"a@{domain}", check_deliverability=False, globally_deliverable=False).domain
        )
    except EmailNotValidError:
        return address


def _reason(text: str, error: EmailNotValidError, *, private: bool) -> NotAnAddressError:
    local, _, domain = text.rpartition("@")
    if isinstance(error, EmailSyntaxError) and local and not local.isascii() and domain:
        return LetterBeforeAtError()
    if local and "." not in domain and not private:
        try:
            tidy_address(text, private=True)
        except NotAnAddressError:
            return NotAnAddressError()
        return ReservedDomainError()
    return NotAnAddressError()


def _is_among(domain: str, names: frozenset[str]) -> bool:
    return any(domain == name or domain.endswith(f".{name}") for name in names)
