"""A way to the real FROST that fails as it is told: what `HttpDouble` can, and some of what proxies do.

"portal": a login page instead of an answer. "torn": half of an answer. `hold`: the caller of the next
CreateObservations is told 504, and it is carried out when the test says so (`release`), as behind a proxy
less patient than the server.
`refuses`, `breaks`: rows that this server would never take, by their parameters; it says so as FROST does.
"""

import http.client
import json

from aiohttp import web
from tests.servers.http_double import HttpDouble

PATIENCE_S = 60


def never(_parameters):
    return False


class FrostWay(HttpDouble):
    """Its `url` is what goes into the sink's options."""

    def __init__(self, frost, application="open", port=0):
        super().__init__(port)
        self.frost, self.application = frost, application
        self.refuses = self.breaks = never
        self.arrays = True
        self.hold, self.held = False, []

    @property
    def url(self):
        return f"{super().url}/v1.1"

    def asked(self, method, path=""):
        """The requests that came, of one method to paths that end so."""
        return [body for way, where, _, body in self.seen if way == method and where.endswith(path)]

    def release(self):
        """Carry out what was held."""
        for request in self.held:
            self._forward(*request)
        self.held.clear()

    async def _handle(self, request):
        if self.plan[:1] == ["portal"]:
            self.plan.pop(0)
            return web.Response(text="<html>Please log in</html>", content_type="text/html")
        if self.plan[:1] == ["torn"]:
            self.plan.pop(0)
            return await self._tear(request)
        return await super()._handle(request)

    async def _tear(self, request):
        """All is done, and the connection ends in the middle of the answer."""
        status, said, _ = self.answer(request, await request.read())
        whole = json.dumps(said).encode()
        response = web.StreamResponse(status=status, headers={"Content-Length": str(len(whole) + 1)})
        await response.prepare(request)
        await response.write(whole[: len(whole) // 2])
        request.transport.abort()
        return response

    def answer(self, request, body):
        where = request.path.removeprefix("/v1.1").lstrip("/")
        if request.query_string:
            where += "?" + request.raw_path.partition("?")[2]
        asked = request.method, where, body, request.headers.get("Authorization")
        if request.method == "POST" and where == "CreateObservations":
            return self._create(asked)
        if request.method == "POST" and where.endswith("/Observations"):
            parameters = json.loads(body)["parameters"]
            if self.refuses(parameters):
                return 400, {"message": "not this one"}, {}
            if self.breaks(parameters):
                return 500, {"message": "Failed to store data."}, {}
        return self._forward(*asked)

    def _create(self, asked):
        """A data array without what is never taken; the answer has a word for each row."""
        method, where, body, login = asked
        if self.hold:
            self.hold = False
            self.held.append(asked)
            return 504, None, {}
        if not self.arrays:
            return 404, {"message": "Nothing found."}, {}
        groups, refused, place = json.loads(body), [], 0
        for group in groups:
            at = group["components"].index("parameters")
            taken = []
            for row in group["dataArray"]:
                if self.breaks(row[at]):
                    return 500, {"message": "Failed to store data."}, {}
                if self.refuses(row[at]):
                    refused.append(place)
                else:
                    taken.append(row)
                place += 1
            group["dataArray"], group["dataArray@iot.count"] = taken, len(taken)
        status, said, headers = self._forward(method, where, json.dumps(groups).encode(), login)
        for at in refused:
            said.insert(at, "error not this one")
        return status, said, headers

    def _forward(self, method, where, body, login):
        connection = http.client.HTTPConnection("127.0.0.1", self.frost.port, timeout=PATIENCE_S)
        try:
            headers = {"Content-Type": "application/json"} | ({"Authorization": login} if login else {})
            connection.request(method, f"/{self.application}/v1.1/{where}".rstrip("/"), body or None, headers)
            answer = connection.getresponse()
            said = answer.read()
        except OSError:
            return 502, None, {}
        finally:
            connection.close()
        kept = {name: answer.headers[name] for name in ("Location",) if name in answer.headers}
        try:
            return answer.status, json.loads(said) if said else None, kept
        except ValueError:
            return answer.status, {"message": "no JSON"}, kept
