"""Where a broker is that is not ours, as somebody types it."""

import ssl
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as mqtt

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class BrokerAddress:
    """Where a broker is, and who we are to it."""

    host: str
    port: int
    username: str | None = None
    password: str | None = None
    tls: bool = False

    def __repr__(self) -> str:
        """Without the password: this may land in a log."""
        return f"BrokerAddress({self.host}:{self.port})"

    @classmethod
    def parse(cls, url: str) -> "BrokerAddress":
        """From mqtt[s]://[user[:password]@]host[:port].

        Raises:
            ValueError: LP-376, it is no such address.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = 0
        if parts.scheme not in _PORTS or not parts.hostname or port == 0 or parts.path.strip("/"):
            raise ValueError(
                "LP-376: this is no address of an MQTT broker. "
                "Next: write it as mqtt://user:password@host:1883 or mqtts://host:8883."
            )
        return cls(
            parts.hostname,
            port or _PORTS[parts.scheme],
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            tls=parts.scheme == "mqtts",
        )

    def introduce(self, client: mqtt.Client) -> None:
        """Give a client what it needs to log in here."""
        if self.username is not None:
            client.username_pw_set(self.username, self.password)
        if self.tls:
            client.tls_set_context(ssl.create_default_context())
