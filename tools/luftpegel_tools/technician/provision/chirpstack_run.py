"""One run at a ChirpStack: plan, or plan and apply."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from luftpegel_gateway.network_server.channel import Api
from luftpegel_tools.technician.provision import chirpstack_plan, chirpstack_there
from luftpegel_tools.technician.provision.bulk import each
from luftpegel_tools.technician.provision.chirpstack_plan import Policy
from luftpegel_tools.technician.provision.chirpstack_write import Writer
from luftpegel_tools.technician.provision.item import Item
from luftpegel_tools.technician.provision.result import Result
from luftpegel_tools.technician.provision.wanted import Device, Wanted


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
        for made in (
            writer.find_tenant(wanted.tenant, with_gateways=bool(wanted.gateways)),
            writer.find_application(wanted.application),
        ):
            result.written, result.kept = result.written + made, result.kept + (not made)
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
