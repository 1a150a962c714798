"""What installs where, and that a gateway needs nothing but its own packages."""

import contextlib
import re
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from luftpegel_gateway.words.installing import PARTS
from luftpegel_tools.cli import NEEDS
from luftpegel_tools.packaging import wheel_sizes

from .conftest import REPOSITORY, done, run

SLACK = 0.25  # of a figure in the page: packages grow, and the page is not edited every week
MOST_MB = {"": 20, "chirpstack": 40, "parquet": 80, "postgresql": 30, "technician": 40, "town": 60, "usb": 20}


@pytest.fixture(scope="module")
def found():
    return wheel_sizes.sizes()  # raises for a package that some platform would have to build


def test_every_part_has_wheels_on_its_platforms_and_is_as_small_as_the_page_says(found):
    print("\n" + wheel_sizes.table(found))
    page = (REPOSITORY / "docs" / "dependencies.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in page.split("\n")]
    head = next(row for row in rows if row[0] == "MB to download")
    told = {
        (row[0], name): float(cell)
        for row in rows
        if row[0].startswith("`luftpegel")
        for name, cell in zip(head[1:], row[1:], strict=True)
        if cell != "-"
    }
    measured = {
        (f"`luftpegel[{part}]`" if part else "`luftpegel`", platform.name): size
        for (part, platform), size in found.items()
    }
    assert told.keys() == measured.keys()
    assert told == {key: pytest.approx(size, rel=SLACK) for key, size in measured.items()}
    assert [key for key, size in found.items() if size > MOST_MB[key[0]]] == []


def test_the_gateway_alone_asks_for_no_other_part_s_packages():
    asked = {re.split(r"[^\w-]", line)[0] for line in wheel_sizes.requirements("")}
    assert asked == {"aiohttp", "cbor2", "cryptography", "msgspec", "paho-mqtt", "zstandard"}


def test_all_is_every_part():
    every = {line for part in wheel_sizes.PROMISED for line in wheel_sizes.requirements(part)}
    assert set(wheel_sizes.requirements("all")) == every
    assert set(PARTS.values()) | set(NEEDS.values()) == set(wheel_sizes.PROMISED) - {""}


def test_a_platform_without_a_wheel_is_named(monkeypatch):
    never = wheel_sizes.Platform("a toaster", ("win_ia64",), "3.13")
    monkeypatch.setattr(wheel_sizes, "PROMISED", {"": (never,)})
    with pytest.raises(wheel_sizes.NoWheelError, match="luftpegel on a toaster"):
        wheel_sizes._resolved(never)


def test_the_wheel_alone_has_a_version_and_judges_files(alone, site):
    assert done(alone / "luftpegel", "--version") == "luftpegel 0.4.0\n"
    words = ("check", "--no-dial", "--lang", "en", "--config", site / "gateway.toml")
    assert "1 station" in done(alone / "luftpegel", "gateway", *words)


@pytest.mark.parametrize(("verb", "part"), NEEDS.items())
@pytest.mark.parametrize(("language", "words"), [("de", "nicht installiert"), ("en", "not installed")])
def test_a_verb_says_which_part_it_needs(alone, verb, part, language, words):
    told = run(alone / "luftpegel", verb, "--help", env={"LANG": language})
    assert told.returncode == 3
    assert "LP-399" in told.stderr
    assert words in told.stderr
    assert f'pip install "luftpegel[{part}] @ file://$PWD"' in told.stderr


def test_a_frame_in_protobuf_waits_for_the_part_that_reads_it(alone):
    program = (
        "from luftpegel_gateway.sources.chirpstack_events import parse\n"
        "from luftpegel_gateway.model.faults import Refused\n"
        "try: parse('application/a/device/70b3d57ed0000001/event/up', bytes([10, 1, 65]))\n"
        "except Refused as refusal: print(refusal)\n"
    )
    assert done(alone / "python", "-c", program) == "LP-399 luftpegel[chirpstack]\n"


def test_a_gateway_alone_starts_and_loads_nothing_of_the_tools_but_the_command(alone, site):
    port = int((site / "gateway.toml").read_text().rpartition("= ")[2])
    program = (
        "import atexit, sys\n"
        "from luftpegel_tools.cli import main\n"
        "atexit.register(lambda: print(*sorted(m for m in sys.modules if m.startswith('luftpegel_tools'))))\n"
        f"sys.exit(main(['gateway', 'run', '--config', {str(site / 'gateway.toml')!r}]))\n"
    )
    with subprocess.Popen(
        [alone / "python", "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as gateway:
        try:
            answer = _ready(port, gateway)
        finally:
            gateway.send_signal(signal.SIGTERM)
        told, logged = gateway.communicate(timeout=30)
    assert gateway.returncode == 0, logged
    assert told.split() == ["luftpegel_tools", "luftpegel_tools.cli"]
    assert answer


def _ready(port, process):
    """What /readyz says. The broker is not there, so it may answer 503: it answers."""
    ends = time.monotonic() + 60
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.read()
        time.sleep(0.05)
    raise AssertionError("/readyz does not answer")
