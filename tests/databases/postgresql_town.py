"""A town's database on a real PostgreSQL server, with a user of its own."""

import pytest
from databases_world import deliver, run

from luftpegel_gateway.config.secrets import Secret

KEY = "station, life, seq, channel"
READ = f"SELECT {KEY}, value FROM luftpegel.readings ORDER BY {KEY}"


class Town:
    """A database with its user, and a sink's way to it."""

    def __init__(self, server, number, make_sink, extensions=()):
        self.server, self.user = server, f"gateway{number}"
        self.password = server.user_made(self.user)
        self.database = server.database_made(f"town{number}", self.user, *extensions)
        self.options = {"host": server.host, "port": server.port, "database": self.database,
                        "username": self.user, "password_file": Secret(self.password)}  # fmt: skip
        self._make = make_sink

    def sink(self, name="town", **options):
        return self._make("postgresql", name, **self.options | options)

    def deliver(self, *batches, **options):
        return run(deliver(self.sink(**options), *batches))

    def sql(self, order):
        return self.server.sql(order, self.database)


@pytest.fixture
def town(postgresql, number, make_sink):
    return Town(postgresql, number, make_sink)
