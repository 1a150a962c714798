"""One run at a ChirpStack: plan, or plan and apply."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from luftpegel_gateway.network_server.channel import Api
from luftpegel_tools.technician.provision import chirpstack_plan, chirpstack_there
from luftpegel_tools.technician.provision.bulk import Outcome, Trouble, each
from luftpegel_tools.technician.provision.chirpstack_plan import Policy
from luftpegel_tools.technician.provision.chirpstack_write import Writer
from luftpegel_tools.technician.provision.item import Item
from luftpegel_tools.technician.provision.wanted import Device, Wanted


@dataclass
class Result:
    """How many things were written, were so already, failed, were not begun; `troubles`: why, by its name."""

    written: int = 0
    kept: int = 0
    not_begun: int = 0
    troubles: list[tuple[str, Trouble]] = field(default_factory=list)

    def count(self, name: str, outcome: Outcome[Any, Item]) -> None:
        """Take one outcome in."""
        if outcome.trouble is not None:
            self.troubles.append((name, outcome.trouble))
        elif outcome.result is None:
            self.not_begun += 1
        elif outcome.result.trouble is not None:
            self.troubles.append((name, outcome.result.trouble))
        elif outcome.result.writes:
            self.written += 1
        else:
            self.kept += 1

    @property
    def well(self) -> bool:
        """Whether all is as it was wanted."""
        return not self.troubles and not self.not_begun

    def facts(self) -> dict[str, Any]:
        """For machines."""
        failed = [{"name": name, "code": trouble.code} for name, trouble in self.troubles]
        return {"written": self.written, "same": self.kept, "not_begun": self.not_begun, "failed": failed}


@dataclass(frozen=True, slots=True)
class Run:
    """`at_once`: calls under way together."""

    server: Api
    wanted: Wanted
    policy: Policy
    at_once: int

    def plan(self) -> list[Item]:
        """What is to be done. OtherEndDown, CannotStart, TroubleError."""
        there = chirpstack_there.read(self.server, self.wanted, self.at_once)
        return chirpstack_plan.make(self.wanted, there, self.policy)

    def apply(
        self, registered: Callable[[Device], None], flush: Sequence[str] = ()
    ) -> Iterator[Result | str]:
        """Do it. `registered(device)` is called for each that is there as it is wanted, one after the other;
        the numbers of earlier joins are forgotten for the stations in `flush`: their names are given as it is
        done, the result last. OtherEndDown, CannotStart, TroubleError before a device is touched."""
        wanted, writer, result = self.wanted, Writer(self.server, self.policy), Result()
        writer.find_tenant(wanted.tenant, with_gateways=bool(wanted.gateways))
        writer.find_application(wanted.application)
        for profile in each(writer.profile, wanted.profiles, 1):
            result.count(profile.thing.name, profile)
        for gateway in each(writer.gateway, wanted.gateways, self.at_once):
            result.count(gateway.thing.name, gateway)
        ready = [device for device in wanted.devices if device.profile in writer.profile_ids]
        result.not_begun += len(wanted.devices) - len(ready)
        for device in each(writer.device, ready, self.at_once):
            result.count(device.thing.station, device)
            if device.result is not None and device.result.trouble is None:
                registered(device.thing)
                if device.thing.station in flush:
                    writer.flush_nonces(device.thing)
                    yield device.thing.station
        yield result
