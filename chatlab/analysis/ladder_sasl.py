"""SASL messages taken apart on the spot: why PLAIN needs TLS, and what SCRAM shows instead."""

from collections.abc import Sequence

from chatlab.analysis.observer_words import decoded, plain_login, scram_field, shown
from chatlab.core.ladder import Detail

PLAIN_WORDS = (
    "Base64 is no encryption: it is turned back without any key. Only TLS keeps this password from "
    "everybody on the path (RFC 4616, section 6)."
)
SCRAM_WORDS = (
    "SCRAM never sends the password (RFC 5802). In clear an observer sees the name, random numbers, "
    "the salt, the number of iterations and the proofs: enough to try guesses at home, one slow "
    "computation each, but not to log in."
)


def sasl_details(mechanism: str, encoded: str, *, is_client: bool) -> tuple[Detail, ...]:
    """What a SASL message says; ``encoded`` is its base64."""
    text = decoded(encoded.strip())
    if not text:
        return ()
    if mechanism == "PLAIN" and is_client:
        return _plain(encoded, text)
    if mechanism.startswith("SCRAM-"):
        return _client_scram(text) if is_client else _server_scram(text)
    return ()


def _plain(encoded: str, text: str) -> tuple[Detail, ...]:
    login = plain_login(text)
    if login is None:
        return ()
    found = [
        Detail(label="Base64", value=encoded.strip(), words="As it crosses the wire.",
               is_secret=True),
        Detail(label="Login name", value=shown(login.name)),
        Detail(label="Password", value=login.password, words=PLAIN_WORDS, is_secret=True),
    ]  # fmt: skip
    if login.authorization:
        found.insert(1, Detail(label="Acts as", value=shown(login.authorization)))
    return tuple(found)


def _client_scram(text: str) -> tuple[Detail, ...]:
    found: list[Detail] = []
    if name := scram_field(text, "n"):
        found.append(Detail(label="Login name", value=shown(name), words="Not hidden by SCRAM."))
    if nonce := scram_field(text, "r"):
        words = "A random number: it makes every login look different."
        found.append(Detail(label="Nonce", value=shown(nonce), words=words))
    if proof := scram_field(text, "p"):
        words = "Proves that the password is known, for this salt and these random numbers only."
        found.append(Detail(label="Proof", value=shown(proof), words=words))
        found.append(Detail(label="Password", value="not sent", words=SCRAM_WORDS))
    return tuple(found)


def _server_scram(text: str) -> tuple[Detail, ...]:
    found: list[Detail] = []
    if nonce := scram_field(text, "r"):
        found.append(
            Detail(
                label="Nonce", value=shown(nonce), words="Ours, with the server’s own behind it."
            )
        )
    if salt := scram_field(text, "s"):
        words = "Mixed into the password, so that no table of ready answers helps."
        found.append(Detail(label="Salt", value=shown(salt), words=words))
    if rounds := scram_field(text, "i"):
        words = "How often the hash is repeated: each guess costs as much."
        found.append(Detail(label="Iterations", value=shown(rounds), words=words))
    if proof := scram_field(text, "v"):
        words = "The server proves in turn that it knows the password."
        found.append(Detail(label="Server’s proof", value=shown(proof), words=words))
    return tuple(found)


def sasl_turn(details: Sequence[Detail]) -> str:
    """Which message of a login it is, to be put behind a name; empty where that does not show."""
    labels = {detail.label for detail in details}
    turns = {
        "Password": " (name and password)",
        "Salt": " (server-first)",
        "Server’s proof": " (server-final)",
        "Login name": " (client-first)",
    }
    if "Proof" in labels:
        return " (client-final)"
    return next((words for label, words in turns.items() if label in labels), "")


def sasl_words(mechanism: str, details: Sequence[Detail]) -> str:
    """What a SASL message of ours shows, in a sentence."""
    labels = {detail.label for detail in details}
    if mechanism == "PLAIN" and "Password" in labels:
        return "Name and password in base64: whoever reads this line has the password."
    if "Proof" in labels:
        return "A proof that the password is known; the password itself is not sent (SCRAM)."
    if mechanism.startswith("SCRAM-") and "Login name" in labels:
        return "The login name and a random number; no password (SCRAM)."
    if mechanism == "EXTERNAL":
        return "Nothing but “look at my certificate”: TLS has proved who we are."
    return "Our turn in the login."
