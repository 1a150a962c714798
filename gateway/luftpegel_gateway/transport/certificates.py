"""What is wrong with a certificate or its key, in words that an operator can act on; and when it ends.

OpenSSL says that a pair does not load and little of why; `cryptography` is asked only then and by `check`,
and imported only then.
"""

import datetime
import importlib
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEYS = ("ca_file", "cert_file")


def blame(options: Mapping[str, Any], error: Exception) -> tuple[str, str]:
    """Whose fault it is that `cert_file` and `key_file` do not load: (key, reason)."""
    if isinstance(error, ssl.SSLError) and "MISMATCH" in (error.reason or ""):
        key = "cert_file" if options["key_file"] is None else "key_file"
        return key, "the key does not belong to the certificate"
    if not _certificates(options["cert_file"]):
        return "cert_file", "no certificate in PEM"
    key = "key_file" if options["key_file"] is not None else "cert_file"
    encrypted = isinstance(error, ValueError) and "encrypted" in str(error)
    return key, "the key is encrypted" if encrypted else "no key in PEM"


def ends(options: Mapping[str, Any]) -> Iterator[tuple[str, Path, datetime.datetime, datetime.datetime]]:
    """Each certificate in the files of a [[source]] or [[sink]]: key, file, from when, until when."""
    for key in KEYS:
        file = options.get(key)
        if file is not None:
            for certificate in _certificates(file):
                yield key, file, certificate.not_valid_before_utc, certificate.not_valid_after_utc


def _certificates(file: Path) -> list[Any]:
    """The certificates in a file, those of a chain after each other; none when there is rubbish."""
    x509 = importlib.import_module("cryptography.x509")
    try:
        return list(x509.load_pem_x509_certificates(file.read_bytes()))
    except (OSError, ValueError):
        return []
