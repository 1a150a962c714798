"""What simulated AT modems with a LoRaWAN stack share: power, restarts, and the faults of such a modem.

Faults: those of `at_modem`, and "banner" (restarts in the middle of a join or a frame), "busy" (for ever),
"wrong_region" (forgets its region at each start), "no_free_channel". A reset pin is a rail: off and on.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from luftpegel_tools.air.airtime import EU868
from luftpegel_tools.air.modem_messages import Network
from luftpegel_tools.virtual_board.chips.at_modem import ATModem
from luftpegel_tools.virtual_board.chips.lorawan_stack import LoRaWANStack

BOOT_US = 200_000
COMMANDS_KEPT = 100
GPS_EPOCH = 315_964_800  # Unix seconds of 1980-01-06
LEAP_SECONDS = 18
FACTORY_REGION = "US915"  # not the one that a station wants, so that a missing configuration shows


@dataclass
class RadioSettings:
    """What each modem keeps in flash."""

    dev_eui: bytes
    join_eui: bytes = bytes.fromhex("8000000000000006")
    app_key: bytes = bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C")
    region: str = FACTORY_REGION
    data_rate: int = 0
    adr: bool = True
    klass: str = "A"


class BadParameterError(ValueError):
    """A command's parameter is refused."""


class LoRaWANModem(ATModem):
    """A modem on a `network`, with its factory `dev_eui` (8 bytes)."""

    settings: RadioSettings
    banner = b""  # said in the middle of something

    def __init__(self, network: Network, dev_eui: bytes):
        super().__init__(dev_eui)
        self.stack = LoRaWANStack(network, dev_eui)
        self.commands: deque[str] = deque(maxlen=COMMANDS_KEPT)  # heard since the start, newest last
        self._factory_eui = dev_eui
        self._starts = 0

    def begin(self) -> None:
        """Lose what is not in flash; called at each change of power."""
        raise NotImplementedError

    def power(self, on: bool) -> None:
        """Lose the session, the time and whatever was being done; flash stays."""
        super().power(on)
        self.stack.power_off()
        self._starts += 1
        self.commands.clear()
        self.begin()
        if "wrong_region" in self.faults:
            self.settings.region = FACTORY_REGION

    def restart(self, started: int, banner: bytes = b"") -> None:
        """Start again, unless power did so since the start of that number."""
        if self.powered and started == self._starts:
            self.power(False)
            self.power(True)
            self.send(banner, BOOT_US)

    def restart_later(self, after_us: int, banner: bytes = b"") -> None:
        """Start again in `after_us`, unless power does so meanwhile."""
        self.clock.call_later(after_us, self.restart, self._starts, banner)

    def transmit(self, go: Callable[[], None]) -> None:
        """Go on the air, on the channels of the region that was set."""
        if "banner" in self.faults:
            self.restart_later(BOOT_US, self.banner)
            return
        self.stack.deaf = self.settings.region != EU868.name  # nobody listens on another region's channels
        go()

    def rate_now(self) -> int:
        """The data rate of the next frame: the network's with ADR, else the one that was set."""
        session = self.stack.session
        if self.settings.adr and session is not None and session.adr_data_rate is not None:
            return session.adr_data_rate
        return self.settings.data_rate
