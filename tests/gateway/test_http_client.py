"""The shared HTTP client against real servers: each state of the connection, made and cleared."""

import asyncio
import contextlib
import socket
import ssl
import threading

import pytest
from aiohttp import web

from luftpegel_gateway.model.faults import CannotStart, OtherEndDown
from luftpegel_gateway.transport import http_options
from luftpegel_gateway.transport.http_client import HttpClient
from luftpegel_gateway.transport.http_options import HTTP_OPTIONS
from luftpegel_tools.programs.broker import free_port

DEFAULTS = {key: option.default for key, option in HTTP_OPTIONS.items()}
SECRET = "s3cr3t-of-the-town"


def options(url, **changes):
    return {**DEFAULTS, "url": url, **changes}


@contextlib.asynccontextmanager
async def served(handler, tls=None, port=0):
    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def answering(status, body=b"", **headers):
    async def handler(_request):
        return web.Response(status=status, body=body, headers=headers)

    return handler


def server_tls(pair, clients=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.file)
    return context


async def code_of(client, **how):
    """The code of the trouble, or the status of the answer."""
    try:
        return (await client.request("GET", "", **how)).status
    except OtherEndDown as down:
        return down.code if SECRET not in str(down) else "told a secret"


async def ask(url, **changes):
    client = HttpClient(options(url, **changes), "test")
    try:
        return await code_of(client)
    finally:
        await client.close()


async def ask_served(handler, tls=None, scheme="http", **changes):
    async with served(handler, tls) as port:
        return await ask(f"{scheme}://127.0.0.1:{port}", **changes)


@contextlib.contextmanager
def handshaking(context):
    """A server that tells by TLS's own alerts what it has against us; asyncio's just goes away."""

    def meet(connection):
        connection.settimeout(30)
        with connection.dup() as spare:  # the other is closed with the handshake
            try:
                with context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(65536)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except OSError:
                while spare.recv(65536):
                    pass  # to close with something unread would take the alert back

    def run():
        with contextlib.suppress(OSError):
            while True:
                with listening.accept()[0] as connection:
                    meet(connection)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"https://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(30)


OK = answering(200, b"{}")


@pytest.fixture
def against():
    """Run `work(client)` against a server that answers with `handler`; extra options as keywords."""

    def run(handler, work, **changes):
        async def main():
            async with served(handler) as port:
                client = HttpClient(options(f"http://127.0.0.1:{port}/base", **changes), "test")
                try:
                    return await work(client)
                finally:
                    await client.close()

        return asyncio.run(main())

    return run


@pytest.mark.parametrize("status", [200, 201, 207, 400, 404, 409, 422])
def test_an_answer_about_what_was_sent_comes_back(against, status):
    answer = against(answering(status, b'{"a": 1}'), lambda client: client.request("POST", "x", json=[1]))
    assert (answer.status, answer.json(), answer.well) == (status, {"a": 1}, status < 300)


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "LP-470"), (403, "LP-471"), (407, "LP-471"), (408, "LP-468"), (429, "LP-472"), (503, "LP-472"),
     (500, "LP-473"), (502, "LP-473"), (302, "LP-474")],
)  # fmt: skip
def test_an_answer_about_anything_else_is_a_trouble(against, status, code):
    with pytest.raises(OtherEndDown) as down:
        against(answering(status, **{"Retry-After": "7"}), lambda client: client.request("GET", ""))
    assert (down.value.code, down.value.wait_s) == (code, 7)


def test_a_status_that_the_caller_judges_comes_back(against):
    answer = against(answering(500, b"x"), lambda client: client.request("GET", "", judges=(500,)))
    assert answer.status == 500


