"""A way to any HTTP server that answers in its place as it is told to: statuses, torn answers, others' pages.

A word of `plan` is for one request: a status; "cut", before anything is done; "lost", all is done, and the
connection ends before the answer; "torn", in the middle of it; "portal", a login page with status 200, as
from a hotel's network. `token`: the bearer token that is wanted, where the server itself asks for none.
"""

import asyncio
import http.client

from aiohttp import web
from tests.servers.http_double import HttpDouble

PATIENCE_S = 60
WORDS = ("401", "403", "409", "429", "500", "503", "cut", "lost", "torn", "portal")
_OWN = {"connection", "transfer-encoding", "keep-alive", "content-length", "host"}  # of one connection each


class HttpWay(HttpDouble):
    """Leads to the port `behind`. `done`: the words that were carried out."""

    def __init__(self, behind):
        super().__init__()
        self.behind, self.done = behind, []

    async def _handle(self, request):
        body = await request.read()
        self.requests += 1
        word = self.plan.pop(0) if self.plan else ""
        if word:
            self.done.append(word)
        if word == "cut":
            request.transport.abort()
            return web.Response()
        if word.isdigit():
            return web.json_response({"title": "as planned"}, status=int(word), headers={"Retry-After": "0"})
        if word == "portal":
            return web.Response(text="<html>Please log in</html>", content_type="text/html")
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"title": "your token has ended"}, status=401)
        answer = await asyncio.to_thread(self._forward, request, body)
        if word == "lost":
            request.transport.abort()
        if word == "torn":
            await self._tear(request, answer)
        return answer

    async def _tear(self, request, answer):
        """Half of the answer, or of its head where it has no body."""
        half = web.StreamResponse(status=200, headers={"Content-Length": str(len(answer.body or b"") + 9)})
        await half.prepare(request)
        await half.write((answer.body or b"{}")[: len(answer.body or b"{}") // 2])
        request.transport.abort()

    def _forward(self, request, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.behind, timeout=PATIENCE_S)
        try:
            headers = {name: value for name, value in request.headers.items() if name.lower() not in _OWN}
            connection.request(request.method, request.raw_path, body or None, headers)
            answer = connection.getresponse()
            said = answer.read()
        except OSError:
            return web.Response(status=502)
        finally:
            connection.close()
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _OWN}
        return web.Response(status=answer.status, body=said, headers=kept)
