"""The image: main.py as it is, all else compiled, the same bytes each time, nobody else's files destroyed."""

import json
import zlib
from importlib.metadata import version

import pytest

from luftpegel_tools.cli import main
from luftpegel_tools.image import firmware_image
from station.telling import FIRMWARE

STATION = 'station = "LP-7"\nboard = "heltec_v3"\n[radio]\ndriver = "wio_e5"\n[[sensors]]\ndriver = "sht4x"\n'


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_every_source_is_there_compiled_and_main_as_it_is(tmp_path):
    files = firmware_image.build(tmp_path / "image")
    found = contents(tmp_path / "image")
    wanted = {
        source.relative_to(firmware_image.FIRMWARE).with_suffix(".mpy").as_posix()
        for source in firmware_image.sources()
    }
    assert set(found) == wanted | {"boot.py", "main.py"}
    assert {"station/cycle.mpy", "lib/luftpegel_wire/readings.mpy", "boards/heltec_v3.mpy"} <= wanted
    assert all(data[:2] == b"M\x06" for name, data in found.items() if name.endswith(".mpy"))
    # What a traceback shows is what the board's import looks for: one text there instead of two.
    assert b"/lib/luftpegel_wire/readings.mpy" in found["lib/luftpegel_wire/readings.mpy"]
    assert b"station/cycle.mpy" in found["station/cycle.mpy"]
    assert all(zlib.crc32(data) == 0x2144DF1C for name, data in found.items() if name.endswith(".mpy"))
    assert found["main.py"] == (firmware_image.FIRMWARE / "main.py").read_bytes()
    assert {file.path: file.image_bytes for file in files} == {
        name: len(data) for name, data in found.items()
    }


def test_the_same_sources_give_the_same_bytes_without_the_cache(tmp_path, monkeypatch):
    firmware_image.build(tmp_path / "one")
    monkeypatch.setattr(firmware_image, "_CACHE", tmp_path / "cache")
    firmware_image.build(tmp_path / "two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert all(str(tmp_path).encode() not in data for data in contents(tmp_path / "two").values())


def test_building_again_replaces_the_earlier_image(tmp_path, capsys):
    image = tmp_path / "image"
    (tmp_path / "station.toml").write_text(STATION)
    assert main(["station", "build", "--out", str(image), "--station", str(tmp_path / "station.toml")]) == 0
    assert json.loads((image / "station.json").read_text())["station"] == "LP-7"
    (image / "station" / "old.mpy").write_bytes(b"")
    assert main(["station", "build", "--out", str(image)]) == 0
    assert not (image / "station" / "old.mpy").exists()
    assert not (image / "station.json").exists()
    assert "main.py" in capsys.readouterr().out


def test_a_folder_with_other_files_is_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["station", "build", "--out", str(tmp_path)]) == 1
    assert "LP-341" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_refused_station_file_builds_nothing(tmp_path, capsys):
    (tmp_path / "station.toml").write_text(STATION.replace("sht4x", "sht5x"))
    assert (
        main(
            [
                "station",
                "build",
                "--out",
                str(tmp_path / "image"),
                "--station",
                str(tmp_path / "station.toml"),
            ]
        )
        == 1
    )
    assert "station.toml:6: LP-355" in capsys.readouterr().err
    assert not (tmp_path / "image").exists()


def test_what_micropython_cannot_compile_is_refused(tmp_path):
    source = tmp_path / "wrong.py"
    source.write_text("def f(:\n")
    with pytest.raises(firmware_image.ImageError, match=r"LP-342 .*wrong\.py"):
        firmware_image.compile_file(source, "wrong.py")


def test_the_firmware_tells_the_version_of_this_project():
    assert version("luftpegel") == FIRMWARE
