"""What the operator sets in the environment: every name begins with `GUILDHALL_`."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.setting_values import (
    BBBSecret,
    CertificateFile,
    Colour,
    Link,
    Mailbox,
    MailServer,
    Networks,
    OptionalFile,
    Origins,
    PostgresUrl,
    Sender,
    SiteAddress,
    WebAddress,
)

PREFIX = "GUILDHALL_"
ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
KEY_LENGTH = 32
# Read from the environment by the command line and by the tests: no settings of the site.
BESIDES = {"GUILDHALL_OPERATOR_PASSWORD", "GUILDHALL_TESTS_LONG"}
S = TypeVar("S", bound="DatabaseSettings")


class SettingsError(Exception):
    """Settings that cannot be used; its text has one line for each, with the setting's name."""


class DatabaseSettings(BaseSettings):
    """What `migrate` needs: where the database is."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    database_url: PostgresUrl = Field(
        description="PostgreSQL, e.g. postgresql://user:password@host/guildhall"
    )
    database_pool: Annotated[int, Field(ge=2, le=100)] = Field(
        8, description="Connections that one process may hold."
    )
    database_queue_seconds: Annotated[float, Field(gt=0, le=60)] = Field(
        1.0, description="Seconds that a request waits for one of them; then it is asked to come back (503)."
    )
    tiers_file: OptionalFile = Field(
        None, description="The tiers that a new installation begins with, as a TOML file: docs/tiers.md."
    )

    def dsn(self) -> str:
        """The database's address, as libpq and asyncpg read it; it holds the password."""
        return "postgresql://" + self.database_url.get_secret_value().split("://", 1)[1]


class Settings(DatabaseSettings):
    """What `serve` and `worker` need."""

    secret_key: SecretStr = Field(description="At least 32 random characters; signs cookies and links.")
    bbb_url: WebAddress = Field(description="The BigBlueButton server, as `bbb-conf --secret` prints it.")
    bbb_secret: BBBSecret = Field(description="The server's shared secret, as `bbb-conf --secret` prints it.")
    bbb_algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = Field(
        "sha256", description="How requests to BigBlueButton are signed."
    )
    bbb_join_origins: Origins = Field(
        [],
        description="Further origins a join may lead to, when a load balancer stands before BBB; spaces between.",
    )
    bbb_webhooks: bool = Field(
        True, description="Ask BigBlueButton's bbb-webhooks, where it runs, to tell of recordings at once."
    )
    bbb_keep_events: bool = Field(
        False,
        description="Ask BigBlueButton to keep who was when in a meeting until it has reported it: exact figures "
        "of attendance. The names are then in its files.",
    )
    public_url: SiteAddress = Field(
        "http://127.0.0.1:8000", description="This site's own address, for mails and for BBB's callbacks."
    )
    site_name: Annotated[str, Field(min_length=1, max_length=60)] = Field(
        "Guildhall", description="The name in the top bar and in mails."
    )
    accent: Colour = Field(
        "", description="The accent colour as #rrggbb; empty is the moss green that ships."
    )
    smtp_url: MailServer = Field(
        SecretStr(""), description="smtp://user:password@host:587, or smtps:// for TLS from the first byte."
    )
    mail_from: Mailbox = Field("", description="The sender of mails, e.g. Guildhall <hall@example.org>.")
    mail_reply_to: Mailbox = Field(
        "", description="Where answers to mails go, if not to their sender, e.g. Office <office@example.org>."
    )
    source_url: Link = Field(
        "", description="Where visitors find the source of this very program; the licence asks for it."
    )
    private_providers: bool = Field(
        False,
        description="Organisations may sign their people in at providers in your own network; else only at public "
        "addresses.",
    )
    private_addresses: bool = Field(
        False,
        description="People may have e-mail addresses at names of your own network: .local, .internal, .lan, .test, "
        "localhost, names without a dot.",
    )
    ca_file: CertificateFile = Field(
        None,
        description="Certificates (PEM) of a CA of your own, believed beside the usual ones: for BBB, SMTP and "
        "organisations' providers.",
    )
    streams_per_browser: Annotated[int, Field(ge=1)] = Field(
        6,
        description="Pages of one browser that each server process tells of news; further ones look by themselves "
        "every 20 seconds.",
    )
    streams_per_address: Annotated[int, Field(ge=1)] = Field(
        60, description="The same for all browsers of one network address: a school may be behind one."
    )
    streams_per_process: Annotated[int, Field(ge=0)] = Field(
        0,
        description="The same for all of them; 0: 70 % of the files that the process may open, and 10 000 at most.",
    )
    proxies: Networks = Field("127.0.0.1", description="Addresses whose X-Forwarded-* headers are believed.")
    demo: bool = Field(False, description="Demo mode: mail is read in the browser, the clock can be moved.")
    log_json: bool = Field(True, description="Log lines as JSON; off: for people.")
    simulator_url: str = Field("", description="Demo mode: the simulator, so that its clock moves too.")

    demo_clock: Path | None = Field(
        None, description="Demo mode: the file that says how far the clock is moved."
    )

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.demo:
            if urlsplit(self.public_url).hostname not in LOOPBACK:
                raise ValueError("demo: opens everyone's mail to everyone, so it is for this machine only")
            return self
        problems = [
            *_weak_key(self.secret_key.get_secret_value()),
            *_unencrypted("public_url", self.public_url),
            *_unencrypted("bbb_url", self.bbb_url),
        ]
        if not self.bbb_secret.get_secret_value():
            problems.append("bbb_secret: must not be empty")
        if urlsplit(self.public_url).hostname not in LOOPBACK:
            # On this machine alone one may try it out without: mail then goes to port 25 of this machine.
            for name, given in (
                ("smtp_url", self.smtp_url.get_secret_value()),
                ("mail_from", self.mail_from),
            ):
                if not given:
                    problems.append(f"{name}: must be set, since accounts are verified by mail")
        if problems:
            raise ValueError("\n".join(problems))
        return self

    @property
    def secure(self) -> bool:
        """Whether the site is reached by https, so that cookies may insist on it."""
        return self.public_url.startswith("https://")

    @property
    def sender(self) -> Sender:
        """Whom mails are from; on this machine alone one may do without an address."""
        return (
            Sender.read(self.mail_from) if self.mail_from else Sender(self.site_name, "guildhall@localhost")
        )

    @property
    def reply_to(self) -> Sender | None:
        """Where answers to mails go; None: to the sender."""
        return Sender.read(self.mail_reply_to) if self.mail_reply_to else None

    @property
    def bbb_origins(self) -> list[str]:
        """Where a join may lead the browser: what the content security policy lets forms reach."""
        parts = urlsplit(self.bbb_url)
        return [f"{parts.scheme}://{parts.netloc}", *self.bbb_join_origins]


