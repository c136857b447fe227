"""What differs between the versions of BigBlueButton that the simulator can be."""

from dataclasses import dataclass
from enum import StrEnum


class PostSigning(StrEnum):
    """What is hashed for a POST whose URL has no query (section 1.3)."""

    SORTED = "sorted"  # all parameters, keys sorted, form-encoded
    BODY = "body"  # the raw body without its checksum
    EMPTY = "empty"  # nothing: the call's name and the secret


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The rules of one version; a further version is one more entry in PROFILES."""

    name: str
    version: str  # bbbVersion of the index
    client_path: str  # where join sends the browser
    post_signing: PostSigning
    one_checksum_only: bool  # refuse a second `checksum` parameter instead of reading the first
    empty_create_time_fails: bool  # join with `createTime=` answers 500 [issue 21145]
    error_redirect_url: bool  # join knows errorRedirectUrl
    total_on_top: bool  # paging by <totalElements> instead of <pagination> (section 3.1)
    numeric_hook_ids: bool
    graphql: bool  # the index names the GraphQL addresses
    extra_calls: frozenset[str]  # calls that not every version has (section 1.4)


PROFILES = {
    "2.7": Profile(
        name="2.7",
        version="2.7.18",
        client_path="/html5client/join",
        post_signing=PostSigning.SORTED,
        one_checksum_only=False,
        empty_create_time_fails=True,
        error_redirect_url=True,
        total_on_top=False,
        numeric_hook_ids=True,
        graphql=False,
        extra_calls=frozenset({"enter"}),
    ),
    "3.0": Profile(
        name="3.0",
        version="3.0.40",
        client_path="/html5client/",
        post_signing=PostSigning.EMPTY,
        one_checksum_only=True,
        empty_create_time_fails=False,
        error_redirect_url=True,
        total_on_top=True,
        numeric_hook_ids=False,
        graphql=True,
        extra_calls=frozenset({"sendChatMessage", "feedback"}),
    ),
}
