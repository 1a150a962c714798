"""What an operator types: names of stations, secrets not needed, and looking that changes nothing."""

import json
import re

import pytest

from luftpegel_gateway.config.files import BadConfig, load
from luftpegel_gateway.config.secrets import HERE, LEFT, Unread
from luftpegel_gateway.control.protocol import LARGEST_LINE, MOST_STATIONS, OfferAgain, line_of
from luftpegel_gateway.directory.naming import meant, named
from luftpegel_gateway.model.faults import CannotStart
from luftpegel_gateway.model.station import Station
from luftpegel_tools.cli import main

GATEWAY = """\
[gateway]
data = "data"
stations = "stations.toml"
[[source]]
kind = "chirpstack-mqtt"
host = "127.0.0.1"
port = 1
[[sink]]
kind = "store"
"""
STATION = '[[station]]\nid = "{}"\ndev_eui = "70b3d57ed000{:04d}"\nname = "x"\nkind = "level"\n'


@pytest.fixture
def call(capfdbinary):
    """`luftpegel ...`: exit code, what it printed, what it said on stderr."""

    def run(folder, *words, lang="en"):
        verb = [*words, "--config", str(folder / "gateway.toml"), "--lang", lang]
        try:
            code = main(verb)
        except SystemExit as ended:
            code = ended.code
        told = capfdbinary.readouterr()
        return code, told.out.decode(), told.err.decode()

    return run


@pytest.fixture
def place(tmp_path):
    """Both files, of a gateway that never ran."""
    (tmp_path / "gateway.toml").write_text(GATEWAY)
    (tmp_path / "stations.toml").write_text(STATION.format("LP-0001", 1) + STATION.format("LP-0002", 2))
    return tmp_path


@pytest.fixture
def renamed(site, server, station, until, call):
    """A gateway at work: LP-0001 has sent, and is LP-0101 since then."""
    site.started()
    for seq in range(3):
        server.publish(station.topic(), station.uplink(seq))
    site.wait_for(range(3))
    assert call(site.folder, "gateway", "station", "rename", "LP-0001", "LP-0101")[0] == 0
    return site


NAMES = ("LP-0101", "LP-0001")


def test_a_renamed_station_answers_to_both_names_and_shows_the_new_one(renamed, call):
    folder = renamed.folder
    for name in NAMES:
        code, out, err = call(folder, "gateway", "send", name, "interval_s=1200")
        assert (code, "LP-0101" in out, "LP-0001" in out) == (0, True, False), err
        code, out, _ = call(folder, "gateway", "commands", name)
        assert (code, "LP-0101" in out, "LP-0001" in out) == (0, True, False)
        token = json.loads(call(folder, "gateway", "commands", name, "--json")[1])[-1]["token"]
        code, out, err = call(folder, "gateway", "cancel", name, str(token))
        assert (code, "LP-0101" in out, "LP-0001" in out) == (0, True, False), err
        code, out, err = call(folder, "gateway", "replay", "--to", "store", "--station", name)
        assert (code, "LP-0101" in out, "LP-0001" in out) == (0, True, False), err
        code, out, err = call(folder, "export", "--station", name)
        assert (code, out.count("LP-0001"), err) == (0, 6, ""), "its readings have their name for ever"
        code, out, _ = call(folder, "gateway", "status", name)
        assert ("LP-0101" in out, "LP-0001" in out, "LP-0002 " in out) == (True, False, False)
    assert call(folder, "gateway", "station", "retire", "LP-0001", "--on", "2026-11-01")[0] == 0
    assert call(folder, "gateway", "station", "rename", "LP-0001", "LP-0201")[0] == 0
    assert "LP-0201" in call(folder, "gateway", "station", "list")[1]


@pytest.mark.parametrize(
    "words",
    [["gateway", "send", "LP-0011", "interval_s=600"], ["gateway", "commands", "LP-0011"],
     ["gateway", "cancel", "LP-0011", "1"], ["gateway", "replay", "--to", "store", "--station", "LP-0011"],
     ["export", "--station", "LP-0011"], ["gateway", "status", "LP-0011"],
     ["gateway", "station", "rename", "LP-0011", "X"], ["gateway", "station", "retire", "LP-0011"]],
)  # fmt: skip
def test_an_unknown_name_is_told_with_the_nearest(renamed, call, words):
    renamed.stop()
    for lang, question in (("en", "Did you mean"), ("de", "Gemeint war vielleicht")):
        code, _, err = call(renamed.folder, *words, lang=lang)
        assert (code in (1, 2), "LP-550" in err, question in err, "LP-0101" in err) == (True,) * 4, err


def test_who_is_meant():
    both = [Station("A", "0" * 16, "x", "air", tenant=one) for one in ("a", "b")]
    known = named([*both, Station("B", "1" * 16, "x", "air", renamed="C")], [("", "gone")]).values()
    assert meant("a/A", known).key == ("a", "A")
    assert meant("C", known) == meant("B", known)
    assert meant("gone", known).shown == "gone"
    for word, code in (("A", "LP-551"), ("c/A", "LP-550"), ("zzzzzzzz", "LP-270"), ("/A", "LP-550")):
        with pytest.raises(CannotStart) as refusal:
            meant(word, known)
        assert refusal.value.code == code, word


def test_a_station_that_was_taken_out_of_the_list_can_be_replayed(renamed, call):
    text = (renamed.folder / "stations.toml").read_text()
    (renamed.folder / "stations.toml").write_text(text[text.index("[[station]]", 5) :])
    words = ("gateway", "replay", "--to", "store", "--station", "LP-0001", "--dry-run", "--json")
    code, out, err = call(renamed.folder, *words)
    assert (code, err) == (0, "")
    assert json.loads(out)["stations"] == [
        {"tenant": "", "station": "LP-0001", "label": "LP-0001", "readings": 3}
    ]