def test_what_is_sent(against):
    seen = []

    async def handler(request):
        seen.append((request.method, request.path_qs, await request.read(), dict(request.headers)))
        return web.Response()

    async def work(client):
        await client.request("POST", "Things", json={"ä": 1}, params={"$filter": "a eq 'b c'"})
        await client.request("PUT", "x", body=b"abc", headers={"Content-Type": "text/plain"})

    against(handler, work, username="üser", password_file="pässword", headers={"Fiware-Service": "town"})
    method, path, body, headers = seen[0]
    assert (method, body, headers["Fiware-Service"]) == ("POST", '{"ä":1}'.encode(), "town")
    assert path.startswith("/base/Things?")
    assert headers["Content-Type"] == "application/json"
    assert headers["Authorization"] == "Basic " + "w7xzZXI6cMOkc3N3b3Jk"
    assert seen[1][3]["Content-Type"] == "text/plain"


def test_a_secret_that_the_server_repeats_does_not_show(against):
    handler = answering(403, f"token {SECRET} has no right".encode())
    with pytest.raises(OtherEndDown) as down:
        against(handler, lambda client: client.request("GET", ""), token_file=SECRET)
    assert SECRET not in str(down.value)
    assert "has no right" in str(down.value)


def test_nor_in_the_words_of_an_answer_that_comes_back(against):
    handler = answering(404, f"no user {SECRET} here".encode())
    answer = against(handler, lambda client: client.request("GET", ""), token_file=SECRET)
    assert "no user *** here" in answer.words()


def test_a_login_page_is_no_answer(against):
    answer = against(answering(200, b"<html>Log in</html>"), lambda client: client.request("GET", ""))
    with pytest.raises(OtherEndDown, match=r"LP-476.*Log in"):
        answer.json()


def test_an_answer_without_end_is_cut(against, monkeypatch):
    monkeypatch.setattr("luftpegel_gateway.transport.http_client.LARGEST_ANSWER", 1000)
    with pytest.raises(OtherEndDown, match="LP-476"):
        against(answering(200, b"x" * 200_000), lambda client: client.request("GET", ""))


def test_a_link_of_the_server_is_followed_on_the_server_only(against):
    async def work(client):
        port = client.address.rsplit(":", 1)[1].split("/")[0]
        there = await client.request("GET", f"http://127.0.0.1:{port}/base/x?%24skip=10")
        with pytest.raises(OtherEndDown, match="LP-474"):
            await client.request("GET", "http://elsewhere.example/x")
        return there.status

    assert against(OK, work) == 200


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), (" 7 ", 7), ("", 0), ("soon", 0), ("-1", 0), ("9" * 30, 1e6),
     ("Thu, 26 Nov 2026 12:00:10 GMT", 10), ("Thu, 26 Nov 2026 11:00:00 GMT", 0), ("Thu, 99 Nov", 0)],
)  # fmt: skip
def test_retry_after(value, seconds):
    from luftpegel_gateway.transport.http_faults import retry_after  # noqa: PLC0415

    assert retry_after(value, now=1_795_694_400.0) == seconds


def test_nobody_knows_the_host():
    assert asyncio.run(ask("http://no-such-host.invalid")) == "LP-460"
    assert asyncio.run(ask(f"http://{'a' * 70}.example")) == "LP-460"


def test_nobody_listens_and_then_somebody_does():
    port = free_port()

    async def main():
        client = HttpClient(options(f"http://127.0.0.1:{port}"), "test")
        found = [await code_of(client)]
        async with served(OK, port=port):
            found.append(await code_of(client))
        found.append(await code_of(client))
        await client.close()
        return found

    assert asyncio.run(main()) == ["LP-461", 200, "LP-461"]


