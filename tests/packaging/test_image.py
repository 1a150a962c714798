"""The image's recipe: each of its steps is done in a minimal Debian, and what comes out runs as it says: as
its user, on a root that nobody can write, with its volume; healthy when readings can come in, else not.

`make image` has buildah do the same; here it is done by hand, wherever root may mount.
"""

import json
import os
import re
import shutil
import subprocess
import time

import pytest

from luftpegel_tools.packaging import image
from luftpegel_tools.programs import debian
from luftpegel_tools.programs.broker import Broker, free_port

from .machine import PATH

PATIENCE_S = 60
ENTER = """
set -eu
root=$1; shift
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
[ -z "$SEALED" ] || { mount --bind "$SEALED" "$root/var/lib/luftpegel"; mount -o remount,bind,ro "$root"; }
exec chroot --userspec="$AS" "$root" "$@"
"""
SEPARATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh")
STATION = '[[station]]\nid = "LP-1"\ndev_eui = "70b3d57ed0000001"\nname = "Brücke"\nkind = "level"\n'
ANSWERING = '[gateway]\ndata = "/var/lib/luftpegel"\nstations = "stations.toml"\n[[sink]]\nkind = "store"\n'


def steps():
    """(word, rest) of each instruction; lines that end in a backslash go on."""
    text = re.sub(r"\\\n", " ", image.RECIPE.read_text())
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line and not line.startswith("#")]


def the(word):
    (rest,) = [rest for name, rest in steps() if name == word]
    return rest


def enter(root, order, user="0:0", sealed="", **more):
    environment = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
    environment |= {"AS": user, "SEALED": str(sealed)} | more
    return subprocess.Popen(
        [*SEPARATE, str(root), *order], env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(package, tmp_path_factory):
    """The root after all steps of the recipe."""
    root = tmp_path_factory.mktemp("image") / "root"
    debian.find_program("mmdebstrap")  # before the cache is locked, where it may have to go itself
    base = debian._cached(f"image-{image.SUITE}", lambda place: image.make_base(image.SUITE, place))
    subprocess.run(["cp", "-a", "--reflink=auto", base, root], check=True)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
    for word, rest in steps():
        if word == "COPY":
            (root / "tmp/package").mkdir()
            shutil.copy(package, root / "tmp/package")
        elif word == "RUN":
            with enter(root, ["sh", "-c", rest]) as running:
                told, _ = running.communicate(timeout=300)
            assert running.returncode == 0, told
    yield root
    shutil.rmtree(root, ignore_errors=True)


def test_the_recipe_says_what_a_host_must_know():
    words = [word for word, _ in steps()]
    assert words[:2] == ["ARG", "FROM"]
    assert set(words) <= {
        "ARG", "FROM", "COPY", "RUN", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL",
        "HEALTHCHECK", "ENTRYPOINT", "CMD",
    }  # fmt: skip
    assert the("USER") != "0:0"
    assert the("VOLUME") == the("WORKDIR") == "/var/lib/luftpegel"
    assert "/readyz" in the("HEALTHCHECK")


def test_it_runs_sealed_as_its_user_and_tells_its_health(built, tmp_path):
    broker, page = Broker(tmp_path / "broker"), free_port()
    user, _, group = the("USER").partition(":")
    etc, volume = built / "etc/luftpegel", tmp_path / "volume"
    source = f'[[source]]\nkind = "chirpstack-mqtt"\nhost = "127.0.0.1"\nport = {broker.port}\n'
    (etc / "gateway.toml").write_text(f"{ANSWERING}{source}[page]\nport = {page}\n")
    (etc / "stations.toml").write_text(STATION)
    volume.mkdir()
    os.chown(volume, int(user), int(group))
    order = json.loads(the("ENTRYPOINT")) + json.loads(the("CMD"))
    check = json.loads(the("HEALTHCHECK").partition("CMD ")[2])

    def healthy():
        with enter(built, check, the("USER"), volume, PAGE_PORT=str(page)) as asking:
            asking.communicate(timeout=PATIENCE_S)
        return asking.returncode == 0

    with enter(built, order, the("USER"), volume) as gateway:
        try:
            until(healthy)
            assert {path.stat().st_uid for path in volume.iterdir()} == {int(user)}
            broker.stop()
            until(lambda: not healthy())
            with enter(built, ["touch", "/etc/luftpegel/x"], sealed=volume) as writing:
                assert "Read-only" in writing.communicate()[0]
        finally:
            gateway.kill()
            broker.stop()


def test_a_volume_of_somebody_else_s_is_told(built, tmp_path):
    """A folder of the host's that belongs to root: one cause and one next step, no traceback."""
    (built / "etc/luftpegel/gateway.toml").write_text(
        ANSWERING + '[[source]]\nkind = "chirpstack-mqtt"\nhost = "127.0.0.1"\nport = 1\n'
    )
    (built / "etc/luftpegel/stations.toml").write_text(STATION)
    (tmp_path / "volume").mkdir(mode=0o755)
    order = json.loads(the("ENTRYPOINT")) + json.loads(the("CMD"))
    with enter(built, order, the("USER"), tmp_path / "volume") as gateway:
        told, _ = gateway.communicate(timeout=PATIENCE_S)
    assert gateway.returncode == 1
    assert "LP-412" in told
    assert "Permission denied" in told
    assert "Traceback" not in told


def until(true):
    ends = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < ends
        time.sleep(0.1)
