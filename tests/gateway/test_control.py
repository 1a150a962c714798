"""Requests to the running gateway: through a real socket, with everything that such a socket can suffer."""

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luftpegel_gateway.control import asking, server
from luftpegel_gateway.control.address import LONGEST, NAME
from luftpegel_gateway.control.asking import doer
from luftpegel_gateway.control.client import NobodyListens, connected
from luftpegel_gateway.control.handlers import LONGEST_DETAIL, handle, handlers
from luftpegel_gateway.control.lock import locked
from luftpegel_gateway.control.protocol import (
    ANSWER_LINE,
    LARGEST_LINE,
    MOST_IDS,
    Answer,
    BadLine,
    Conditions,
    Discard,
    Outcome,
    Reload,
    Replay,
    Told,
    line_of,
    parse_answer,
    parse_request,
)
from luftpegel_gateway.model.faults import CannotStart, Fault, JournalDown

PATIENCE_S = 30


class Log:
    """The journal's writing side, as far as requests need it."""

    def __init__(self):
        self.entries = {1: None, 2: Fault("LP-320", "device x"), 3: Fault("LP-200", "x" * 10_000)}
        self.calls = []
        self.fails = None

    async def call(self, work):
        if self.fails:
            raise self.fails
        return work(self)

    def replay(self, number, decide, now):
        self.calls.append((number, decide, now))
        return self.entries[number]

    def discard(self, numbers):
        return sum(self.entries.pop(number, "") != "" for number in numbers)


class Gateway:
    """A running gateway's control room: a thread with an event loop, in a folder."""

    def __init__(self, folder):
        self.folder, self.log = folder, Log()
        self.woken, self.stations, self.wrong = 0, 7, ()
        self.handlers = handlers(
            self.log, None, self.reread, self.wake, conditions=lambda: self.wrong, clock=lambda: 5
        )
        self.ready, self.loop = threading.Event(), asyncio.new_event_loop()
        self.thread = threading.Thread(target=self._run)

    def reread(self):
        if self.stations is None:
            raise CannotStart("LP-302", "stations.toml")
        return self.stations

    def wake(self):
        self.woken += 1

    async def _serve(self):
        self.end = asyncio.Event()
        with locked(self.folder):
            async with server.serving(self.folder, self.handlers):
                self.ready.set()
                await self.end.wait()

    def _run(self):
        with contextlib.closing(self.loop):
            self.loop.run_until_complete(self._serve())

    def __enter__(self):
        self.thread.start()
        assert self.ready.wait(PATIENCE_S)
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.end.set)
        self.thread.join(PATIENCE_S)
        assert not self.thread.is_alive()


