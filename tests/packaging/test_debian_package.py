"""What is in the Debian package, and that it runs, unpacked, with Debian 12's and 13's own Python.

This runs everywhere, also where we are not root and nobody may mount. Where we may, it is installed, too:
test_on_debian_12.py, test_on_debian_13.py.
"""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from luftpegel_gateway.words.messages import CATALOGUE
from luftpegel_tools.fresh.roots import RELEASES
from luftpegel_tools.packaging import vendor
from luftpegel_tools.programs import debian

from .conftest import VERSION, done, packed, run

LIBRARY = "usr/lib/luftpegel"
MOST_MB = 140  # unpacked
WHEN_SWEPT_S = 60


@pytest.fixture(scope="module")
def tree(package, tmp_path_factory):
    place = tmp_path_factory.mktemp("tree")
    done("dpkg-deb", "-x", package, place)
    return place


@pytest.fixture(scope="module")
def scripts(package, tmp_path_factory):
    place = tmp_path_factory.mktemp("control")
    done("dpkg-deb", "-e", package, place)
    return place


@pytest.fixture(scope="module", params=RELEASES)
def python(request):
    """The Python of a Debian release, run by its own loader; no word of this machine's."""
    return debian_python(request.param)


def debian_python(release):
    root = debian._cached(f"python-{RELEASES[release]}", lambda place: _fetch(RELEASES[release], place))
    loader = root / "lib64/ld-linux-x86-64.so.2"
    loader = loader if loader.exists() else root / "usr/lib64/ld-linux-x86-64.so.2"
    libraries = [str(path) for path in root.glob("**/x86_64-linux-gnu") if path.is_dir()]
    (program,) = [path for path in root.glob("usr/bin/python3.*") if re.fullmatch(r"python3\.\d+", path.name)]
    return [str(loader), "--library-path", ":".join(libraries), str(program)], {
        "PYTHONHOME": str(root / "usr")
    }


def _fetch(suite, place):
    work = place.parent
    (work / "sources.list").write_text(
        f"deb [signed-by={debian.KEYRING}] {debian.debian_mirror()} {suite} main\n"
    )
    (work / "status").touch()
    options = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::status": work / "status",
    }
    debian._apt(work, options, "update")
    words = ("--download-only", "--yes", "--no-install-recommends")
    debian._apt(work, options, "install", *words, "python3", "libstdc++6", "tzdata")
    debian._unpack(work, place)


def command(python, tree, *words, **more):
    """The package's own launcher, as the system's Python would run it, with the options of its first line."""
    order, environment = python
    program = tree / LIBRARY / "bin/luftpegel"
    assert program.read_text().startswith("#!/usr/bin/python3 -IS\n")
    # -I would hide PYTHONHOME, which stands in for being installed in /usr.
    return [*order, "-sSP", str(program), *map(str, words)], os.environ | environment | more


def test_it_runs_with_debian_s_own_python(python, tree, site):
    order, environment = command(python, tree, "--version")
    assert done(*order, env=environment) == f"luftpegel {VERSION}\n"
    order, environment = command(
        python, tree, "gateway", "check", "--no-dial", "--config", site / "gateway.toml"
    )
    assert "1 station" in done(*order, env=environment | {"LANG": "C.UTF-8"})


def test_a_gateway_of_it_answers_and_ends(python, tree, site):
    port = int((site / "gateway.toml").read_text().rpartition("= ")[2])
    order, environment = command(python, tree, "gateway", "run", "--config", site / "gateway.toml")
    with subprocess.Popen(order, env=environment, stderr=subprocess.PIPE, text=True) as gateway:
        try:
            assert ready(port, gateway)["troubles"].keys() == {"chirpstack-mqtt"}  # there is no broker
        finally:
            gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(WHEN_SWEPT_S) == 0, gateway.stderr.read()


def ready(port, process):
    ends = time.monotonic() + WHEN_SWEPT_S
    while time.monotonic() < ends and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=10) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                with error:
                    return json.load(error)
        time.sleep(0.05)
    raise AssertionError("/readyz does not answer")


def test_every_compiled_module_is_there_for_both_pythons(tree):
    modules = [path.name for path in (tree / LIBRARY).rglob("*.so")]
    of = {tag: {name.partition(".")[0] for name in modules if tag in name} for tag in ("-311-", "-313-")}
    assert of["-311-"] == of["-313-"] >= {"_core", "_cffi_backend"}
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file()) / 1e6
    print(f"{len(modules)} compiled modules, {size:.0f} MB unpacked")
    assert size < MOST_MB


