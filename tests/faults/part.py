"""What every part under faults offers: a far end (a sink delivers to it) or a near end (a source hears it).

A new sink or source gets all faults by one class that names how its other end is reached, stopped, restarted,
made to refuse and counted, and by a line in `far_ends.FAR_ENDS` or `near_ends.NEAR_ENDS`.
"""

from typing import ClassVar

from tests.faults.http_way import WORDS, HttpWay
from tests.faults.tcp_way import Manner, Way, broken

DELAY_S = 0.3  # of each piece, in each direction
SECRET = "the first secret"


class Part:
    """One other end. `without`: fault -> why that cannot be here; all others happen."""

    kind = ""
    without: ClassVar = {}
    public = False  # for everybody to see: it gets only what nobody doubts

    def settings(self, town):
        """What stands in its [[sink]] or [[source]] beside the kind; files go into `town.folder`."""
        raise NotImplementedError

    def away(self):
        """It cannot be reached, until `back`."""
        raise NotImplementedError

    def back(self):
        raise NotImplementedError

    def restart(self):
        """Its program ends and starts again, on the same data."""
        raise NotImplementedError

    def slow(self):
        """It takes its time, until `calm`."""
        raise NotImplementedError

    def mute(self):
        """It takes everything and says nothing, until `calm`."""

    def cut(self, luck):
        """The way to it breaks by luck, until `calm`."""
        raise NotImplementedError

    def cuts(self):
        """How many connections were broken so."""
        return 0

    def calm(self):
        """Nothing fails any more."""

    def expire(self, town):
        """The secret that the gateway shows (or that is shown to it) holds no more."""
        raise NotImplementedError

    def renew(self, town):
        """The operator has a new secret, and writes it into the file; the gateway is started again then."""
        raise NotImplementedError

    def refusals(self, town):
        """Steps: each has the other end refuse once, in some manner; the town sends, and goes on."""
        raise NotImplementedError

    def close(self):
        """End what runs."""


class Reached(Part):
    """By TCP, through `way`. `bytes_up`, `bytes_down`: within how many its connections are cut."""

    way = None
    bytes_up, bytes_down = 6000, 800

    def lead(self, port):
        self.way = Way(port)

    def away(self):
        self.way.away()

    def back(self):
        self.way.back()

    def slow(self):
        self.way.manner = lambda: Manner(delay_s=DELAY_S)
        self.way.away()  # also connections that stand
        self.way.back()

    def mute(self):
        self.way.silent = True

    def cut(self, luck):
        self.way.ended = 0
        self.way.manner = lambda: broken(luck, self.bytes_up, self.bytes_down)
        self.way.away()
        self.way.back()

    def cuts(self):
        return self.way.ended

    def calm(self):
        self.way.calm()

    def close(self):
        if self.way is not None:
            self.way.close()


class HttpEnd(Reached):
    """By HTTP: gateway, TCP way, HTTP way, server. `words`: what the HTTP way answers in its place."""

    words = WORDS
    http = None

    def lead(self, port):
        self.http = HttpWay(port).start()
        super().lead(self.http.port)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.way.port}"

    def restart(self):
        """Of a double nothing would be lost; its front ends with all connections."""
        self.http.stop()
        self.http.start()

    def login(self, town, secret=SECRET):
        """The option for a bearer token, which the HTTP way wants from now on."""
        self.http.token = secret
        return f'token_file = "{town.secret(self.kind, secret)}"\n'

    def expire(self, town):
        self.http.token = "the second secret"

    def renew(self, town):
        town.secret(self.kind, self.http.token)

    def refusals(self, town):
        for word in self.words:
            self.http.plan.append(word)
            yield

    def refused(self):
        """Whether all that was planned is done."""
        return not self.http.plan

    def close(self):
        super().close()
        if self.http is not None:
            self.http.stop()
