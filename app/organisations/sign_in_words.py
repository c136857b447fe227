"""What went wrong at a provider, in words: for who wants to sign in, and for the admin who tries it."""

from typing import Any

from app.errors import GuildhallError
from app.i18n import Text, lazy
from app.organisations.sign_in_errors import Hint, Why
from app.organisations.trail import Step

WORDS: dict[Why, Text] = {
    Why.UNREACHABLE: lazy(
        "The organisation’s sign-in does not answer, or not as it should. Try again in a minute."
    ),
    Why.NOT_A_PROVIDER: lazy(
        "There is no OpenID Connect provider at the issuer’s address, or it is not set up whole."
    ),
    Why.OTHER_ISSUER: lazy("The provider says that it is another issuer. Write the issuer as it writes it."),
    Why.ALGORITHMS: lazy("The provider signs in no way that is accepted here: set it to RS256 or ES256."),
    Why.SECRET: lazy("The provider does not know this site’s client ID and secret."),
    Why.CODE: lazy("The provider did not accept its own answer. Begin again from the sign-in page."),
    Why.TOKEN: lazy("What the organisation’s sign-in sent is not valid. Begin again from the sign-in page."),
    Why.USERINFO: lazy(
        "The organisation’s sign-in let you in and didn’t say who you are. Tell one of its admins."
    ),
    Why.DENIED: lazy("The organisation’s sign-in did not let you through."),
    Why.OVER: lazy(
        "This sign-in was begun in another browser, too long ago, or is finished already. Begin again."
    ),
    Why.NO_ADDRESS: lazy("The organisation’s sign-in did not say your e-mail address."),
    Why.UNVERIFIED: lazy("The organisation’s sign-in does not say that your e-mail address is verified."),
    Why.OTHER_DOMAIN: lazy(
        "Your e-mail address there is not of a domain that is confirmed for this organisation."
    ),
}


HINTS: dict[Hint, Text] = {
    Hint.TENANT: lazy(
        "This is the address for everybody. Write the one of your tenant: "
        "https://login.microsoftonline.com/(tenant ID)/v2.0"
    ),
    Hint.NO_KEY: lazy(
        "None of the keys at the provider’s jwks_uri is the one that signed. Keys are RSA of 2048 bits or more, or "
        "EC P-256."
    ),
    Hint.SIGNATURE: lazy(
        "The signature is by none of the provider’s keys, or what was sent is no signed token."
    ),
    Hint.ALGORITHM: lazy(
        "It is signed in a way that isn’t accepted here. Set the provider to RS256 or ES256."
    ),
    Hint.ENCRYPTED: lazy("It is encrypted. Switch encryption off for this client: TLS protects it already."),
    Hint.ISSUER: lazy("It is signed as another issuer than the one that is set up here."),
    Hint.AUDIENCE: lazy("It is meant for another client than the one that is set up here."),
    Hint.EXPIRED: lazy("Its time is over, or has not begun: compare the clocks of both machines."),
    Hint.CLAIM: lazy("This claim is missing, or isn’t what we sent."),
    Hint.REFUSED: lazy(
        "The userinfo address refuses the access token that the provider has just given. Let this client read "
        "“openid”, “email” and “profile” there."
    ),
    Hint.STATUS: lazy("The userinfo address answers with an error."),
    Hint.NOT_JSON: lazy("The answer is neither JSON nor a signed token. Is it a page for people?"),
    Hint.OTHER_PERSON: lazy("The userinfo address speaks of another person (“sub”) than the ID token."),
    Hint.NOTHING_MORE: lazy("No address was sent. Let the provider send the claim “email” to this client."),
    Hint.NAME_IS_NO_ADDRESS: lazy(
        "No “email” was sent. The name that people sign in with looks like an address: the people who run this site "
        "can let it count as one."
    ),
    Hint.NOT_SAID: lazy(
        "“email_verified” wasn’t sent. Entra ID and ADFS never send it: the people who run this site can let the "
        "addresses of this issuer count without it."
    ),
    Hint.SAID_FALSE: lazy("The provider says that the address isn’t verified. Verify it there."),
    Hint.ADDRESS_SHAPE: lazy("What was sent as the address is none."),
}

STEPS: dict[Step, Text] = {
    Step.DISCOVERY: lazy("The provider’s description is read"),
    Step.ANSWER: lazy("You come back from the provider"),
    Step.TOKENS: lazy("The code is exchanged for tokens"),
    Step.SIGNATURE: lazy("The ID token is signed by the provider"),
    Step.CLAIMS: lazy("The ID token is for this site, and holds"),
    Step.USERINFO: lazy("The userinfo address tells the rest"),
    Step.ADDRESS: lazy("There is an address, and it counts"),
    Step.DOMAIN: lazy("Its domain is one of yours"),
}


class SignInFailedError(GuildhallError):
    """Somebody came to, or came back from, a provider, and is not signed in."""

    status = 403
    code = "sign_in_failed"
    title = lazy("You are not signed in")
    template = "organisations/sign_in_failed.html"

    def __init__(self, why: Why, slug: str, name: str) -> None:
        self.why = why
        self._context: dict[str, Any] = {"slug": slug, "name": name}
        super().__init__(WORDS[why])

    def context(self) -> dict[str, Any]:
        """Where to begin again."""
        return self._context
