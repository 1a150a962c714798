"""Programs from Debian's packages: mirrors from the machine's sources, the cache, and clear refusals."""

import threading

import pytest

from luftpegel_tools.programs import debian

DEB822 = """Types: deb
URIs: http://mirror.example/debian
Suites: trixie trixie-updates

Types: deb-src
URIs: http://source.example/debian

Types: deb
URIs: http://off.example/debian
Enabled: no

Types: deb
URIs: http://security.example/debian-security
"""


@pytest.fixture
def apt(tmp_path, monkeypatch):
    folder = tmp_path / "apt"
    (folder / "sources.list.d").mkdir(parents=True)
    monkeypatch.setattr(debian, "APT_FOLDER", folder)
    monkeypatch.delenv(debian.MIRROR_VARIABLE, raising=False)
    return folder


def test_mirror_of_new_style_sources(apt):
    (apt / "sources.list.d" / "debian.sources").write_text(DEB822)
    assert list(debian.configured_mirrors(apt)) == [
        "http://mirror.example/debian",
        "http://security.example/debian-security",
    ]
    assert debian.debian_mirror() == "http://mirror.example/debian"


def test_mirror_of_old_style_lists(apt):
    (apt / "sources.list").write_text(
        "# deb http://no.example/debian x\ndeb-src http://s.example/debian x main\n"
    )
    (apt / "sources.list.d" / "more.list").write_text(
        "deb [arch=amd64 signed-by=/k] http://yes.example/debian/ x main\n"
    )
    assert debian.debian_mirror() == "http://yes.example/debian/"


def test_the_variable_goes_first(apt, monkeypatch):
    monkeypatch.setenv(debian.MIRROR_VARIABLE, "http://named.example/debian")
    assert debian.debian_mirror() == "http://named.example/debian"


def test_without_debian_it_says_what_to_do(apt):
    (apt / "sources.list").write_text("deb http://archive.example/ubuntu noble main\n")
    with pytest.raises(debian.MissingProgramError, match=r"LP-380.*LUFTPEGEL_DEBIAN_MIRROR"):
        debian.debian_mirror()


def test_a_program_of_the_system_is_used():
    program = debian.find_program("sh")
    assert program.argv_prefix[0].endswith("/sh")
    assert program.env == {}


def test_a_fetch_that_fails_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(debian.CACHE_VARIABLE, str(tmp_path))

    def fetch(root):
        (root / "half").touch()
        raise debian.MissingProgramError("LP-383", "cut off", "try again")

    with pytest.raises(debian.MissingProgramError):
        debian._cached("thing", fetch)
    assert [path.name for path in (tmp_path / "debian").iterdir()] == [".lock"]


def test_parallel_runs_fetch_once(tmp_path, monkeypatch):
    monkeypatch.setenv(debian.CACHE_VARIABLE, str(tmp_path))
    fetched, together = [], threading.Barrier(4)

    def ask():
        together.wait()
        debian._cached("thing", lambda root: fetched.append((root / "file").touch()))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fetched) == 1
    assert (tmp_path / "debian" / "thing" / "file").exists()


def test_an_unknown_package_names_apts_own_words(tmp_path, monkeypatch):
    monkeypatch.setenv(debian.CACHE_VARIABLE, str(tmp_path))
    monkeypatch.setattr(debian.shutil, "which", lambda *_, **__: None)
    with pytest.raises(debian.MissingProgramError, match=r"LP-382"):
        debian.find_program("no-such-program-at-all")
