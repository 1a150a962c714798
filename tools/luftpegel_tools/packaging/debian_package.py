"""A Debian package of the laid out tree, by dpkg-buildpackage and debhelper: the machine's, or unpacked."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from luftpegel_tools.packaging import papers, sbom, vendor
from luftpegel_tools.programs import debian

PACKAGE = "luftpegel-gateway"
GUIDE = ("install", "upgrade", "backup", "operate", "gateway", "errors", "sources")
_SYSTEMS = "/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"  # before a pyenv's or a venv's Python


@dataclass(frozen=True)
class About:
    """What a package is: Debian's name of the machine's kind, a version, and SOURCE_DATE_EPOCH (Unix s)."""

    architecture: str
    version: str
    seconds: int


def prepare(checkout: Path, about: About, source: Path, work: Path) -> None:
    """Lay out everything that is packed, with Debian's files beside it. PackageError."""
    packaging = checkout / "gateway" / "packaging"
    library = source / "tree/usr/lib/luftpegel"
    moment = papers.moment_of(about.seconds)
    vendor.lay_out(checkout, about.architecture, library / "packages", work)
    _program(packaging / "programs/luftpegel", library / "bin/luftpegel")
    runtime = source / f"tree/usr/share/python3/runtime.d/{PACKAGE}.rtupdate"
    _program(packaging / f"programs/{PACKAGE}.rtupdate", runtime)
    shutil.copytree(packaging / "debian", source / "debian")
    shutil.copy(packaging / f"systemd/{PACKAGE}.service", source / "debian")
    for name in GUIDE:
        (source / "guide").mkdir(exist_ok=True)
        shutil.copyfile(checkout / f"docs/{name}.md", source / f"guide/{name}.md")
    shutil.copytree(checkout / "docs/examples", source / "guide/examples")
    sbom.write(library / "packages", source / "sbom.cdx.json", work, moment.isoformat())
    licence = (checkout / "LICENSE").read_text()
    (source / "debian/copyright").write_text(papers.copyright_of(library / "packages", licence))
    (source / "luftpegel.1").write_text(papers.man_page(about.version, moment))


def pack(source: Path, about: About, to: Path, level: int = 6) -> Path:
    """Pack what `prepare` has laid out. `level`: of xz, 0 to 9. PackageError, MissingProgramError."""
    (source / "debian/changelog").write_text(papers.changelog(about.version, papers.moment_of(about.seconds)))
    environment = {"PATH": _SYSTEMS, "SOURCE_DATE_EPOCH": str(about.seconds), "LC_ALL": "C.UTF-8"}
    environment["LEVEL"] = str(level)
    order = ["dpkg-buildpackage", "--build=binary", "--no-sign", "--no-check-builddeps"]
    order += [f"--host-arch={about.architecture}"] if about.architecture != own_architecture() else []
    vendor.run(order, cwd=source, env=os.environ | environment | _debhelper())
    to.mkdir(parents=True, exist_ok=True)
    made = source.parent / f"{PACKAGE}_{about.version}_{about.architecture}.deb"
    return made if made.parent == to else Path(shutil.copy(made, to))


def own_architecture() -> str:
    """Debian's name of this machine's kind."""
    return vendor.run(["dpkg", "--print-architecture"]).strip()


def _program(source: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
    to.chmod(0o755)


def _debhelper() -> dict[str, str]:
    """The environment in which debhelper is found: nothing where the machine has it."""
    if shutil.which("dh", path=_SYSTEMS) and shutil.which("dpkg-buildpackage", path=_SYSTEMS):
        return {}
    root = debian.unpacked("debhelper", "debhelper", "dpkg-dev", "libdpkg-perl", "make", "perl")
    perl = [root / "usr/share/perl5", *root.glob("usr/share/perl/5*"), *root.glob("usr/lib/*/perl/5*")]
    return debian.libraries_of(root) | {
        "PATH": f"{root}/usr/sbin:{root}/usr/bin:{_SYSTEMS}",
        "PERL5LIB": ":".join(map(str, perl)),
        "DH_DATAFILES": str(root / "usr/share/debhelper"),
    }
