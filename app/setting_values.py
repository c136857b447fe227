"""The values that settings may have: each kind read, tidied and refused in one place, with a reason in words."""

import re
import ssl
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from app.addresses import NotAnAddressError, tidy_address

# What both drivers understand behind the question mark of the database's address.
DATABASE_WORDS = {
    *("host", "port", "user", "password", "passfile", "service", "target_session_attrs", "options"),
    *("sslmode", "sslcert", "sslkey", "sslpassword", "sslrootcert", "sslcrl", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version", "krbsrvname", "application_name"),
}


@dataclass(frozen=True)
class Sender:
    """A name, perhaps none, and an address whose domain is written in ASCII."""

    name: str
    address: str

    @classmethod
    def read(cls, text: str) -> "Sender":
        """Of “Guildhall <hall@example.org>”, or the address alone. Raises ValueError."""
        name, bracket, rest = text.strip().rpartition("<")
        try:
            address = tidy_address(rest.removesuffix(">").strip(), private=True)
        except NotAnAddressError:
            address = ""
        if not address or bool(bracket) != rest.endswith(">") or not text.isprintable():
            raise ValueError("must be an address, like Guildhall <hall@example.org>")
        name = name.strip()
        if len(name) > 1 and name[0] == name[-1] == '"':
            name = name[1:-1].replace('\\"', '"')
        return cls(name, address)

    @property
    def domain(self) -> str:
        """What stands behind the @."""
        return self.address.rpartition("@")[2]


def _postgres_url(value: SecretStr) -> SecretStr:
    """One address for libpq and asyncpg: several hosts, sockets, TLS. What only one of them knows is refused.

    Any other word asyncpg takes for a setting of the server, and fails at the first connection.
    """
    address = value.get_secret_value().strip()
    if address.split("://")[0] not in {"postgresql", "postgres"}:
        raise ValueError("must begin with postgresql://")
    try:
        words = [word for word, _ in parse_qsl(urlsplit(address).query, strict_parsing="?" in address)]
    except ValueError:
        raise ValueError("what stands behind the question mark must be name=value, with & between") from None
    if not urlsplit(address).path.strip("/"):
        # With none, libpq and asyncpg each have a guess of their own.
        raise ValueError("must name the database: postgresql://user:password@host/guildhall")
    if unknown := [word for word in words if word not in DATABASE_WORDS]:
        raise ValueError(f"{unknown[0]} cannot be set here: leave it out")
    return SecretStr(address)


def _web_address(value: str) -> str:
    parts = urlsplit(value.strip())
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that begins with https://")
    if parts.query or parts.fragment or parts.username:
        raise ValueError("must be an address without a user name, a question mark and a hash sign")
    return value.strip().rstrip("/")


def _site_address(value: str) -> str:
    address = _web_address(value)
    if urlsplit(address).path:
        raise ValueError("must be a name of its own, without a path: cookies and links stand at its root")
    return address


def _mail_server(value: SecretStr) -> SecretStr:
    address = value.get_secret_value().strip()
    if address and (urlsplit(address).scheme not in {"smtp", "smtps"} or not urlsplit(address).hostname):
        raise ValueError(
            "must begin with smtp:// (STARTTLS) or smtps:// (TLS at once), then the server's name"
        )
    return SecretStr(address)


def _networks(value: str) -> str:
    """Addresses and networks; a name would be compared as it is written and never fit."""
    for part in value.split(","):
        try:
            if part.strip() != "*":
                ip_network(part.strip(), strict=False)
        except ValueError:
            raise ValueError("must be addresses or networks like 10.0.0.5,172.16.0.0/12, no names") from None
    return value


def _origins(value: list[str]) -> list[str]:
    for origin in value:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
            raise ValueError("must be origins like https://bbb1.example.org, with spaces between")
    return value


def _link(value: str) -> str:
    if value and urlsplit(value).scheme not in {"http", "https"}:
        raise ValueError("must be an address that begins with https://")
    return value


def _certificates(value: Path | None) -> Path | None:
    if value is not None:
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(value)
        except OSError as error:  # not there, not to be read, or no certificates in it
            raise ValueError(f"must be a file of certificates in PEM: {error}") from None
    return value


def _mailbox(value: str) -> str:
    if value:
        Sender.read(value)
    return value


def _colour(value: str) -> str:
    if value and not re.fullmatch(r"#[0-9a-fA-F]{6}", value):
        raise ValueError("must be a colour like #3d6b4f")
    return value


def _empty_is_none(value: Any) -> Any:
    return value or None


def _words(value: Any) -> Any:
    return value.split() if isinstance(value, str) else value


def _without_line_ends(value: Any) -> Any:
    """BBB_API.md section 6, 21: `bbb-conf --secret` leaves a newline behind."""
    return value.strip() if isinstance(value, str) else value


PostgresUrl = Annotated[SecretStr, AfterValidator(_postgres_url)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
SiteAddress = Annotated[str, AfterValidator(_site_address)]
MailServer = Annotated[SecretStr, AfterValidator(_mail_server)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Networks = Annotated[str, AfterValidator(_networks)]
Origins = Annotated[list[str], NoDecode, BeforeValidator(_words), AfterValidator(_origins)]
Link = Annotated[str, AfterValidator(_link)]
Colour = Annotated[str, AfterValidator(_colour)]
BBBSecret = Annotated[SecretStr, BeforeValidator(_without_line_ends)]
OptionalFile = Annotated[Path | None, BeforeValidator(_empty_is_none)]
CertificateFile = Annotated[Path | None, BeforeValidator(_empty_is_none), AfterValidator(_certificates)]
