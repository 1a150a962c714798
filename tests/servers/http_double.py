"""A server in a thread of its own that fails as it is told to, or by seeded luck. What it is, doubles say.

A fault is a word for one request: a status ("503"), "cut" (the connection ends before anything is done),
"lost" (all is done, and the connection ends before the answer), "slow" (all is done; the answer comes too
late).
"""

import asyncio
import threading

from aiohttp import web

LATE_S = 30


class HttpDouble:
    """Starts on a port of its own, or on one that it had before. `plan`: faults of the next requests;
    `luck()`: the fault of any other request, or nothing."""

    def __init__(self, port=0):
        self.port = port
        self.plan, self.luck = [], lambda: ""
        self.token = None  # the bearer token that it wants
        self.requests = 0
        self.seen = []  # (method, path, headers, body) of each
        self._thread = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def stop(self):
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(20)
            assert not self._thread.is_alive()
            self._thread = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def answer(self, request, body):
        """(status, body as JSON or None, headers); the double's own."""
        raise NotImplementedError

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self):
        self._end = asyncio.Event()
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{rest:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", self.port, reuse_address=True)
        await site.start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()

    async def _handle(self, request):
        body = await request.read()
        self.requests += 1
        self.seen.append((request.method, request.path, dict(request.headers), body))
        fault = self.plan.pop(0) if self.plan else self.luck()
        if fault == "cut":
            request.transport.abort()
            return web.Response()
        if fault.isdigit():
            return web.json_response({"title": "as planned"}, status=int(fault), headers={"Retry-After": "0"})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.json_response({"title": "who are you"}, status=401)
        status, answer, headers = self.answer(request, body)
        if fault == "lost":
            request.transport.abort()
        if fault == "slow":
            await asyncio.sleep(LATE_S)
        if answer is None:
            return web.Response(status=status, headers=headers)
        return web.json_response(answer, status=status, headers=headers)
