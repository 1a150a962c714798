"""A Debian machine of its own: a minimal root, with Debian's systemd in it as the first process.

It has its own mounts, processes and name, and this machine's network, so that a broker here is reached from
there. Making one takes root and the right to mount. Where these lack (`can_boot`), the package is held as far
as it goes without them: test_debian_package.py. An unprivileged user's namespace does not do: its cgroups
belong to others, and one user alone is mapped into it, so that nothing can belong to the gateway's.
"""

import contextlib
import functools
import os
import shutil
import subprocess
import time
from pathlib import Path

from luftpegel_tools.fresh import roots
from luftpegel_tools.programs import debian

PATIENCE_S = 120
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
# Debian's own, for what the package depends on; no network is needed from here on.
INSIDE = (
    "systemd",
    "systemd-sysv",
    "python3",
    "ca-certificates",
    "procps",
    "tzdata",
    "libstdc++6",
    "netbase",
)
RUNNING = {"running", "degraded"}  # degraded: a unit of Debian's that wants a kernel of its own
# Shared, as systemd-nspawn does it: else the mounts of a service's credentials are seen by nobody.
BOOT = """
set -e
cd "$1"
mount --make-rprivate /
mount --bind . .
cd "$1"
mount -t proc proc proc
mount -t sysfs sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=0755 tmpfs dev
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mkdir dev/pts dev/shm
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
pivot_root . mnt
umount -l /mnt
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system
"""
SEPARATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc", "--cgroup")


@functools.cache
def can_boot():
    """Whether we may mount here: the very mounts that a machine needs, tried in namespaces of their own."""
    trial = (
        "mount -t tmpfs none /mnt && mount -t proc none /proc && mkdir /mnt/c && mount -t cgroup2 none /mnt/c"
    )
    order = [*SEPARATE, "sh", "-c", trial]
    return os.geteuid() == 0 and subprocess.run(order, capture_output=True, check=False).returncode == 0


def base_of(release):
    """The root of a Debian release, made once and kept in the cache: never to be changed."""
    program = debian.find_program("mmdebstrap")  # before the cache is locked, where it may have to go itself
    return debian._cached(f"machine-{release}-{len(INSIDE)}", lambda place: _make(program, release, place))


def _make(program, release, place):
    order = [
        *program.argv_prefix,
        "--quiet",
        "--mode=root",
        "--variant=minbase",
        f"--include={','.join(INSIDE)}",
    ]
    order += [f"--aptopt={option}" for option in roots.ways_of_apt(roots.apt_config())]
    suite = roots.RELEASES[release]
    done = subprocess.run(
        [*order, suite, str(place), "-"], input="\n".join(roots.sources_of(suite)) + "\n", text=True,
        env=os.environ | program.env | {"PATH": PATH}, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


class Machine:
    """One copy of a root; `root` is its folder here."""

    def __init__(self, release, folder):
        self.root = folder / f"debian-{release}"
        subprocess.run(["cp", "-a", "--reflink=auto", base_of(release), self.root], check=True)
        (self.root / "etc/hosts").write_text("127.0.0.1 localhost\n")
        (self.root / "etc/machine-id").write_text("")
        (self.root / "etc/dpkg/dpkg.cfg.d/fast").write_text("force-unsafe-io\n")  # a root of minutes
        self.process = self.first = None

    def boot(self):
        """Start systemd, and wait until it has nothing left to start."""
        self.log = (self.root.parent / "boot.log").open("ab")
        order = [*SEPARATE, "sh", "-c", BOOT, "sh", str(self.root)]
        where = {"stdin": subprocess.DEVNULL, "stdout": self.log, "stderr": self.log}
        self.process = subprocess.Popen(order, env={"PATH": PATH}, start_new_session=True, **where)
        self.until(self._first, "no first process")
        self.until(lambda: self.state() in RUNNING, self.state)
        return self

    def _first(self):
        with contextlib.suppress(OSError):
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
            self.first = children.read_text().strip()
        return self.first

    def state(self):
        return self.run("systemctl", "is-system-running").stdout.strip()

    def run(self, *words, **more):
        """What an order of root's does in there."""
        order = [
            "nsenter",
            f"--target={self.first}",
            "--mount",
            "--pid",
            "--uts",
            "--ipc",
            "--cgroup",
            "--root",
            "--wd",
        ]
        environment = {"PATH": PATH, "LANG": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/root"}
        return subprocess.run(
            [*order, *map(str, words)], env=environment, capture_output=True, text=True, check=False,
            stdin=subprocess.DEVNULL, timeout=PATIENCE_S, **more,
        )  # fmt: skip

    def done(self, *words):
        """What it prints; it must end well."""
        told = self.run(*words)
        assert told.returncode == 0, f"{words}\n{told.stdout}\n{told.stderr}\n{self.journal()}"
        return told.stdout

    def journal(self):
        """The last words of everything in it."""
        return self.run("journalctl", "--no-pager", "--lines=30").stdout

    def show(self, what, unit="luftpegel-gateway"):
        """A property of the unit."""
        return self.done("systemctl", "show", "--value", f"--property={what}", unit).strip()

    def until(self, true, what):
        ends = time.monotonic() + PATIENCE_S
        while not (found := true()):
            assert time.monotonic() < ends, what() if callable(what) else what
            time.sleep(0.1)
        return found

    def stop(self):
        """A power cut: everything in it dies with its first process."""
        if self.process:
            if self.first:
                subprocess.run(["kill", "-KILL", self.first], check=False)
            self.process.kill()
            self.process.wait(PATIENCE_S)
            self.log.close()
        self.process = self.first = None

    def end(self):
        """Nothing of it is left."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)
