"""The gateway's figures beside its peers': throughput, latency, memory, bytes on disk, a day's backlog.

docs/performance.md tells the method and what each figure means. All processes under test run on one core, one
after another, round by round; broker and load generator run on the other.
"""

import os
import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from luftpegel_tools.figures import Figure
from luftpegel_tools.figures.gateway.line_up import LIMIT, OURS, Contender, peers
from luftpegel_tools.figures.gateway.load import Load, Shape
from luftpegel_tools.figures.gateway.luftpegel import Luftpegel
from luftpegel_tools.figures.gateway.payloads import series
from luftpegel_tools.figures.gateway.processes import cores
from luftpegel_tools.figures.gateway.report import compared, percentile
from luftpegel_tools.figures.gateway.runs import Drained, drain, latencies, started
from luftpegel_tools.figures.gateway.subject import SubjectError

_BUSY = 0.7  # load average before anything was started
LARGE = 51  # readings of the frame that matters most: what a station sends at a good data rate


@dataclass(frozen=True)
class Plan:
    """How much is measured. Times in seconds, rates in messages a second."""

    sizes: tuple[int, ...]
    rounds: int
    stations: int
    frames: int
    rates: tuple[tuple[float, float], ...]  # messages a second, for so many seconds
    day: tuple[int, int]  # stations, frames
    waiting: int  # readings
    patience_s: float


WHOLE = Plan((1, 10, LARGE), 3, 200, 6000, ((5.0, 30.0), (50.0, 20.0)), (2000, 288_000), 1_000_000, 300.0)
QUICK = Plan((LARGE,), 1, 200, 6000, ((50.0, 5.0),), (200, 20_000), 100_000, 90.0)


def measure(plan: Plan) -> Iterator[Figure]:
    """All figures of the plan."""
    for line in surroundings():
        print(f"  ({line})", flush=True)
    contenders = [OURS, *peers(), LIMIT]
    for size in plan.sizes:
        yield from throughput(plan, size, contenders)
    for rate, seconds in plan.rates:
        yield from latency(plan, rate, seconds, contenders[:-1])
    yield from backlog(plan)
    yield from dead_sink(plan)


def surroundings() -> Iterator[str]:
    """What of this machine one should know to read the figures."""
    yield f"{os.cpu_count()} processors, {platform.system()}, Python {platform.python_version()}"
    if cores()[0] == cores()[1]:
        yield "one core only: broker and load generator share it with the process under test"
    busy = os.getloadavg()[0]
    if busy > _BUSY:
        yield f"others compute here, too: load {busy:.1f}; times are stretched, processor time is less so"


@contextmanager
def _told_apart() -> Iterator[None]:
    """A run that fails is told at once and leaves a hole; the others go on."""
    try:
        yield
    except SubjectError as error:
        print(f"  {error}", file=sys.stderr, flush=True)


def load_of(shape: Shape) -> Load:
    """The messages of a shape, as if the last round had just been sent."""
    return Load(shape, series(shape.readings, shape.payloads), int(time.time()))


