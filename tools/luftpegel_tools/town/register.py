"""A simulated town in a real ChirpStack: gateways and stations, as those of a roster are."""

import argparse
from pathlib import Path

from luftpegel_gateway.words.messages import language_of
from luftpegel_tools.technician.keys import Key
from luftpegel_tools.technician.ledger import Ledger
from luftpegel_tools.technician.provision import chirpstack_command
from luftpegel_tools.technician.provision.gateway_table import RadioGateway
from luftpegel_tools.technician.provision.job import Job, guarded
from luftpegel_tools.technician.provision.show import Voice
from luftpegel_tools.technician.provision.wanted import Device, Wanted, profile_name, profiles_of
from luftpegel_tools.technician.words import TroubleError
from luftpegel_tools.town.spots import spot_of
from luftpegel_tools.town.station import Identity
from luftpegel_tools.town.town import Wishes, identities

LEDGER = "town.ledger"


def register(args: argparse.Namespace, wishes: Wishes, folder: Path) -> int:
    """Show, ask, write, read back; the exit code. `folder`: of this town's state, for the ledger."""
    asked = argparse.Namespace(**vars(args) | {"provision_verb": "apply"})
    voice = Voice(language_of(None))

    def run() -> int:
        told = wanted(args, wishes)
        stations = {device.station for device in told.devices}
        for name in (*args.flush_nonces, *args.replace_key):
            if name not in stations:
                raise TroubleError("LP-610", file="luftpegel town", got=name)
        return chirpstack_command.run(Job(asked, told, Ledger(folder / LEDGER), voice))

    return guarded(voice, run)


def wanted(args: argparse.Namespace, wishes: Wishes) -> Wanted:
    """What a ChirpStack shall know of this town."""
    region = str(args.region).upper()
    devices = [
        _device(number, identity, region, wishes) for number, identity in enumerate(identities(wishes), 1)
    ]
    gateways = [
        RadioGateway(site.gateway_id, f"Luftpegel {site.gateway_id}", site.latitude, site.longitude, 0.0)
        for site in spot_of(1).sites()
    ]
    return Wanted(args.tenant, args.application, profiles_of(devices), devices, gateways)


def _device(number: int, identity: Identity, region: str, wishes: Wishes) -> Device:
    place = spot_of(number).place(number, wishes.seed, wishes.epoch)
    return Device(
        station=identity.id,
        name=place.name,
        kind=identity.kind,
        dev_eui=identity.dev_eui.hex(),
        join_eui=identity.join_eui.hex(),
        key=Key(identity.app_key),
        region=region,
        interval_s=wishes.interval_s,
        latitude=place.latitude,
        longitude=place.longitude,
        profile=profile_name(identity.kind, region),
    )
