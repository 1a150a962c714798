"""Work inside a root, as its unprivileged user, with what belongs to the machine and not to the project:
pip's configuration and the certificates.

The work has its own namespaces of mounts and processes: when it ends, by itself or by a signal, no mount and
no process of it is left.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from luftpegel_tools.fresh.roots import HOME, USER, USER_ID

PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
CHECKOUT = "luftpegel"
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The machine's pip.conf and the user's; inside, both are everybody's.
_PIP_FILES = (
    (Path("/etc/pip.conf"), "etc/pip.conf"),
    (Path.home() / ".config/pip/pip.conf", "etc/xdg/pip/pip.conf"),
)
_OF_THE_MACHINE = re.compile(r"PIP_\w+|(https?|no|all)_proxy|SSL_CERT_FILE|REQUESTS_CA_BUNDLE", re.IGNORECASE)

# Within new namespaces, as root: $1 the root, $2 the user's number; the rest is the order. This shell stays:
# as the first process there it buries orphans.
_ENTER = """
set -eu
root=$1 user=$2
shift 2
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts "$root/dev/pts"
printf '%s\\n' "$BOUND" | while read -r path; do
    [ -z "$path" ] || mount --bind "$path" "$root$path"
done
unset BOUND
chroot --userspec="$user:$user" "$root" "$@"
exit $?
"""


def clone(checkout: Path, root: Path, keep: bool) -> None:
    """The checkout's HEAD in the user's home. keep: beside what an earlier run left there."""
    home = root / HOME
    if not keep:
        shutil.rmtree(home, ignore_errors=True)
    place = home / CHECKOUT
    if not place.is_dir():
        place.mkdir(parents=True)
        subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    git = ["git", "-c", f"safe.directory={place}", "-C", str(place)]
    subprocess.run([*git, "fetch", "--quiet", str(checkout), "HEAD"], check=True)
    subprocess.run([*git, "reset", "--quiet", "--hard", "FETCH_HEAD"], check=True)
    subprocess.run(["chown", "-R", str(USER_ID), str(home)], check=True)


def run(root: Path, order: Sequence[str], log: Path) -> int:
    """Run an order in the clone; its output goes to the log. Returns its exit status."""
    same = [path for path in dict.fromkeys(bound(os.environ)) if place_for(path, root)]
    _bring_pip_files(root)
    own = {"HOME": f"/{HOME}", "USER": USER, "LANG": "C.UTF-8", "PATH": PATH}
    environment = own | of_the_machine(os.environ)
    separate = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", _ENTER, "sh"]
    shell = ["env", f"--chdir=/{HOME / CHECKOUT}", *order]
    with log.open("wb") as told:
        return subprocess.run(
            [*separate, str(root), str(USER_ID), *shell],
            env=environment | {"BOUND": "\n".join(map(str, same))},
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            check=False,
        ).returncode


def of_the_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Settings that say how this machine reaches package registries."""
    return {name: value for name, value in environment.items() if _OF_THE_MACHINE.fullmatch(name)}


def bound(environment: Mapping[str, str]) -> Iterator[Path]:
    """What is the same inside: certificates, and the files and folders that the environment names to pip."""
    yield CERTIFICATES
    for value in of_the_machine(environment).values():
        yield from (Path(word) for word in value.split() if word.startswith("/"))


def place_for(path: Path, root: Path) -> bool:
    """Whether the machine has `path`, for which there is now a place in the root."""
    place = root / path.relative_to("/")
    if path.is_dir():
        place.mkdir(parents=True, exist_ok=True)
    elif path.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    return path.exists()


def _bring_pip_files(root: Path) -> None:
    for source, place in _PIP_FILES:
        if source.is_file():
            (root / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, root / place)
