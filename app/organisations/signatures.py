"""Whether a provider signed what it sent: its keys, and tokens by them. The cryptography is joserfc's."""

from collections.abc import Mapping, Sequence
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import BadSignatureError, JoseError, UnsupportedAlgorithmError
from joserfc.jwk import ECKey, RSAKey

from app.organisations.sign_in_errors import Hint, WentWrongError, Why

# What providers sign with. Never "none", and never a key that both sides know.
ALGORITHMS = ("RS256", "ES256")
KIND_OF = {"RS256": "RSA", "ES256": "EC"}
LEAST_BITS = 2048
PARTS_OF_ENCRYPTED = 5

Key = RSAKey | ECKey


def keys_of(found: Any) -> list[Key]:
    """The provider's public keys that are good for signatures: short ones are none, nor what cannot be read.

    Raises WentWrongError where there is not one.
    """
    listed = found.get("keys") if isinstance(found, Mapping) else None
    keys = [key for key in map(_key, listed if isinstance(listed, Sequence) else ()) if key is not None]
    if not keys:
        raise WentWrongError(Why.TOKEN, Hint.NO_KEY)
    return keys


def _key(one: Any) -> Key | None:
    if not isinstance(one, Mapping) or one.get("use", "sig") != "sig":
        return None
    try:
        if one.get("kty") == "EC" and one.get("crv") == "P-256":
            return ECKey.import_key(dict(one))
        if one.get("kty") == "RSA" and len(str(one.get("n", ""))) * 6 >= LEAST_BITS:
            return RSAKey.import_key(dict(one))
    except (JoseError, ValueError, TypeError, KeyError):
        return None  # another one may be good
    return None


def signed_claims(text: str, keys: Sequence[Key], algorithms: Sequence[str]) -> jwt.Token:
    """What the provider signed, by one of its keys. Raises WentWrongError.

    A token may name its key, or not: then every key of the right kind is tried, as OpenID Connect Core 1.0, 10.1
    leaves it to us.
    """
    if text.count(".") == PARTS_OF_ENCRYPTED - 1:
        raise WentWrongError(Why.TOKEN, Hint.ENCRYPTED)
    try:
        header = jws.extract_compact(text.encode()).headers()
    except (JoseError, ValueError, TypeError) as error:
        raise WentWrongError(Why.TOKEN, Hint.SIGNATURE) from error
    algorithm, name = header.get("alg"), header.get("kid")
    if algorithm not in algorithms:
        raise WentWrongError(Why.TOKEN, Hint.ALGORITHM, str(algorithm))
    fitting = _fitting(keys, str(algorithm), name)
    if not fitting:
        raise WentWrongError(Why.TOKEN, Hint.NO_KEY, f"kid {name}")
    for key in fitting:
        try:
            return jwt.decode(text, key, algorithms=[str(algorithm)])
        except BadSignatureError:
            continue
        except UnsupportedAlgorithmError as error:
            raise WentWrongError(Why.TOKEN, Hint.ALGORITHM, str(algorithm)) from error
        except (JoseError, ValueError, TypeError) as error:
            raise WentWrongError(Why.TOKEN, Hint.SIGNATURE) from error
    raise WentWrongError(Why.TOKEN, Hint.SIGNATURE)


def _fitting(keys: Sequence[Key], algorithm: str, name: object) -> list[Key]:
    """Those of its name; without a name, or where no key has one, all of the kind that the algorithm needs."""
    of_kind = [
        key
        for key in keys
        if key.key_type == KIND_OF[algorithm]
        and key.as_dict(private=False).get("alg", algorithm) == algorithm
    ]
    if name is None:
        return of_kind
    return [key for key in of_kind if key.kid == name] or [key for key in of_kind if key.kid is None]
