"""Encrypted copies of a town's keys: there and back, and everything that is not so."""

import json
import os
import random
import stat
import subprocess
import sys

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.technician import keys_export
from luftpegel_tools.technician.words import TroubleError

PHRASE = "Pegel am Mühlbach 1953"


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(keys_export, "_COST", 2**4)


@pytest.fixture
def filled(town, monkeypatch, capsys):
    monkeypatch.setenv("PHRASE", PHRASE)
    assert main(["roster", "fill", str(town)]) == 0
    capsys.readouterr()
    return town


def export(town, to, *more):
    return main(["roster", "export-keys", str(town), "--to", str(to), "--lang", "en", *more])


def bring(town, file, *more):
    return main(["roster", "import-keys", str(town), "--from", str(file), "--lang", "en", *more])


def test_there_and_back(filled, tmp_path, capsys):
    keys, copy = filled.with_suffix(".keys"), tmp_path / "safe.luftpegel"
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    before = keys.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    for line in before.decode().splitlines()[1:]:
        assert line.partition(",")[2] not in copy.read_text()
        assert line.partition(",")[0] not in copy.read_text()
    assert copy.read_text().startswith("luftpegel-keys 1\n")
    keys.unlink()
    assert bring(filled, copy, "--passphrase", "env:PHRASE") == 0
    assert keys.read_bytes() == before
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    told = capsys.readouterr().out
    assert "3 keys added, 0 were there" in told
    assert bring(filled, copy, "--passphrase", "env:PHRASE", "--json") == 0
    assert json.loads(capsys.readouterr().out)["new_keys"] == 0


def test_an_umlaut_typed_elsewhere(filled, tmp_path, monkeypatch):
    copy = tmp_path / "safe"
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    monkeypatch.setenv("PHRASE", PHRASE.replace("ü", "u\u0308"))
    assert bring(filled, copy, "--passphrase", "env:PHRASE") == 0


def test_wrong_passphrase(filled, tmp_path, monkeypatch, capsys):
    copy = tmp_path / "safe"
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    monkeypatch.setenv("PHRASE", "quite another one")
    before = filled.with_suffix(".keys").read_bytes()
    assert bring(filled, copy, "--passphrase", "env:PHRASE") == 1
    assert capsys.readouterr().err.startswith("LP-654 The passphrase is wrong")
    assert filled.with_suffix(".keys").read_bytes() == before


def test_no_passphrase(filled, tmp_path, monkeypatch, capsys):
    assert export(filled, tmp_path / "safe") == 1
    assert "LP-657" in capsys.readouterr().err
    monkeypatch.setenv("PHRASE", "short")
    assert export(filled, tmp_path / "safe", "--passphrase", "env:PHRASE") == 1
    told = capsys.readouterr().err
    assert "LP-657" in told
    assert "short" not in told
    assert not (tmp_path / "safe").exists()


def test_other_keys_are_never_replaced(filled, tmp_path, capsys):
    copy, keys = tmp_path / "safe", filled.with_suffix(".keys")
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    lines = keys.read_text().splitlines()
    lines[1] = lines[1][:-1] + ("0" if lines[1][-1] != "0" else "1")
    keys.write_text("\n".join(lines) + "\n")
    before = keys.read_bytes()
    assert bring(filled, copy, "--passphrase", "env:PHRASE") == 1
    assert "LP-656" in capsys.readouterr().err
    assert keys.read_bytes() == before


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: text.replace("luftpegel-keys 1", "luftpegel-keys 2"), "LP-655"),
        (lambda text: "town.keys\n" + text, "LP-655"),
        (lambda text: text.replace('"n": 16', '"n": 1073741824'), "LP-655"),
        (lambda text: text.replace('"n": 16', '"n": true'), "LP-655"),
        (lambda text: text.replace('"n": 16', '"n": 8'), "LP-654"),
        (lambda text: text[:0], "LP-655"),
    ],
)
def test_a_forged_file(filled, tmp_path, change, code):
    copy = tmp_path / "safe"
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    copy.write_text(change(copy.read_text()))
    with pytest.raises(TroubleError) as told:
        keys_export.read(copy, PHRASE)
    assert told.value.code == code


def test_damaged_files_are_told(filled, tmp_path):
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    rng = random.Random(seed)
    copy = tmp_path / "safe"
    assert export(filled, copy, "--passphrase", "env:PHRASE") == 0
    whole = copy.read_bytes()
    right = keys_export.parsed(copy, filled.with_suffix(".keys").read_bytes())
    for _ in range(20_000):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(damaged))
            damaged[at : at + rng.randint(0, 2)] = bytes(rng.randrange(256) for _ in range(rng.randint(0, 2)))
        if bytes(damaged).rstrip() == whole.rstrip():
            continue
        copy.write_bytes(bytes(damaged))
        try:
            found = keys_export.read(copy, PHRASE)
        except TroubleError as trouble:
            code = trouble.code
            assert code in {"LP-654", "LP-655"}
        else:
            assert found == right


def test_in_a_process_nothing_of_a_key_is_printed(filled, tmp_path):
    copy = tmp_path / "safe"
    words = ["roster", "export-keys", str(filled), "--to", str(copy), "--passphrase", "env:PHRASE"]
    done = subprocess.run(
        [sys.executable, "-m", "luftpegel_tools.cli", *words], capture_output=True, text=True, check=True,
        env=os.environ | {"PHRASE": PHRASE},
    )  # fmt: skip
    for line in filled.with_suffix(".keys").read_text().splitlines()[1:]:
        assert line.partition(",")[2] not in done.stdout + done.stderr
    assert PHRASE not in done.stdout + done.stderr
