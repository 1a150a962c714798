"""All keys of a town in one encrypted file, for the safe or another machine.

Three lines of ASCII: what it is with its version; how the key was made of the passphrase (scrypt, RFC 7914)
and the nonce, as JSON; the keys, AES-256-GCM, base64. The first two are authenticated with the third, so
nobody makes the work cheaper unseen. A wrong passphrase and a damaged file cannot be told apart.
"""

import base64
import binascii
import json
import os
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from luftpegel_tools.technician.keys import Key, parsed
from luftpegel_tools.technician.whole_file import PRIVATE, write_whole
from luftpegel_tools.technician.words import TroubleError

MAGIC, VERSION = "luftpegel-keys", 1
SHORTEST = 12  # characters of a passphrase
LARGEST = 8_000_000  # bytes
_SALT_BYTES, _NONCE_BYTES, _KEY_BYTES = 16, 12, 32
_COST, _BLOCK, _LANES = 2**16, 8, 1  # 64 MiB, some 0.2 s
# What a file may ask of us: a forged one shall not eat the memory (at most 256 MiB).
_MOST = {"n": 2**18, "r": 8, "p": 4}


def judged(passphrase: str) -> str:
    """The passphrase, if it is long enough. TroubleError LP-657."""
    if len(passphrase.strip()) < SHORTEST:
        raise TroubleError("LP-657", detail=f"< {SHORTEST}", wanted=SHORTEST)
    return passphrase


def write(file: Path, content: bytes, passphrase: str) -> None:
    """Encrypt the content of a file of keys. TroubleError LP-612: the file cannot be written."""
    salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
    how = {"kdf": "scrypt", "n": _COST, "r": _BLOCK, "p": _LANES, "salt": salt.hex(), "nonce": nonce.hex()}
    head = f"{MAGIC} {VERSION}\n{json.dumps(how)}\n".encode()
    key = _key(passphrase, salt, _COST, _BLOCK, _LANES)
    sealed = AESGCM(key).encrypt(nonce, content, head)
    try:
        write_whole(file, head + base64.b64encode(sealed) + b"\n", PRIVATE)
    except OSError as error:
        raise TroubleError("LP-612", file=file, detail=error.strerror) from None


def read(file: Path, passphrase: str) -> dict[str, Key]:
    """DevEUI -> AppKey. TroubleError LP-600, LP-654, LP-655."""
    try:
        with file.open("rb") as opened:
            content = opened.read(LARGEST + 1)
    except OSError as error:
        raise TroubleError("LP-600", file=file, detail=error.strerror) from None
    first, _, rest = content.partition(b"\n")
    second, _, third = rest.partition(b"\n")
    _judge_version(file, first)
    try:
        how = json.loads(second)
        salt, nonce = bytes.fromhex(how["salt"]), bytes.fromhex(how["nonce"])
        cost = [how[name] for name in _MOST]
        limits = zip(cost, _MOST.values(), strict=True)
        sound = all(type(one) is int and 1 <= one <= most for one, most in limits)
        if not sound or how["kdf"] != "scrypt" or cost[0] < 2 or cost[0] & (cost[0] - 1):
            raise ValueError("kdf")
        if len(nonce) != _NONCE_BYTES or not _SALT_BYTES <= len(salt) <= 64 or len(content) > LARGEST:
            raise ValueError("nonce")
        sealed = base64.b64decode(third.strip(), validate=True)
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise TroubleError("LP-655", file=file, detail=type(error).__name__) from None
    try:
        plain = AESGCM(_key(passphrase, salt, *cost)).decrypt(nonce, sealed, first + b"\n" + second + b"\n")
    except InvalidTag:
        raise TroubleError("LP-654", file=file) from None
    return parsed(file, plain)


def _judge_version(file: Path, first: bytes) -> None:
    magic, _, version = first.partition(b" ")
    if magic != MAGIC.encode():
        raise TroubleError("LP-655", file=file, detail=f"no {MAGIC!r}")
    if version != str(VERSION).encode():
        raise TroubleError("LP-655", file=file, detail=f"version {version[:10].decode('ascii', 'replace')}")


def _key(passphrase: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    """Composed letters: an ä typed on another machine is the same ä."""
    secret = unicodedata.normalize("NFC", passphrase).encode()
    return Scrypt(salt=salt, length=_KEY_BYTES, n=cost, r=block, p=lanes).derive(secret)
