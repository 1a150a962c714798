"""A town of so many stations, and a ChirpStack double whose calls can be spoilt."""

import threading

import grpc
from chirpstack_api import api

from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.cli import main
from luftpegel_tools.network_server.chirpstack import ChirpStack, GrpcApi, Key, Settings
from luftpegel_tools.programs.broker import free_port
from luftpegel_tools.technician.keys import Keys, keys_file

ADMIN, TENANT, READER = "key-of-the-server", "key-of-the-tenant", "key-that-reads"
KINDS = ("level", "climate", "air")
STATION_TOML = """station = "X"
board = "heltec_v3"
interval_s = {interval_s}

[[sensors]]
driver = "ds18b20"

[radio]
driver = "wio_e5"
region = "{region}"
"""
GATEWAYS = "gateway_id;name;latitude;longitude;altitude\n0016C001F1500001;Rathaus;50,051;6,301;412\n"


class Spoiler(grpc.ServerInterceptor):
    """Stands before the services: `before` and `after` may fail call number n, before or after it is done."""

    def __init__(self):
        self.calls = []
        self.most_at_once = 0
        self._at_once = 0
        self._lock = threading.Lock()
        self.before = self.after = lambda _number, _name: None

    def intercept_service(self, continuation, call):
        handler, name = continuation(call), "/".join(call.method.split("/")[-2:]).split(".")[-1]
        if handler is None or handler.unary_unary is None:
            return handler

        def answer(request, context):
            with self._lock:
                self.calls.append(name)
                number = len(self.calls)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
            try:
                self._spoil(self.before(number, name), context)
                found = handler.unary_unary(request, context)
                self._spoil(self.after(number, name), context)
                return found
            finally:
                with self._lock:
                    self._at_once -= 1

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )

    @staticmethod
    def _spoil(status, context):
        if status is not None:
            context.abort(*(status if isinstance(status, tuple) else (status, "")))

    def heal(self):
        self.before = self.after = lambda _number, _name: None


class Town:
    """`town.csv` with keys in a folder, and the double."""

    def __init__(self, folder, count=3, *, tls=None, region="EU868", broker_port=None):
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.roster = folder / "town.csv"
        for number, kind in enumerate(KINDS, 1):
            text = STATION_TOML.format(interval_s=number * 300, region=region)
            (folder / f"{kind}.toml").write_text(text)
        lines = ["station,name,kind,station_file,dev_eui,latitude,longitude"]
        for number in range(1, count + 1):
            kind = KINDS[(number - 1) % 3]
            lines.append(f"LP-{number:04},Ort {number},{kind},{kind}.toml,,50.{number:04},6.3")
        self.roster.write_text("\n".join(lines) + "\n")
        assert main(["roster", "fill", str(self.roster)]) == 0
        (folder / "gateways.csv").write_text(GATEWAYS)
        self.server = ChirpStack(
            Settings(epoch_s=1_790_000_000), BrokerAddress("127.0.0.1", broker_port or free_port())
        )
        self.records = self.server.records
        self.spoiler = Spoiler()
        self.grpc = GrpcApi(self.server, ADMIN, interceptors=[self.spoiler], tls=tls)
        self.key = folder / "api-key"
        self.give_key(ADMIN)

    def give_key(self, key):
        self.key.unlink(missing_ok=True)
        self.key.write_text(f"{key}\n")
        self.key.chmod(0o600)

    def tenant_key(self, name="Musterstadt", **tenant):
        """A tenant that is there already, and its own keys."""
        found = self.records.add_tenant(api.Tenant(name=name, can_have_gateways=True, **tenant))
        self.grpc.access.keys[TENANT] = Key(found)
        self.grpc.access.keys[READER] = Key(found, read_only=True)
        return found

    def words(self, verb, *more, tenant="Musterstadt"):
        return [
            "provision", verb, str(self.roster), "--tenant", tenant, "--application", "Pegel",
            "--api-host", "127.0.0.1", "--api-port", str(self.grpc.port), "--api-key", str(self.key),
            "--gateways", str(self.folder / "gateways.csv"), "--lang", "en", *more,
        ]  # fmt: skip

    def plan(self, *more, **words):
        return main(self.words("plan", *more, **words))

    def apply(self, *more, **words):
        return main(self.words("apply", "--yes", *more, **words))

    def keys(self):
        """AppKeys by DevEUI, as hex digits."""
        text = keys_file(self.roster).read_text().splitlines()[1:]
        return dict(line.split(",") for line in text)

    def assert_complete(self, count=3):
        """Everything there, right, and once."""
        records = self.records
        assert [one.name for one in records.tenants.values()].count("Musterstadt") == 1
        (application,) = [one for one in records.applications.values() if one.name == "Pegel"]
        names = sorted(one.name for one in records.profiles.values())
        assert names == sorted({f"Luftpegel {kind} EU868" for kind in KINDS[:count]})
        assert [one.name for one in records.gateways.values()] == ["Rathaus"]
        keys = self.keys()
        assert set(records.devices) == set(keys)
        assert len(keys) == count
        profiles = {one.id: one for one in records.profiles.values()}
        for dev_eui, record in records.devices.items():
            device, profile = record.device, profiles[record.device.device_profile_id]
            assert record.keys.nwk_key == keys[dev_eui]
            assert record.keys.app_key == "0" * 32
            assert device.application_id == application.id
            number = int(device.tags["luftpegel-id"][3:])
            kind = device.tags["luftpegel-kind"]
            assert kind == KINDS[(number - 1) % 3]
            assert device.name == f"Ort {number}"
            assert profile.name == f"Luftpegel {kind} EU868"
            assert profile.uplink_interval == (KINDS.index(kind) + 1) * 300
            assert float(device.variables["latitude"]) == 50 + number / 10_000

    def close(self):
        self.grpc.close()
        self.server.close()


__all__ = ["ADMIN", "READER", "TENANT", "Keys", "Town"]
