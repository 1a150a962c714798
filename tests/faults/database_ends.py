"""PostgreSQL, InfluxDB and FROST: the real servers."""

from collections import Counter

from tests.faults.far_ends import FarEnd
from tests.faults.part import HttpEnd, Reached


class PostgreSqlEnd(Reached, FarEnd):
    kind = "postgresql"

    def __init__(self, servers):
        self.server = servers.postgresql()
        self.user = "faults"
        self.password = self.server.user_made(self.user)
        self.database = self.server.database_made("faults", self.user)
        self.lead(self.server.port)

    def settings(self, town):
        file = town.secret("postgresql", self.password)
        return (
            f'host = "127.0.0.1"\nport = {self.way.port}\ndatabase = "{self.database}"\n'
            f'username = "{self.user}"\npassword_file = "{file}"\ntimeout_s = 2\n'
        )

    def restart(self):
        self.server.kill()
        self.server.start()

    def _do(self, order):
        self.server.sql(order, self.database)

    def _disconnect(self):
        ours = f"FROM pg_stat_activity WHERE usename = '{self.user}'"
        self._do(f"SELECT count(pg_terminate_backend(pid)) {ours}")

    def expire(self, town):
        self.password += "2"
        self._do(f"ALTER ROLE {self.user} PASSWORD '{self.password}'")
        self._disconnect()

    def renew(self, town):
        town.secret("postgresql", self.password)

    def refusals(self, town):
        """It is read-only; it takes no more connections; it ends ours; it takes our right away."""
        for order, undo in (
            (f"ALTER ROLE {self.user} SET default_transaction_read_only = on",
             f"ALTER ROLE {self.user} RESET default_transaction_read_only"),
            (f"ALTER ROLE {self.user} CONNECTION LIMIT 0", f"ALTER ROLE {self.user} CONNECTION LIMIT -1"),
            ("SELECT 1", "SELECT 1"),
            (f"ALTER ROLE {self.user} NOLOGIN", f"ALTER ROLE {self.user} LOGIN"),
        ):  # fmt: skip
            self._do(order)
            self._disconnect()
            yield
            self._do(undo)
            self._disconnect()

    def held(self, town):
        if self.server.sql("SELECT to_regclass('luftpegel.readings')", self.database) == [("",)]:
            return Counter()
        rows = self.server.sql(
            "SELECT station, seq, CASE channel WHEN 2 THEN 'temperature' ELSE 'humidity' END "
            "FROM luftpegel.readings",
            self.database,
        )
        return Counter((station, int(seq), quantity) for station, seq, quantity in rows)


class InfluxDbEnd(HttpEnd, FarEnd):
    """Version 1, with a login of its own kind: user and password."""

    kind = "influxdb"

    def __init__(self, servers):
        self.server = servers.influxdb()
        self.server.ask("CREATE USER faults WITH PASSWORD 'first'")
        self.server.ask("CREATE DATABASE faults")
        self.server.ask("GRANT WRITE ON faults TO faults")
        self.lead(self.server.port)
        self.password = "first"

    def settings(self, town):
        file = town.secret("influxdb", self.password)
        return (
            f'url = "{self.url}"\ntimeout_s = 2\ndatabase = "faults"\nusername = "faults"\n'
            f'password_file = "{file}"\n'
        )

    def restart(self):
        self.server.kill()
        self.server.start()

    def expire(self, town):
        self.password += "2"
        self.server.ask(f"SET PASSWORD FOR faults = '{self.password}'")

    def renew(self, town):
        town.secret("influxdb", self.password)

    def held(self, town):
        found = Counter()
        for quantity in ("temperature", "humidity"):
            asked = f"SELECT seq, station FROM luftpegel_{quantity} GROUP BY station"
            rows = self.server.rows(asked, "faults")
            found.update((row["station"], row["seq"], quantity) for row in rows)
        return found


class SensorThingsEnd(HttpEnd, FarEnd):
    kind = "sensorthings"

    def __init__(self, servers):
        self.server = servers.frost()
        self.lead(self.server.port)

    def settings(self, town):
        return (
            f'url = "{self.url}/open/v1.1"\ntimeout_s = 5\nscope = "faults {town.number}"\n{self.login(town)}'
        )

    def restart(self):
        self.server.kill()
        self.server.start()

    def held(self, town):
        ours = f"startswith(properties/luftpegel, 'faults {town.number}/')"
        found = Counter()
        for stream in self.server.all("Datastreams", **{"$filter": ours, "$expand": "Observations"}):
            rows = stream["Observations"]
            if "Observations@iot.nextLink" in stream:  # as many as the server shows at once
                rows = self.server.all(f"Datastreams({stream['@iot.id']})/Observations")
            channel = stream["properties"]["channel"]
            found.update((row["parameters"]["station"], row["parameters"]["seq"], channel) for row in rows)
        return found
