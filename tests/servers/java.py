"""Java and Maven: the machine's own, or else unpacked from Debian's packages into the cache.

Which repository artifacts come from is Maven's own setting (its built-in one, or the user's settings.xml).
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from luftpegel_tools.programs.debian import cache_folder, libraries_of, unpacked

_OWN = Path(__file__).with_name("frost_server")
_CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
_PASSWORD = "changeit"
_PATIENCE_S = 540  # some 30 MB, from wherever they come


@dataclass(frozen=True)
class Java:
    """How to start `java` (a JDK's: it runs source files) and `mvn`."""

    java: str
    mvn: str
    environment: dict[str, str] = field(default_factory=dict)


def find() -> Java:
    """The machine's, if it has a JDK and Maven. Raises MissingProgramError: packages cannot be had."""
    java, mvn = shutil.which("java"), shutil.which("mvn")
    if java and mvn and shutil.which("javac"):
        return Java(java, mvn)
    root = unpacked("maven-and-jdk", "maven", "default-jdk-headless")
    _lead_into(root)
    home = next(path for path in sorted(root.glob("usr/lib/jvm/java-*")) if (path / "bin/javac").exists())
    found = Java(
        str(home / "bin/java"),
        str(root / "usr/share/maven/bin/mvn"),
        {**libraries_of(root), "JAVA_HOME": str(home)},
    )
    store = root / "trust.p12"
    if not store.exists():
        words = [found.java, str(_OWN / "TrustStore.java"), str(_CERTIFICATES), str(store), _PASSWORD]
        subprocess.run(words, check=True, env=os.environ | found.environment, timeout=_PATIENCE_S)
    trusted = f"-Djavax.net.ssl.trustStore={store} -Djavax.net.ssl.trustStorePassword={_PASSWORD}"
    return Java(found.java, found.mvn, {**found.environment, "MAVEN_OPTS": trusted})


def _lead_into(root: Path):
    """Links of unpacked packages lead to where they would be installed: lead them into the root instead, or,
    where only the machine itself has their goal, there."""
    for link in [path for path in root.rglob("*") if path.is_symlink() and not path.exists()]:
        goal = Path(os.path.normpath(Path("/") / link.parent.relative_to(root) / link.readlink()))
        inside = root / goal.relative_to("/")
        for there in (inside, goal):
            if there.exists() or there.is_symlink():
                link.unlink()
                link.symlink_to(there)
                break


def artifacts(java: Java, pom: Path) -> Path:
    """A folder of the cache with all jars that a POM asks for; fetched by Maven once."""
    target = cache_folder() / "maven" / f"{pom.parent.name}-{pom.stat().st_size}"
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            with tempfile.TemporaryDirectory(dir=target.parent) as work:
                _copy(java, pom, Path(work) / "jars")
                (Path(work) / "jars").rename(target)
    return target


def _copy(java: Java, pom: Path, folder: Path):
    words = [
        java.mvn,
        "-B",
        "-q",
        "-f",
        str(pom),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={folder}",
    ]
    done = subprocess.run(
        words,
        env=os.environ | java.environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert done.returncode == 0, f"Maven: {done.stdout[-3000:]}{done.stderr[-1000:]}"