def _weak_key(key: str) -> list[str]:
    if len(key) < KEY_LENGTH or len(set(key)) < KEY_LENGTH // 4:
        return [f"secret_key: must be at least {KEY_LENGTH} random characters (openssl rand -hex 32)"]
    return []


def _unencrypted(name: str, url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme == "https" or parts.hostname in LOOPBACK:
        return []
    return [f"{name}: must begin with https:// (only an address of this machine may go without)"]


def read(kind: type[S]) -> S:
    """The settings from the environment; SettingsError names every one that is missing or unsafe."""
    try:
        return kind()
    except ValidationError as error:
        raise SettingsError("\n".join(_lines(error))) from None


def known_names() -> list[str]:
    """The names of all settings, as the environment writes them."""
    return [PREFIX + name.upper() for name in Settings.model_fields]


def unknown_names(environment: Mapping[str, str]) -> dict[str, str]:
    """The names that begin like a setting and are none, each with the setting that was probably meant, or ""."""
    known = known_names()
    unknown = sorted(
        name for name in environment if name.startswith(PREFIX) and name not in {*known, *BESIDES}
    )
    return {name: next(iter(difflib.get_close_matches(name, known, 1, 0.75)), "") for name in unknown}


def _lines(error: ValidationError) -> list[str]:
    lines: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        name = ".".join(str(part) for part in problem["loc"])
        text = str(problem["msg"]).removeprefix("Value error, ")
        if problem["type"] == "missing":
            text = "must be set"
        found = [f"{name}: {text}"] if name else text.splitlines()
        lines += [PREFIX + line.split(":", 1)[0].upper() + ":" + line.split(":", 1)[1] for line in found]
    return lines