def throughput(plan: Plan, size: int, contenders: Iterable[Contender]) -> Iterator[Figure]:
    """A queue of frames, emptied by each contender in turn, round by round."""
    contenders = list(contenders)
    shape = Shape(size, plan.stations, plan.frames)
    drained: dict[str, list[Drained]] = {contender.title: [] for contender in contenders}
    disk: list[tuple[int, int]] = []
    for _ in range(plan.rounds):
        for contender in contenders:
            if not contender.missing:
                with _told_apart():
                    drained[contender.title].append(_emptied(contender, shape, plan.patience_s, disk.append))
    name = f"{size} reading{'s' if size > 1 else ''} a frame, 1 new"
    metrics: dict[tuple[str, str], Callable[[Drained], float]] = {
        (f"{name}, throughput", "frames/s"): lambda run: run.rate,
        (f"{name}, processor time", "ms/frame"): lambda run: run.cpu_ms,
        (f"{name}, peak memory", "MiB"): lambda run: run.peak_mib,
    }
    for (told, unit), metric in metrics.items():
        values = {title: [metric(run) for run in found if run.frames] for title, found in drained.items()}
        yield from compared(told, unit, values, contenders)
    yield from _lost(f"{name}, not there after {plan.patience_s:g} s", drained)
    for part, sizes in zip(("journal", "store"), zip(*disk, strict=True), strict=False):
        bytes_a_frame = sorted(sizes)[len(sizes) // 2] / plan.frames
        yield Figure(f"{name}, on disk: {part}", bytes_a_frame, "B/frame", "", None)


def _emptied(
    contender: Contender, shape: Shape, patience_s: float, grown: Callable[[tuple[int, int]], None]
) -> Drained:
    load = load_of(shape)
    with started(contender.make(shape.stations), load) as (subject, publisher):
        subject.settle()
        run = drain(subject, publisher, load, patience_s)
        subject.close()
        if isinstance(subject, Luftpegel):
            grown(subject.grown())
    return run


def _lost(name: str, drained: dict[str, list[Drained]]) -> Iterator[Figure]:
    """Frames that did not arrive, where there were any."""
    for title, found in drained.items():
        lost = sum(run.sent - run.frames for run in found)
        if lost:
            sent = sum(run.sent for run in found)
            yield Figure(f"{name}: {title}", lost, "frames", f"{sent} sent", lost / sent)


def latency(plan: Plan, rate: float, seconds: float, contenders: Iterable[Contender]) -> Iterator[Figure]:
    """From publish to output at an even rate; each message is another station's next one."""
    contenders = list(contenders)
    frames = int(rate * seconds)
    shape = Shape(LARGE, min(frames, plan.stations), frames)
    found: dict[str, list[float]] = {contender.title: [] for contender in contenders}
    for contender in contenders:
        if not contender.missing:
            load = load_of(shape)
            with _told_apart(), started(contender.make(shape.stations), load) as (subject, publisher):
                found[contender.title] = latencies(subject, publisher, load, rate)
    for share in (0.5, 0.99):
        values = {title: [percentile(ms, share)] for title, ms in found.items() if ms}
        name = f"latency at {rate:g} frames/s, p{100 * share:.0f}"
        yield from compared(name, "ms", values, contenders)


def backlog(plan: Plan) -> Iterator[Figure]:
    """A day of a town in the broker's queue: ours, and the time that only writing it down takes."""
    stations, frames = plan.day
    shape = Shape(LARGE, stations, frames)
    seconds: dict[str, list[float]] = {}
    for contender in (OURS, LIMIT):
        run = _emptied(contender, shape, plan.patience_s, lambda _grown: None)
        if run.frames == run.sent:
            seconds[contender.title] = [run.seconds]
        else:
            yield Figure(f"{frames} frames: reached by {contender.title} in {plan.patience_s:g} s",
                         run.frames, "frames", f"{run.sent} sent", run.frames / run.sent)  # fmt: skip
        if contender is OURS:
            name = f"backlog of {frames} frames, peak memory: {OURS.title}"
            yield Figure(name, run.peak_mib, "MiB", "", None)
    yield from compared(f"backlog of {frames} frames, time to empty it", "s", seconds, [OURS, LIMIT])


def dead_sink(plan: Plan) -> Iterator[Figure]:
    """Memory while readings wait for a second sink that cannot be reached; the store beside it works."""
    shape = Shape(LARGE, plan.stations, plan.waiting // LARGE, fresh=LARGE)
    load = load_of(shape)
    make = partial(Luftpegel, stations=shape.stations, dead_sink=True)
    with started(make, load) as (subject, publisher):
        assert isinstance(subject, Luftpegel)
        run = drain(subject, publisher, load, plan.patience_s)
        waiting = subject.waiting()
    yield Figure("readings waiting for a dead sink", waiting, "readings", "", None)
    yield Figure("peak memory with them waiting", run.peak_mib, "MiB", "", None)
