"""`make image`: gateway/packaging/Containerfile as an archive in build/, without a Docker engine.

The base is a minimal Debian that mmdebstrap makes from the machine's own package sources; buildah, in a
chroot and with plain folders for layers, does the rest. Only root can do either. Podman and Docker load it.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from luftpegel_tools.fresh import roots
from luftpegel_tools.packaging.vendor import PackageError, run
from luftpegel_tools.programs import debian

CHECKOUT = Path(__file__).resolve().parents[3]
RECIPE = CHECKOUT / "gateway/packaging/Containerfile"
NAME, BASE = "luftpegel-gateway", "localhost/luftpegel-base"
SUITE = "trixie"
_PATH = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


def main(argv: list[str] | None = None) -> int:
    """Build it from the package in build/, which `make package` has made."""
    parser = argparse.ArgumentParser(prog="make image", description="The package as an OCI image.")
    parser.add_argument("--from", dest="context", type=Path, default=CHECKOUT / "build", metavar="DIR")
    asked = parser.parse_args(argv)
    try:
        if os.geteuid():
            raise PackageError("only root may make a root and enter it. Next: sudo make image")
        print(build(asked.context))
    except (PackageError, debian.MissingProgramError) as error:
        print(error, file=sys.stderr)
        return 3
    return 0


def build(context: Path) -> Path:
    """The archive, made from the package in the folder `context`. PackageError, MissingProgramError."""
    made = context / f"{NAME}.image.tar"
    made.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as work:
        buildah = _Buildah(Path(work))
        base = Path(work) / "base.tar"
        make_base(SUITE, base)
        scratch = buildah("from", "scratch")
        buildah("add", "--quiet", scratch, str(base), "/")
        buildah("commit", "--quiet", "--rm", scratch, BASE)
        words = ("--format=docker", f"--build-arg=BASE={BASE}", f"--file={RECIPE}", f"--tag={NAME}")
        buildah("build", *words, "--pull-never", str(context))
        buildah("push", "--quiet", NAME, f"docker-archive:{made}:{NAME}:latest")
    return made


def make_base(suite: str, to: Path) -> None:
    """A minimal Debian, as a folder or, where `to` ends so, as a tar. PackageError, MissingProgramError."""
    program = debian.find_program("mmdebstrap")
    order = [*program.argv_prefix, "--quiet", "--mode=root", "--variant=minbase", "--include=ca-certificates"]
    order += [f"--aptopt={option}" for option in roots.ways_of_apt(roots.apt_config())]
    sources = "\n".join(roots.sources_of(suite)) + "\n"
    run([*order, suite, str(to), "-"], input=sources, env=os.environ | program.env | {"PATH": _PATH})


class _Buildah:
    """buildah with a store of its own, which goes with the work folder."""

    def __init__(self, work: Path) -> None:
        # It starts itself anew, without the libraries of an unpacked package: it must be installed.
        if not shutil.which("buildah", path=_PATH):
            raise debian.MissingProgramError("LP-541", "buildah is not installed", "sudo apt install buildah")
        (work / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self._work = work

    def __call__(self, verb: str, *words: str) -> str:
        own = {"STORAGE_DRIVER": "vfs", "BUILDAH_ISOLATION": "chroot", "PATH": _PATH}
        place = [f"--root={self._work}/store", f"--runroot={self._work}/run"]
        policy = (
            [f"--signature-policy={self._work}/policy.json"] if verb in {"from", "commit", "push"} else []
        )
        order = ["buildah", *place, verb, *policy, *words]
        return run(order, env=os.environ | own).strip()


if __name__ == "__main__":
    sys.exit(main())
