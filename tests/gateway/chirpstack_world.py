"""A network server with its gRPC API, and a gateway's files that name it; a broker only where asked for."""

import json

import grpc
import pytest
from chirpstack_api import api

from luftpegel_tools.backhaul.broker_address import BrokerAddress
from luftpegel_tools.cli import main
from luftpegel_tools.network_server.chirpstack import ChirpStack, GrpcApi, Key, Settings
from luftpegel_tools.programs.broker import free_port

EPOCH = 1_790_000_000
ADMIN, TENANT, READER = "key-admin", "key-tenant", "key-reader"
FOREIGN, REMOVED = "key-foreign", "key-removed"
NO_STATIONS = "# The stations of the town.\n"


class Spoiler(grpc.ServerInterceptor):
    """Stands before the services: counts calls, fails some before or after they were done."""

    def __init__(self):
        self.calls = []
        self.before = lambda _name: None  # -> grpc.StatusCode to answer instead of doing it
        self.after = lambda _name: None  # -> the same, once it is done

    def intercept_service(self, continuation, call):
        handler, name = continuation(call), call.method.rpartition("/")[2]
        self.calls.append(name)
        if handler is None or handler.unary_unary is None:
            return handler

        def answer(request, context):
            if status := self.before(name):
                context.abort(status, "")
            found = handler.unary_unary(request, context)
            if status := self.after(name):
                context.abort(status, "")
            return found

        return grpc.unary_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )


class ApiWorld:
    """One tenant, one application with a device profile, no device yet; another tenant beside it."""

    def __init__(self, folder, broker_port=None, *, port=0, tls=None):
        self.folder = folder
        self.broker_port = broker_port or free_port()
        self.server = ChirpStack(Settings(epoch_s=EPOCH), BrokerAddress("127.0.0.1", self.broker_port))
        records = self.server.records
        self.tenant = records.add_tenant(api.Tenant(name="Musterstadt"))
        other = records.add_tenant(api.Tenant(name="Nachbarstadt"))
        self.application = self.make_application("Pegel")
        self.profile = self.make_profile("Luftpegel", tags={"luftpegel-kind": "level"})
        keys = {
            TENANT: Key(self.tenant),
            READER: Key(self.tenant, read_only=True),
            FOREIGN: Key(other),
            REMOVED: Key(removed=True),
        }
        self.spoiler = Spoiler()
        self.grpc = GrpcApi(
            self.server, ADMIN, keys=keys, interceptors=[self.spoiler], port=port, tls=tls
        )
        folder.mkdir(exist_ok=True)
        self.key_file = folder / "api-key"
        self.config = folder / "gateway.toml"
        self.stations = folder / "stations.toml"
        self.stations.write_text(NO_STATIONS)
        self.give_key(TENANT)
        self.write()

    def give_key(self, key):
        self.key_file.write_text(key + "\n")
        self.key_file.chmod(0o600)

    def write(self, **source):
        """gateway.toml; `source`: keys of the [[source]] that are added or changed, None: left out."""
        keys = {
            "kind": "chirpstack-mqtt",
            "host": "127.0.0.1",
            "port": self.broker_port,
            "api_host": "127.0.0.1",
            "api_port": self.grpc.port,
            "api_key_file": "api-key",
            "api_tenant": self.tenant,
        } | source
        lines = [f"{key} = {json.dumps(value)}" for key, value in keys.items() if value is not None]
        self.config.write_text(
            '[gateway]\ndata = "data"\nstations = "stations.toml"\n\n[[source]]\n'
            + "\n".join(lines)
            + '\n\n[[sink]]\nkind = "store"\n'
        )

    def make_application(self, name, tenant=None):
        return self.server.records.add_application(
            api.Application(name=name, tenant_id=tenant or self.tenant)
        )

    def make_profile(self, name, **fields):
        return self.server.records.add_profile(
            api.DeviceProfile(name=name, tenant_id=self.tenant, region=0, **fields)
        )

    def add(self, dev_eui, name, **fields):
        given = {"application_id": self.application, "device_profile_id": self.profile} | fields
        with self.server.changed:
            self.server.records.add_device(api.Device(dev_eui=dev_eui, name=name, **given))

    def queue(self, dev_eui):
        with self.server.changed:
            return list(self.server.records.device(dev_eui).queue)

    def run(self, capsys, *words):
        """Exit code and what a verb printed."""
        code = main(["gateway", words[0], "--config", str(self.config), "--lang", "en", *words[1:]])
        printed = capsys.readouterr()
        return code, printed.out + printed.err

    def close(self):
        self.grpc.close()
        self.server.close()


@pytest.fixture
def api_world(tmp_path):
    world = ApiWorld(tmp_path / "town-hall")
    yield world
    world.close()
