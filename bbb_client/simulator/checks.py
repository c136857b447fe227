"""The checksum of a call, checked over the raw query as it came (BBB_API.md section 1)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from bbb_client.signing import algorithm_of, checksum
from bbb_client.simulator.answers import CallError
from bbb_client.simulator.config import Config
from bbb_client.simulator.profiles import PostSigning, Profile

HOOKS = "hooks/"
OLD_WORDING = ("Recording", "Track")  # calls whose refusal is worded as it was of old (section 1.5)


@dataclass(frozen=True)
class Signed:
    """What of a request the checksum is about."""

    call: str
    method: str
    query: str  # raw, as on the wire
    in_url: list[tuple[str, str]]
    in_form: list[tuple[str, str]]
    body: bytes

    @property
    def given(self) -> list[str]:
        """The checksums that were sent, those of the URL first."""
        return [value for name, value in [*self.in_url, *self.in_form] if name == "checksum"]


def verify(signed: Signed, config: Config, profile: Profile) -> None:
    """Refuse a call that was not signed with the secret; CallError `checksumError`."""
    if not config.secret:  # an empty secret switches the check off (section 1.1)
        return
    _refuse_doubles(signed, profile)
    if not signed.given or not signed.given[0]:
        raise _refusal_without(signed.call)
    if not _matches(signed, config, profile):
        raise refusal(signed.call)


def refusal(call: str) -> CallError:
    """The refusal of a wrong checksum, in the words of the part of BBB that answers (section 1.5)."""
    if call.startswith(HOOKS):  # bbb-webhooks is a program of its own, and ends its sentences
        return CallError("checksumError", "You did not pass the checksum security check.")
    if any(part in call for part in OLD_WORDING):
        return CallError("checksumError", "You did not pass the checksum security check")
    return CallError("checksumError", "Checksums do not match")


def _refusal_without(call: str) -> CallError:
    """The refusal of a call that came without a checksum; bbb-webhooks makes no difference."""
    if call.startswith(HOOKS):
        return refusal(call)
    return CallError("checksumError", "You must provide the checksum")


def _refuse_doubles(signed: Signed, profile: Profile) -> None:
    twice = {name for name, _ in signed.in_url} & {name for name, _ in signed.in_form}
    if twice or (profile.one_checksum_only and len(signed.given) > 1):
        raise refusal(signed.call)


def _matches(signed: Signed, config: Config, profile: Profile) -> bool:
    given = signed.given[0]
    algorithm = algorithm_of(given)
    if algorithm is None or algorithm not in config.algorithms:
        return False
    return any(
        hmac.compare_digest(
            checksum(signed.call, text, config.secret, algorithm).encode(), given.lower().encode()
        )
        for text in _texts(signed, given, config, profile)
    )


def _texts(signed: Signed, given: str, config: Config, profile: Profile) -> list[str]:
    if signed.query or signed.method != "POST":
        return [without_checksum(signed.query, given)]
    ways = list(PostSigning) if config.tolerant_posts else [profile.post_signing]
    return [_post_text(signed, given, way) for way in ways]


def _post_text(signed: Signed, given: str, way: PostSigning) -> str:
    if way is PostSigning.SORTED:
        return sorted_form({name: value for name, value in signed.in_form if name != "checksum"})
    if way is PostSigning.BODY:
        return without_checksum(signed.body.decode("utf-8", "replace"), given)
    return ""


def without_checksum(query: str, given: str) -> str:
    """The query without its checksum: removed as text, in this order (section 1.1)."""
    for part in (f"&checksum={given}", f"checksum={given}&", f"checksum={given}"):
        query = query.replace(part, "")
    return query


def sorted_form(params: Mapping[str, str]) -> str:
    """All parameters form-encoded with sorted names: what 2.4 to 2.7 hash for a form (section 1.3)."""
    return urlencode(sorted(params.items()))


def pairs(query: str) -> list[tuple[str, str]]:
    """The parameters of a query or a form, empty ones too."""
    return parse_qsl(query, keep_blank_values=True)