@pytest.mark.parametrize(
    ("code", "wrong"),
    {
        "of an authority that we do not trust": ("LP-462", lambda _own, other: other.issue("b")),
        "self-signed": ("LP-462", lambda own, _other: own.issue("b", self_signed=True)),
        "for another name": ("LP-463", lambda own, _other: own.issue("b", host="elsewhere.example")),
        "expired": ("LP-464", lambda own, _other: own.issue("b", days=(-30, -2))),
        "not valid yet": ("LP-464", lambda own, _other: own.issue("b", days=(2, 30))),
    }.values(),
)
def test_a_wrong_certificate_and_then_a_right_one(authority, stranger, good_pair, code, wrong):
    how = {"scheme": "https", "ca_file": authority.file}
    assert asyncio.run(ask_served(OK, server_tls(wrong(authority, stranger)), **how)) == code
    assert asyncio.run(ask_served(OK, server_tls(good_pair), **how)) == 200


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_our_certificate(authority, stranger, good_pair, newest):
    context = server_tls(good_pair, authority)
    context.maximum_version = newest
    ours, theirs = authority.issue("client", host="client"), stranger.issue("client", host="client")
    with handshaking(context) as url:
        found = [
            asyncio.run(ask(url, ca_file=authority.file, cert_file=certificate, key_file=key))
            for certificate, key in [(None, None), theirs, ours]
        ]
    assert found == ["LP-465", "LP-465", 200]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("<center>No required SSL certificate was sent</center>", "LP-465"),
        ("<center>The SSL certificate error</center>", "LP-465"),
        ("<center>The plain HTTP request was sent to HTTPS port</center>", "LP-466"),
    ],
)
def test_what_nginx_says_of_tls_with_status_400(words, code):
    assert asyncio.run(ask_served(answering(400, words.encode()))) == code


def test_https_where_there_is_no_tls_and_the_reverse(authority, good_pair):
    assert asyncio.run(ask_served(OK, scheme="https", ca_file=authority.file)) == "LP-466"
    assert asyncio.run(ask_served(OK, server_tls(good_pair))) in ("LP-466", "LP-467")