def test_more_stations_than_one_request_holds(renamed, call, until):
    ids = [f"S-{number:04d}" for number in range(700)]
    (renamed.folder / "stations.toml").write_text(
        STATION.format("LP-0001", 1) + "".join(STATION.format(one, n + 10) for n, one in enumerate(ids))
    )
    chosen = [word for one in (*ids, "LP-0001") for word in ("--station", one)]
    code, out, err = call(renamed.folder, "gateway", "replay", "--to", "store", *chosen)
    assert (code, err, "3 readings" in out) == (0, "", True)
    longest = tuple(("t" * 64, f"{number:064d}") for number in range(MOST_STATIONS))
    assert len(line_of(OfferAgain("s" * 64, 2**40, 2**40, longest))) < LARGEST_LINE


SECRETS = 'username = "u"\npassword_file = "credential:mqtt"\n'
LOOKS = (["status"], ["commands"], ["quarantine", "list"], ["quarantine", "show", "1"], ["station", "list"],
         ["replay", "--to", "store", "--dry-run"])  # fmt: skip
NEEDS_NO_SECRET = (
    *LOOKS, ["send", "LP-0001", "interval_s=600"], ["backup", "{}/saved"], ["quarantine", "replay"],
    ["cancel", "LP-0001", "1"], ["check", "--no-dial"], ["journal", "export-0.2.0"],
    ["quarantine", "discard", "--yes"], ["station", "rename", "LP-0002", "LP-0003"],
)  # fmt: skip


@pytest.fixture
def rested(site, server, station):
    """A gateway that has worked, and does not run."""
    site.started()
    server.publish(station.topic(), station.uplink(2))
    site.wait_for(range(3))
    site.stop()
    return site.folder


def test_only_what_logs_in_needs_a_secret(rested, call, monkeypatch):
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    file = rested / "gateway.toml"
    before = file.read_text()
    for told in (SECRETS, SECRETS.replace("credential:mqtt", "env:NOBODY_SETS_THIS")):
        file.write_text(before.replace('host = "127.0.0.1"\n', f'host = "127.0.0.1"\n{told}'))
        for words in NEEDS_NO_SECRET:
            given = [word.format(rested) for word in words]
            _, out, err = call(rested, "gateway", *given)
            assert not re.search("LP-32[456]|LP-553", out + err), (words, err)
        assert call(rested, "export")[0] == 0
        (rested / "saved").rename(rested / f"saved-{len(told)}")
        code, _, err = call(rested, "gateway", "check")
        assert (code, "systemd-run" in err) == (2, "credential" in told), err
        assert call(rested, "gateway", "run")[0] == 2


def test_a_secret_in_a_file_is_judged_where_files_are(place):
    (place / "open").write_text("swordfish")
    (place / "open").chmod(0o644)
    text = GATEWAY.replace("port = 1\n", 'port = 1\nusername = "u"\npassword_file = "open"\n')
    (place / "gateway.toml").write_text(text)
    with pytest.raises(BadConfig):
        load(place / "gateway.toml", secrets=HERE)
    options = load(place / "gateway.toml", secrets=LEFT).sources[0].options
    assert isinstance(options["password_file"], Unread)
    assert "swordfish" not in options["password_file"]


def tree(folder):
    return {
        str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns, path.stat().st_size)
        for path in (folder, *sorted(folder.rglob("*")))
    }


FILES = '[[sink]]\nkind = "files"\nfolder = "out/of/way"\n'


def test_looking_changes_nothing_on_the_disk(rested, call):
    with (rested / "gateway.toml").open("a") as opened:
        opened.write(FILES)
    before = tree(rested)
    for words in (*LOOKS, ["check"], ["check", "--no-dial"]):
        call(rested, "gateway", *words)
        assert tree(rested) == before, words
    assert call(rested, "export")[0] == 0
    assert tree(rested) == before


def test_nothing_is_made_before_the_first_start(place, call):
    (place / "gateway.toml").write_text(GATEWAY + FILES)
    before = tree(place)
    for words in (*LOOKS, ["send", "LP-0001", "interval_s=600"], ["cancel", "LP-0001", "1"],
                  ["quarantine", "replay"], ["quarantine", "discard", "--yes"], ["backup", f"{place}/saved"],
                  ["journal", "export-0.2.0"], ["check"],
                  ["replay", "--to", "store"]):  # fmt: skip
        code, _, err = call(place, "gateway", *words)
        assert tree(place) == before, words
        assert words[0] in ("check", "station") or (code, "LP-331" in err) == (1, True), words


def test_a_store_without_a_reading_is_empty_and_not_broken(place, call):
    for lang, word in (("en", "no values"), ("de", "keine Werte")):
        code, out, err = call(place, "export", lang=lang)
        assert (code, out.splitlines()[0].startswith("time"), word in err) == (0, True, True)
    assert call(place, "export", "--station", "LP-0001", "--quantity", "level")[0] == 0
    code, _, err = call(place, "export", "--quantity", "levl", lang="de")
    assert (code, "LP-552" in err, "level" in err) == (2, True, True)


def test_a_store_that_is_gone_is_told(rested, call):
    for file in (rested / "data").glob("store.sqlite*"):
        file.unlink()
    code, out, err = call(rested, "export")
    assert (code, out, "LP-428" in err) == (1, "", True)
