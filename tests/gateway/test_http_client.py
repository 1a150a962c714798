"""The shared HTTP client against a real server: what comes back, what is raised, and what never shows."""

import asyncio

import pytest
from aiohttp import web

from luftpegel_gateway.model.faults import OtherEndDown
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS

DEFAULTS = {key: option.default for key, option in HTTP_OPTIONS.items()}


@pytest.fixture
def against():
    """Run `work(client)` against a server that answers with `handler`; extra options as keywords."""

    def run(handler, work, **options):
        async def main():
            app = web.Application()
            app.router.add_route("*", "/{rest:.*}", handler)
            runner = web.AppRunner(app)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            client = HttpClient({**DEFAULTS, "url": f"http://127.0.0.1:{port}/base", **options}, "test")
            try:
                return await work(client)
            finally:
                await client.close()
                await runner.cleanup()

        return asyncio.run(main())

    return run


def answering(status, body=b"", **headers):
    async def handler(_request):
        return web.Response(status=status, body=body, headers=headers)

    return handler


@pytest.mark.parametrize("status", [200, 201, 207, 400, 404, 409, 422])
def test_an_answer_about_what_was_sent_comes_back(against, status):
    answer = against(answering(status, b'{"a": 1}'), lambda client: client.request("POST", "x", json=[1]))
    assert (answer.status, answer.json(), answer.well) == (status, {"a": 1}, status < 300)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "LP-470"), (403, "LP-471"), (429, "LP-472"), (503, "LP-472"), (500, "LP-473"), (302, "LP-474")],
)
def test_an_answer_about_anything_else_is_a_trouble(against, status, code):
    with pytest.raises(OtherEndDown) as down:
        against(answering(status, **{"Retry-After": "7"}), lambda client: client.request("GET", ""))
    assert (down.value.code, down.value.wait_s) == (code, 7)


def test_a_secret_that_the_server_repeats_does_not_show(against):
    handler = answering(403, b"token s3cr3t-of-the-town has no right")
    with pytest.raises(OtherEndDown) as down:
        against(handler, lambda client: client.request("GET", ""), token_file="s3cr3t-of-the-town")
    assert "s3cr3t" not in str(down.value)
    assert "has no right" in str(down.value)