def test_nothing_is_fetched_or_run_that_is_not_its_own(scripts):
    for name in ("preinst", "postinst", "prerm", "postrm"):
        text = (scripts / name).read_text()
        assert not re.search(r"\b(pip|curl|wget|deluser|userdel|eval)\b", text), name
        done("sh", "-n", scripts / name)
    purge = (scripts / "postrm").read_text()
    assert "rm -rf" in purge
    assert 'rm -rf "${DPKG_ROOT:-}/var' not in purge
    # An upgrade stops the old service before its modules go, and the new one is started.
    assert "deb-systemd-invoke stop" in (scripts / "prerm").read_text()
    assert "deb-systemd-invoke start" in (scripts / "postinst").read_text()


def test_what_it_depends_on_debian_12_and_13_have(package):
    told = done("dpkg-deb", "-f", package, "Depends")
    names = {re.split(r"[ (]", word.strip())[0] for word in re.split(r"[,|]", told)}
    assert names <= {
        "python3", "ca-certificates", "libc6", "libgcc-s1", "procps", "tzdata",
        "systemd", "systemd-sysusers", "systemd-standalone-sysusers", "systemd-standalone-tmpfiles",
    }  # fmt: skip


@pytest.mark.parametrize("release", RELEASES)
def test_apt_of_that_release_would_install_it(release, package, tmp_path):
    """All that it depends on is there, asked of the release's own lists."""
    (tmp_path / "sources.list").write_text(
        f"deb [signed-by={debian.KEYRING}] {debian.debian_mirror()} {RELEASES[release]} main\n"
    )
    (tmp_path / "status").touch()
    options = {
        "Dir::Etc::sourcelist": tmp_path / "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State::status": tmp_path / "status",
    }
    debian._apt(tmp_path, options, "update")
    debian._apt(tmp_path, options, "install", "--simulate", "--yes", "--no-install-recommends", str(package))


def test_the_papers(tree, package):
    papers_of = tree / "usr/share/doc/luftpegel-gateway"
    assert {"copyright", "changelog.gz", "sbom.cdx.json.gz", "install.md"} <= {
        p.name for p in papers_of.iterdir()
    }
    rights = (papers_of / "copyright").read_text()
    for one in vendor.found(tree / LIBRARY / "packages"):
        assert f"the authors of {one.name} {one.version}" in rights or one.name == "luftpegel"


def test_the_sbom_is_valid_and_true(tree):
    text = done("gzip", "-dc", tree / "usr/share/doc/luftpegel-gateway/sbom.cdx.json.gz")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    damaged = text.replace('"type": "library"', '"type": "toaster"')
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(damaged) is not None
    told = {(one["name"], one["version"]) for one in json.loads(text)["components"]}
    assert told == {(one.name, one.version) for one in vendor.found(tree / LIBRARY / "packages")}
    assert ("luftpegel", VERSION) in told
    assert "/tmp/" not in text


def test_the_same_sources_make_the_same_package(laid_out, package, tmp_path):
    shutil.copytree(laid_out, tmp_path / "luftpegel", symlinks=True)
    again = packed(tmp_path / "luftpegel", VERSION, tmp_path / "again")
    assert again.read_bytes() == package.read_bytes()


def test_packages_that_differ_between_pythons_are_told(tmp_path):
    for name, content in (("a", "1"), ("b", "2")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "module.py").write_text(content)
    vendor._merge(tmp_path / "a", tmp_path / "to")
    with pytest.raises(vendor.PackageError, match=r"module\.py"):
        vendor._merge(tmp_path / "b", tmp_path / "to")


def test_a_missing_part_is_told_for_a_package(python, tree):
    program = "import sys; from luftpegel_gateway.words.installing import missing; print(*missing('parquet'))"
    order, environment = python
    told = done(
        *order, "-c", program, env=os.environ | environment | {"PYTHONPATH": str(tree / LIBRARY / "packages")}
    )
    assert told.startswith("LP-540 pyarrow")
    assert "/usr/local/lib/luftpegel" in CATALOGUE["LP-540"].en[1]


def test_lintian_finds_nothing(package):
    program = shutil.which("lintian", path="/usr/bin")
    if program:  # Debian's judge is 100 MB of Perl: asked where somebody has installed it
        told = run(program, "--fail-on=error", "--allow-root", package)
        assert told.returncode == 0, told.stdout


def test_the_manual_says_what_the_command_says(tree):
    page = done("gzip", "-dc", tree / "usr/share/man/man1/luftpegel.1.gz")
    assert page.startswith(".TH LUFTPEGEL 1")
    assert '.SH "LUFTPEGEL GATEWAY RESTORE"' in page
    assert "\\-\\-config" in page
    assert not re.search(r"^[.'](?!TH|SH|nf|fi)", page, re.MULTILINE)
