"""Ed25519 signatures (RFC 8032) of the DAO. Keys and signatures are base64url without padding (RFC 4648, section 5)."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from pathlib import Path

from adapters.auth.local import publish
from domain.errors import BadInput

KEY_BYTES, SIGNATURE_BYTES = 32, 64


class Ed25519Signer:
    """Port `Signer`. The private key is a PEM file (PKCS #8), made at the first use, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(stored_pem(path), password=None)
        except ValueError:
            key = None
        if not isinstance(key, Ed25519PrivateKey):
            raise BadInput(f"{path} holds no Ed25519 key: put the DAO's key back from a backup.")
        self._key = key
        self.key = encoded(key.public_key().public_bytes_raw())

    def sign(self, content: bytes) -> str:
        return encoded(self._key.sign(content))


class Ed25519Verifier:
    """Port `Verifier`."""

    def verify(self, content: bytes, signature: str, key: str) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        signed, public = decoded(signature, SIGNATURE_BYTES), decoded(key, KEY_BYTES)
        if signed is None or public is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signed, content)
        except (InvalidSignature, ValueError):
            return False
        return True


def stored_pem(path: Path) -> bytes:
    """The key in `path`, made if there is none. Of processes that start together one makes it, the others read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        publish(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), path)
    return path.read_bytes()


def encoded(content: bytes) -> str:
    return urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str, length: int) -> bytes | None:
    """None for any other length, alphabet or spelling: base64's last digit has bits that decoders ignore."""
    try:
        content = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return None
    return content if len(content) == length and encoded(content) == text else None