@pytest.fixture
def folder(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    return data


@pytest.fixture
def gateway(folder):
    with Gateway(folder) as running:
        yield running


def nobody():
    raise AssertionError("the gateway runs: nobody may open its journal")


def test_requests_and_answers(gateway):
    gateway.wrong = [Told("town", "LP-420", "refused", 1.5, 2.5)]
    with doer(gateway.folder, nobody) as running:
        answer = running.ask(Replay([1, 2, 99]))
        assert answer.outcomes == (
            Outcome(1), Outcome(2, "LP-320", "device x"), Outcome(99, "LP-330", "99")
        )  # fmt: skip
        assert running.ask(Reload()).stations == 7
        assert running.ask(Conditions()).conditions == tuple(gateway.wrong)
        assert running.ask(Discard([1, 2, 99])).discarded == 2
    assert gateway.woken == 1
    assert gateway.log.calls[0] == (1, None, 5)


def test_a_long_detail_cannot_make_an_answer_too_long(gateway):
    with doer(gateway.folder, nobody) as running:
        answer = running.ask(Replay([3] * MOST_IDS))
    assert {len(outcome.detail) for outcome in answer.outcomes} == {LONGEST_DETAIL}
    longest = Answer(tuple(Outcome(2**63 - 1, "LP-200", "\x00" * LONGEST_DETAIL) for _ in range(MOST_IDS)))
    assert len(line_of(longest)) <= ANSWER_LINE
    assert len(line_of(Replay([2**63 - 1] * MOST_IDS))) <= LARGEST_LINE


@pytest.mark.parametrize("fails", [JournalDown("LP-410", "disk full"), CannotStart("LP-302", "line 3")])
def test_what_keeps_it_from_being_done_is_an_answer(gateway, fails):
    gateway.log.fails = fails
    with doer(gateway.folder, nobody) as running:
        for request in (Replay([1]), Discard([1])):
            with pytest.raises(CannotStart, match=fails.code):
                running.ask(request)
        gateway.log.fails = None
        assert running.ask(Replay([1])).outcomes == (Outcome(1),)


def test_a_wrong_file_is_told_and_the_gateway_goes_on(gateway):
    gateway.stations = None
    with doer(gateway.folder, nobody) as running, pytest.raises(CannotStart, match="LP-302"):
        running.ask(Reload())


def test_a_mistake_of_ours_takes_nothing_down(gateway):
    gateway.log.fails = ZeroDivisionError("secret")
    with doer(gateway.folder, nobody) as running:
        with pytest.raises(CannotStart) as told:
            running.ask(Replay([1]))
        assert (told.value.code, told.value.detail) == ("LP-332", "the gateway failed: ZeroDivisionError")
        assert running.ask(Reload()).stations == 7


def test_only_its_user_may_ask(gateway):
    assert stat.S_IMODE((gateway.folder / NAME).stat().st_mode) == 0o600


def test_another_user_is_told_so(gateway):
    place = gateway.folder / NAME
    stranger = 65534 if os.geteuid() == 0 else None
    place.chmod(0)
    if stranger:
        os.seteuid(stranger)
    try:
        with pytest.raises(CannotStart, match=f"LP-332 {place}"), doer(gateway.folder, nobody):
            pass
    finally:
        if stranger:
            os.seteuid(0)


@pytest.mark.parametrize("more", [-1, 0, 1, 100])
def test_a_folder_whose_name_is_long(tmp_path, more):
    room = LONGEST + more - len(os.fsencode(tmp_path / NAME)) - 1
    data = tmp_path / ("d" * room)
    data.mkdir()
    assert len(os.fsencode(data / NAME)) == LONGEST + more
    with Gateway(data), doer(data, nobody) as running:
        assert running.ask(Reload()).stations == 7
    assert not (data / NAME).exists()


KILLED = """
import asyncio, sys
from pathlib import Path
from luftpegel_gateway.control.server import serving
from luftpegel_gateway.control.lock import locked
async def run(folder):
    with locked(folder):
        async with serving(folder, {}):
            print("listening", flush=True)
            await asyncio.sleep(600)
asyncio.run(run(Path(sys.argv[1])))
"""


@pytest.fixture
def after_kill(folder):
    """A folder whose gateway was killed: its socket is still there, its lock is not."""
    process = subprocess.Popen([sys.executable, "-c", KILLED, str(folder)], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"listening\n"
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE_S)
    process.stdout.close()
    assert (folder / NAME).is_socket()
    return folder


def test_after_a_kill_the_next_gateway_listens(after_kill):
    with Gateway(after_kill), doer(after_kill, nobody) as running:
        assert running.ask(Reload()).stations == 7


class Alone:
    """This process does it itself; notes whether it holds the lock meanwhile."""

    def __init__(self, folder):
        self.folder, self.log, self.open = folder, Log(), 0

    @contextlib.contextmanager
    def __call__(self):
        self.open += 1
        with pytest.raises(CannotStart, match="LP-412"), locked(self.folder):
            pass
        yield handlers(self.log, None, lambda: 3, lambda: None)
        self.open -= 1


def test_after_a_kill_a_command_does_it_alone(after_kill):
    alone = Alone(after_kill)
    with doer(after_kill, alone) as this:
        assert this.ask(Replay([1, 2])).outcomes == (Outcome(1), Outcome(2, "LP-320", "device x"))
        assert alone.open == 1
        alone.log.fails = JournalDown("LP-410", "disk full")
        with pytest.raises(CannotStart, match="LP-410"):
            this.ask(Discard([1]))
    assert alone.open == 0
    with locked(after_kill):
        pass


def test_before_the_first_start_a_command_does_it_alone(tmp_path):
    alone = Alone(tmp_path / "new")
    with doer(tmp_path / "new", alone) as this:
        assert this.ask(Reload()).stations == 3


def test_a_gateway_that_starts_is_waited_for(folder, monkeypatch):
    """The lock is held, and nobody listens yet: it is not this process's turn."""
    running = Gateway(folder)
    with contextlib.ExitStack() as stack:
        hold = stack.enter_context(contextlib.ExitStack())
        hold.enter_context(locked(folder))

        def start(_seconds):
            hold.close()
            stack.enter_context(running)

        monkeypatch.setattr(asking.time, "sleep", start)
        with doer(folder, nobody) as found:
            assert found.ask(Reload()).stations == 7


def test_a_gateway_that_never_listens(folder):
    with (
        locked(folder),
        pytest.raises(CannotStart, match="LP-332 a gateway holds"),
        doer(folder, nobody, starting_s=0),
    ):
        pass


def test_nobody_listens(folder):
    with pytest.raises(NobodyListens), connected(folder):
        pass


@contextlib.contextmanager
def listener(folder, answer):
    """Something that takes one request, and answers these bytes (None: never)."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(folder / NAME))
        listening.listen()
        asked = threading.Event()

        def run():
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                if answer is None:
                    asked.wait(PATIENCE_S)
                else:
                    connection.sendall(answer)

        thread = threading.Thread(target=run)
        thread.start()
        yield
        asked.set()
        thread.join(PATIENCE_S)


@pytest.mark.parametrize(
    ("answer", "told"),
    [(None, "no answer in 0 s"), (b"", "it ended"), (b"{}", "it ended"), (b"hello\n", "malformed"),
     (b'{"outcomes": 5}\n', "Expected `array`"), (b"[" * 100_000 + b"\n", "Expected `object`")],
)  # fmt: skip
def test_an_answer_that_is_none(folder, answer, told):
    with (
        listener(folder, answer),
        connected(folder, patience_s=0.2) as client,
        pytest.raises(CannotStart, match=f"LP-332.*{told}"),
    ):
        client.ask(Reload())


def test_a_file_of_somebody_else_is_not_replaced(folder):
    (folder / NAME).write_text("mine")

    async def serve():
        async with server.serving(folder, {}):
            pass

    with pytest.raises(FileExistsError):
        asyncio.run(serve())
    assert [file.name for file in folder.iterdir()] == [NAME]
    assert (folder / NAME).read_text() == "mine"


def test_another_gateways_socket_is_not_removed(folder):
    with Gateway(folder):
        (folder / NAME).unlink()
        (folder / NAME).write_text("of the next one")
    assert (folder / NAME).exists()


@pytest.fixture
def raw(gateway):
    """Sends raw lines, and returns the lines that come back until the other side ends it."""

    def send(data, *, then_end=True):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE_S)
            connection.connect(str(gateway.folder / NAME))
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.sendall(data)
            if then_end:
                connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as file, contextlib.suppress(ConnectionResetError):
                return file.readlines()
        return []

    return send


def test_garbage_is_answered_and_the_next_request_is_done(raw):
    lines = [b"\xff\x00", b"{}", b"null", b'{"verb": "format"}', b'{"verb": "replay", "ids": [true]}']
    lines.append(b"[" * 5000)
    *answers, last = raw(b"\n".join(lines) + b"\n" + line_of(Reload()))
    assert [parse_answer(answer).error.code for answer in answers] == ["LP-332"] * len(lines)
    assert parse_answer(last).stations == 7


def test_a_line_without_end_ends_the_connection_only(raw):
    assert raw(b"x" * (3 * LARGEST_LINE), then_end=False) == []
    assert raw(line_of(Reload())) == [line_of(Answer(stations=7))]


def test_more_connections_than_allowed_wait_for_their_turn(gateway):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(gateway.folder)) for _ in range(server.MOST_CONNECTIONS)]
        assert [client.ask(Reload()).stations for client in clients] == [7] * len(clients)
        with connected(gateway.folder, patience_s=0.2) as late, pytest.raises(CannotStart, match="no answer"):
            late.ask(Reload())
        assert clients[0].ask(Reload()).stations == 7
    with connected(gateway.folder) as client:
        assert client.ask(Reload()).stations == 7


def test_no_descriptor_left(folder, monkeypatch, caplog):
    """Accepting fails, is tried again, and does not turn in a circle meanwhile."""
    monkeypatch.setattr(server, "RETRY_S", 0.05)
    accept, tries = socket.socket.accept, []

    def fail_twice(listening):
        tries.append(listening)
        if len(tries) <= 2:
            raise OSError(24, "Too many open files")
        return accept(listening)

    monkeypatch.setattr(socket.socket, "accept", fail_twice)
    with Gateway(folder), connected(folder) as client:
        assert client.ask(Reload()).stations == 7
    assert (len(tries), caplog.text.count("Too many open files")) == (3, 2)


def test_a_connection_that_says_nothing_is_ended(folder, monkeypatch):
    monkeypatch.setattr(server, "IDLE_S", 0.05)
    with Gateway(folder), connected(folder) as client:
        assert client._file.readline() == b""


def test_ending_the_gateway_ends_its_connections(folder):
    with contextlib.ExitStack() as stack:
        with Gateway(folder):
            client = stack.enter_context(connected(folder))
        with pytest.raises(CannotStart, match="LP-332"):
            client.ask(Reload())


SOUND = st.one_of(
    st.builds(Replay, st.lists(st.integers(0, 2**63 - 1), max_size=20)),
    st.builds(Discard, st.lists(st.integers(0, 2**63 - 1), max_size=20)),
    st.builds(Reload),
    st.builds(Conditions),
)


@settings(deadline=None)  # a busy machine is no fault
@given(SOUND)
def test_what_is_written_is_read(request):
    assert parse_request(line_of(request)) == request


@settings(deadline=None)
@given(st.one_of(st.binary(), SOUND.map(line_of)), st.data())
def test_any_bytes_are_a_request_or_a_bad_line(line, data):
    """Among them sound requests with some bytes changed, cut or doubled."""
    if line:
        place = data.draw(st.integers(0, len(line) - 1))
        line = line[:place] + data.draw(st.binary(max_size=3)) + line[place + data.draw(st.integers(0, 3)) :]
    with contextlib.suppress(BadLine):
        request = parse_request(line)
        assert all(0 <= number < 2**63 for number in getattr(request, "ids", ()))
    with contextlib.suppress(BadLine):
        assert isinstance(parse_answer(line), Answer)


@pytest.mark.parametrize(
    "line",
    [b'{"verb": "replay"}', b'{"verb": "replay", "ids": [-1]}', b'{"verb": "replay", "ids": [%d]}' % (2**63),
     b'{"verb": "discard", "ids": ["1"]}', b'{"verb": "discard", "ids": [1.5]}', b'{"verb": ["replay"]}',
     b'{"verb": "replay", "ids": [' + b"1," * MOST_IDS + b"1]}", b"[" * 1_000_000],
)  # fmt: skip
def test_what_is_no_request(line):
    with pytest.raises(BadLine):
        parse_request(line)


def test_workers_are_woken_even_when_a_replay_fails():
    log, woken = Log(), []
    by_type = handlers(log, None, int, lambda: woken.append(1))
    log.fails = JournalDown("LP-410", "disk full")
    assert asyncio.run(handle(Replay([1]), by_type)).error == Fault("LP-410", "disk full")
    assert woken == [1]
