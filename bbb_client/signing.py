"""How a call to BigBlueButton is written down and signed (BBB_API.md section 1)."""

import hashlib
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote_plus


class Algorithm(StrEnum):
    """The hashes that BigBlueButton accepts; the value is the name hashlib knows it by."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


_BY_LENGTH = {hashlib.new(algorithm).digest_size * 2: algorithm for algorithm in Algorithm}


def encode_query(params: Mapping[str, str]) -> str:
    """Write parameters as a query string, in the order given; UTF-8, encoded exactly once.

    Everything outside `A-Za-z0-9-_.~` is encoded, upper-case, so that neither httpx nor a browser sees
    anything to rewrite (section 1.2.4 and 5). A space becomes `+`: every version takes it, and early 2.4
    took only that (1.2.2); a literal plus sign becomes `%2B`, so nothing is ambiguous.
    """
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in params.items())


def checksum(call: str, query: str, secret: str, algorithm: Algorithm = Algorithm.SHA256) -> str:
    """Hash `call + query + secret`, as lower-case hex (section 1.1).

    `call` is the path after `/api/` (`create`, `hooks/create`); `query` is the still encoded query string
    as it is sent, without the checksum.
    """
    return hashlib.new(algorithm, f"{call}{query}{secret}".encode()).hexdigest()


def algorithm_of(checksum: str) -> Algorithm | None:
    """Tell the hash by the number of hex digits (section 1.1); None for a length that no hash has."""
    return _BY_LENGTH.get(len(checksum))


def signed_query(
    call: str, params: Mapping[str, str], secret: str, algorithm: Algorithm = Algorithm.SHA256
) -> str:
    """Write the query string of a call with its checksum behind; these bytes must be sent as they are."""
    query = encode_query(params)
    signature = f"checksum={checksum(call, query, secret, algorithm)}"
    return f"{query}&{signature}" if query else signature


def webhook_checksum(
    callback_url: str, raw_body: bytes, secret: str, algorithm: Algorithm = Algorithm.SHA1
) -> str:
    """Hash a delivery of bbb-webhooks, as lower-case hex (section 4.4).

    `callback_url` is the address as it was registered, `raw_body` the url-encoded bytes as they came: hashing
    the decoded form fails. The default is that of bbb-webhooks, independent of the API's.
    """
    return hashlib.new(algorithm, callback_url.encode() + raw_body + secret.encode()).hexdigest()
