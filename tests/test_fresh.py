"""`make fresh`: what of the machine reaches into a root, and what does not."""

import subprocess
from pathlib import Path

import pytest

from luftpegel_tools.fresh import __main__ as fresh
from luftpegel_tools.fresh import inside, roots
from luftpegel_tools.programs import debian

SOURCES = """Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates

Types: deb
URIs: http://mirror.example/debian-security
"""
CONFIG = """APT::Architecture "amd64";
Acquire::http::Proxy "http://proxy.example:3128";
Acquire::http::Proxy::direct.example "DIRECT";
Acquire::https::CAInfo "/etc/ssl/own.pem";
Acquire::https::Proxy "";
Acquire::Languages "none";
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    (tmp_path / "sources.list.d").mkdir()
    monkeypatch.setattr(debian, "APT_FOLDER", tmp_path)
    monkeypatch.delenv(debian.MIRROR_VARIABLE, raising=False)
    return tmp_path


def test_packages_come_from_the_machines_own_mirror(apt):
    (apt / "sources.list.d" / "debian.sources").write_text(SOURCES)
    lines = [line.split("] ")[1] for line in roots.sources_of("trixie")]
    assert lines == [
        "http://mirror.example/debian trixie main",
        "http://mirror.example/debian trixie-updates main",
        "http://mirror.example/debian-security trixie-security main",
    ]


def test_without_a_security_archive_the_mirror_is_all(apt):
    (apt / "sources.list").write_text("deb http://mirror.example/debian stable main\n")
    assert len(roots.sources_of("bookworm")) == 2


def test_apt_goes_the_machines_way():
    assert roots.ways_of_apt(CONFIG) == [
        'Acquire::http::Proxy "http://proxy.example:3128"',
        'Acquire::http::Proxy::direct.example "DIRECT"',
        'Acquire::https::CAInfo "/etc/ssl/own.pem"',
    ]


def test_pip_s_settings_and_proxies_reach_in_and_nothing_else_does(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    environment = {
        "PIP_FIND_LINKS": f"{wheels} relative",
        "PIP_INDEX_URL": "http://index.example/simple",
        "https_proxy": "http://proxy.example",
        "NO_PROXY": "localhost",
        "PYTHONUNBUFFERED": "1",
        "HOME": "/root",
    }
    reaching = inside.of_the_machine(environment)
    assert set(reaching) == {"PIP_FIND_LINKS", "PIP_INDEX_URL", "https_proxy", "NO_PROXY"}
    assert list(inside.bound(reaching)) == [inside.CERTIFICATES, wheels]
    root = tmp_path / "root"
    assert inside.place_for(wheels, root)
    assert (root / wheels.relative_to("/")).is_dir()
    assert not inside.place_for(tmp_path / "absent", root)


@pytest.fixture
def checkout(tmp_path):
    place = tmp_path / "checkout"
    git = ["git", "-C", str(place), "-c", "user.name=Somebody", "-c", "user.email=some@body.example"]

    def commit(text):
        (place / "file").write_text(text)
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "--quiet", "-m", text], check=True)

    subprocess.run(["git", "init", "--quiet", str(place)], check=True)
    commit("first")
    return place, commit


@pytest.mark.parametrize(("keep", "left"), [(False, []), (True, ["environment"])])
def test_the_clone_is_what_is_committed(checkout, tmp_path, monkeypatch, keep, left):
    monkeypatch.setattr(inside, "USER_ID", (tmp_path / "checkout").stat().st_uid)
    place, commit = checkout
    home = tmp_path / "root" / roots.HOME
    inside.clone(place, tmp_path / "root", keep)
    (home / "environment").touch()
    commit("second")
    (place / "file").write_text("not committed")
    inside.clone(place, tmp_path / "root", keep)
    assert (home / inside.CHECKOUT / "file").read_text() == "second"
    assert sorted(path.name for path in home.iterdir()) == sorted([*left, inside.CHECKOUT])


def test_two_runs_do_not_share_a_root(tmp_path, monkeypatch):
    monkeypatch.setenv(debian.CACHE_VARIABLE, str(tmp_path))
    (roots.folder_of("13") / "root").mkdir(parents=True)
    with (
        roots.root_of("13") as root,
        pytest.raises(roots.FreshError, match="in use"),
        roots.root_of("13"),
    ):
        pass
    assert root.is_dir()
    with roots.root_of("13"):
        pass


def test_the_table_names_what_failed():
    outcomes = [
        fresh.Outcome("12", "demo", 0, 90.0, "all is there", Path("demo.log")),
        fresh.Outcome("13", "test", 2, 30.0, "1 failed", Path("test.log")),
    ]
    told = fresh.table(outcomes).splitlines()[-2:]
    assert told[0].split() == ["12", "demo", "passed", "1.5", "all", "is", "there"]
    assert told[1].split() == ["13", "test", "failed", "(2)", "0.5", "1", "failed"]
