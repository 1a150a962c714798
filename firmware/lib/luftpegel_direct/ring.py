# What a receiver has heard and the gateway has not acknowledged. It stands in memory: a receiver that loses
# power loses it, and stations send each reading many times.
#
# Bounded: when it is full the oldest leaves and is counted, for the newest frames hold the most history. Each
# frame is told again until it is acknowledged, the oldest first, and only so many at a time: a gateway that
# comes back after an hour is not flooded.

from . import line

MOST = 64  # frames, some 20 KB
AT_ONCE = 8  # frames that may be on their way to the gateway
AGAIN_S, LONGEST_S = 2, 60  # until a frame is told again; twice as long each time


class Ring:
    def __init__(self, receiver, boot, most=MOST):
        # `receiver`: its id, 8 bytes. `boot`: 32 bits, drawn anew at each start.
        self._receiver, self._boot, self._most = receiver, boot, most
        self._number = 0
        self._kept = {}  # number -> [heard at, rssi, snr4, frame, told at or None, wait]
        self.lost = 0

    def __len__(self):
        return len(self._kept)

    def put(self, frame, rssi, snr4, now_s):
        # A frame was heard. `now_s`: whole seconds since the start, as in all methods.
        if len(self._kept) >= self._most:
            del self._kept[min(self._kept)]
            self.lost += 1
        self._kept[self._number] = [now_s, rssi, snr4, bytes(frame), None, AGAIN_S]
        self._number += 1

    def hello(self, now_s):
        # To be told at the start, every ten seconds, and when somebody asks.
        return line.hello(self._receiver, self._boot, now_s, len(self._kept), self.lost)

    def due(self, now_s):
        # The lines to be written now.
        lines = []
        for number in sorted(self._kept)[:AT_ONCE]:
            one = self._kept[number]
            if one[4] is not None and now_s - one[4] < one[5]:
                continue
            if one[4] is not None:
                one[5] = min(2 * one[5], LONGEST_S)
            one[4] = now_s
            lines.append(line.heard(self._boot, number, now_s, now_s - one[0], one[1], one[2], one[3]))
        return lines

    def answer(self, told, now_s):
        # What a line of the gateway (from `line.read`) makes us write.
        if told[0] == line.ASK:
            # It has come anew: what was told to another is told again, at once.
            for one in self._kept.values():
                one[4], one[5] = None, AGAIN_S
            return [self.hello(now_s)]
        if told[0] == line.TAKEN and told[1] == self._boot:
            self._kept.pop(told[2], None)
        return []
