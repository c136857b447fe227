"""What can go wrong with a provider: for whoever signs in a word, for the admin who tries it a hint too."""

from enum import StrEnum


class Why(StrEnum):
    """What did not go as it should. `WORDS` in `sign_in_words` says it to people."""

    UNREACHABLE = "unreachable"
    NOT_A_PROVIDER = "not_a_provider"
    OTHER_ISSUER = "other_issuer"
    ALGORITHMS = "algorithms"
    SECRET = "secret"  # noqa: S105  what is wrong, not what is secret
    CODE = "code"
    TOKEN = "token"  # noqa: S105  the same
    USERINFO = "userinfo"
    DENIED = "denied"
    OVER = "over"
    NO_ADDRESS = "no_address"
    UNVERIFIED = "unverified"
    OTHER_DOMAIN = "other_domain"


class Hint(StrEnum):
    """What an admin looks at. `HINTS` in `sign_in_words` says how to mend it."""

    TENANT = "tenant"
    NO_KEY = "no_key"
    SIGNATURE = "signature"
    ALGORITHM = "algorithm"
    ENCRYPTED = "encrypted"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    EXPIRED = "expired"
    CLAIM = "claim"
    REFUSED = "refused"
    STATUS = "status"
    NOT_JSON = "not_json"
    OTHER_PERSON = "other_person"
    NOTHING_MORE = "nothing_more"
    NAME_IS_NO_ADDRESS = "name_is_no_address"
    NOT_SAID = "not_said"
    SAID_FALSE = "said_false"
    ADDRESS_SHAPE = "address_shape"


class WentWrongError(Exception):
    """The provider, or what it says, cannot be used; `hint` and `fact` are for its admins only."""

    def __init__(self, why: Why, hint: Hint | None = None, fact: str = "") -> None:
        self.why, self.hint, self.fact = why, hint, fact
        super().__init__(why)