async def raw(say, **changes):
    """What we find where a server reads a request and does `say(reader, writer)`."""

    met = []

    async def meet(reader, writer):
        met.append(asyncio.current_task())
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await reader.readuntil(b"\r\n\r\n")
                await say(writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    async with server:
        found = await ask(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", **changes)
        for task in met:
            task.cancel()
        await asyncio.gather(*met, return_exceptions=True)
        return found


def test_broken_in_the_middle():
    async def half(writer):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        await writer.drain()

    async def nothing(_writer):
        pass

    async def reset(writer):
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    for say in (half, nothing, reset):
        assert asyncio.run(raw(say)) == "LP-467", say


def test_what_speaks_something_else():
    async def ssh(writer):
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        await writer.drain()

    assert asyncio.run(raw(ssh)) in ("LP-466", "LP-467")


def test_too_slow():
    async def slow(_writer):
        await asyncio.sleep(30)

    assert asyncio.run(raw(slow, timeout_s=0.2)) == "LP-468"


class Issuer:
    """An OAuth 2.0 server and the platform behind it, in one."""

    def __init__(self, **answer):
        self.answer, self.status, self.given, self.seen = answer, 200, 0, []

    async def __call__(self, request):
        if request.path == "/token":
            self.form, self.login = await request.post(), request.headers["Authorization"]
            self.given += 1
            told = {"access_token": f"token-{self.given}", "token_type": "Bearer", **self.answer}
            return web.json_response(told, status=self.status)
        self.seen.append(request.headers["Authorization"])
        return web.Response(status=200 if self.seen[-1] == f"Bearer token-{self.given}" else 401)

    async def handle(self, request):
        return await self(request)

    def live(self, work, clock=None):
        async def main():
            async with served(self.handle) as port:
                base = f"http://127.0.0.1:{port}"
                how = {"oauth_url": f"{base}/token", "oauth_client": "gw", "oauth_secret_file": SECRET}
                client = HttpClient(options(base, **how, oauth_scope="write"), "test")
                if clock is not None:
                    client._token._clock = clock
                try:
                    return await work(client)
                finally:
                    await client.close()

        return asyncio.run(main())


def test_a_token_is_fetched_once_and_renewed_before_its_end():
    issuer, now = Issuer(expires_in=100), [0.0]

    async def work(client):
        for now[0] in (0.0, 50.0, 69.0, 71.0, 80.0):
            assert await code_of(client) == 200

    issuer.live(work, lambda: now[0])
    assert issuer.seen == ["Bearer token-1"] * 3 + ["Bearer token-2"] * 2
    assert dict(issuer.form) == {"grant_type": "client_credentials", "scope": "write"}
    assert issuer.login.startswith("Basic ")


def test_a_token_that_was_withdrawn_is_fetched_again():
    issuer = Issuer()

    async def work(client):
        assert await code_of(client) == 200
        issuer.given += 1  # the one that we have is good no more
        return await code_of(client)

    assert issuer.live(work) == 200
    assert issuer.seen[-2:] == ["Bearer token-1", "Bearer token-3"]


@pytest.mark.parametrize(
    ("status", "code"), [(400, "LP-477"), (401, "LP-477"), (403, "LP-477"), (503, "LP-472")]
)
def test_no_token_is_given(status, code):
    issuer = Issuer()

    async def work(client):
        issuer.status = status
        found = [await code_of(client)]
        issuer.status = 200
        return [*found, await code_of(client)]

    assert issuer.live(work) == [code, 200]


def test_a_token_answer_that_is_none():
    issuer = Issuer(access_token=None)
    assert issuer.live(code_of) == "LP-476"


def test_a_proxy(against):
    seen = []

    async def proxy(request):
        seen.append(str(request.url))
        return web.Response()

    async def main():
        async with served(proxy) as port:
            return await ask("http://platform.example/v1.1", proxy=f"http://127.0.0.1:{port}")

    assert asyncio.run(main()) == 200
    assert seen == ["http://platform.example/v1.1"]


def test_the_systems_proxy_settings_are_not_ours(monkeypatch):
    """A service's behaviour stands in its file."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert asyncio.run(ask_served(OK)) == 200


@pytest.mark.parametrize("file", ["ca_file", "cert_file"])
def test_rubbish_for_a_certificate(tmp_path, file):
    rubbish = tmp_path / "rubbish.pem"
    rubbish.write_text("no certificate")
    with pytest.raises(CannotStart, match="LP-405"):
        HttpClient(options("https://a.example", **{file: rubbish}), "test")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"username": "a"}, {("password_file", "LP-305")}),
        ({"password_file": "a"}, {("username", "LP-305")}),
        ({"oauth_url": "https://a.example"}, {("oauth_client", "LP-305"), ("oauth_secret_file", "LP-305")}),
        ({"username": "a", "password_file": "b", "token_file": "c"}, {("token_file", "LP-323")}),
        ({"ca_file": "x"}, {("ca_file", "LP-406")}),
        ({}, set()),
    ],
)
def test_options_beside_each_other(given, expected):
    found = http_options.wrong(options(**{"url": "http://a.example", **given}))
    assert {(key, wrong.code) for key, wrong in found} == expected


def test_a_certificate_beside_https_is_looked_into(authority, tmp_path):
    good = options("https://a.example", ca_file=authority.file)
    assert list(http_options.wrong(good)) == []
    (tmp_path / "rubbish").write_text("no certificate")
    [(key, wrong)] = http_options.wrong(good | {"ca_file": tmp_path / "rubbish"})
    assert (key, wrong.code) == ("ca_file", "LP-339")


def test_a_login_in_clear_over_a_network_is_warned_of():
    clear = options("http://a.example", token_file="t")
    assert list(http_options.warnings(clear)) == [("token_file", "LP-480")]
    assert list(http_options.warnings(options("http://127.0.0.1", token_file="t"))) == []
    assert list(http_options.warnings(options("https://a.example", token_file="t"))) == []


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example", "a.example", "http://", "http://u:p@a.example", "http://a.example/?x=1",
     "http://a.example/#x", "http://a.example:99999", "https://", "http://a.example:x"],
)  # fmt: skip
def test_what_is_no_address(url, tmp_path):
    with pytest.raises(http_options.Wrong) as wrong:
        http_options.url(url, tmp_path)
    assert "u:p" not in str(wrong.value.words)
