"""TLS for all connections that the gateway makes: its files in gateway.toml, and the context made of them."""

import ssl
from collections.abc import Iterator, Mapping
from typing import Any

from luftpegel_gateway.config.options import Option, Wrong, file
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.transport import certificates

TLS_FILES = {"ca_file": Option(file, None), "cert_file": Option(file, None), "key_file": Option(file, None)}


def wrong(options: Mapping[str, Any], *, encrypted: bool) -> Iterator[tuple[str, Wrong]]:
    """Files that cannot stand as they do: (key, what is wrong). `encrypted`: the connection speaks TLS."""
    if not encrypted:
        for key in TLS_FILES:
            if options[key] is not None:
                yield key, Wrong("LP-406")
    elif options["key_file"] is not None and options["cert_file"] is None:  # one file may hold both
        yield "cert_file", Wrong("LP-305")
    else:
        yield from _unusable(options)


def _unusable(options: Mapping[str, Any]) -> Iterator[tuple[str, Wrong]]:
    """Files that are there and are no certificates, or no pair; those out of date: `certificates.py`."""
    trial = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if options["ca_file"] is not None:
        try:
            trial.load_verify_locations(options["ca_file"])
        except (OSError, ValueError):
            yield "ca_file", Wrong("LP-339", path=options["ca_file"], reason="no certificate in PEM")
    if options["cert_file"] is None:
        return
    try:
        trial.load_cert_chain(options["cert_file"], options["key_file"], _no_passphrase)
    except (OSError, ValueError) as error:
        key, reason = certificates.blame(options, error)
        yield key, Wrong("LP-339", path=options[key] or options["cert_file"], reason=reason)


def context(options: Mapping[str, Any], name: str) -> ssl.SSLContext:
    """Check the other end's certificate, and show ours where there is one. Raises CannotStart.

    Not `ssl.create_default_context`: from Python 3.13 on it refuses what many a town's own authority issues
    (VERIFY_X509_STRICT). `ca_file` may also be the other end's own certificate, or that of an authority
    between.
    """
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    found.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    try:
        if options["ca_file"] is None:
            found.load_default_certs()
        else:
            found.load_verify_locations(options["ca_file"])
        if options["cert_file"] is not None:
            found.load_cert_chain(options["cert_file"], options["key_file"], _no_passphrase)
    except (OSError, ValueError) as error:
        raise CannotStart("LP-405", f"{name}: {error}") from error
    return found


def _no_passphrase() -> str:
    """An encrypted key would make OpenSSL ask on the terminal, and wait for ever."""
    raise ValueError("the key is encrypted; a service cannot ask for its passphrase")
