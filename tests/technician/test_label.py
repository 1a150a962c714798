"""Labels are rendered as a printer would, and read as a phone does, by libraries that did not make them."""

import pypdfium2
import pytest
import zxingcpp

from luftpegel_tools.cli import main
from luftpegel_tools.technician.label import tr005
from luftpegel_tools.technician.ledger import Ledger
from luftpegel_tools.technician.roster import fill_euis, read_roster

HEADER = "station,name,kind,station_file,dev_eui\n"
PAGES = "https://pegel.town.example"


@pytest.fixture
def filled(town):
    fill_euis(town)
    return town


def label(town, *words):
    out = town.parent / "labels.pdf"
    assert main(["label", "--roster", str(town), "--out", str(out), "--lang", "de", *words]) == 0
    return pypdfium2.PdfDocument(out)


def codes(page, dots_per_inch=300):
    return [code.text for code in zxingcpp.read_barcodes(page.render(scale=dots_per_inch / 72).to_pil())]


def text_of(page):
    return page.get_textpage().get_text_bounded()


def size_mm(page):
    return tuple(round(points * 25.4 / 72) for points in page.get_size())


def test_the_boards_code_is_what_network_servers_read(filled):
    """TR005: LW:D0:JoinEUI:DevEUI:profile, capitals, no key; a serial without a colon in it."""
    first, second, _ = read_roster(filled)
    assert tr005(first) == "LW:D0:0000000000000000:70B3D57ED0001234:00000000:SLP-0001"
    assert tr005(first, "00AB12CD") == "LW:D0:0000000000000000:70B3D57ED0001234:00AB12CD:SLP-0001"
    (page,) = label(filled)
    assert sorted(codes(page)) == sorted(tr005(entry) for entry in read_roster(filled))
    shown = text_of(page)
    for words in ("LP-0001", "Mühlbach Brücke", "70B3 D57E D000 1234", second.dev_eui[:4].upper()):
        assert words in shown


def test_the_masts_code_is_the_public_address(filled):
    _, masts = label(filled, "--pages", PAGES + "/", "--town", "Musterstadt")
    assert sorted(codes(masts)) == [f"{PAGES}/s/LP-000{number}" for number in (1, 2, 3)]
    assert "Pegelmessstelle LP-0001" in text_of(masts)
    assert "Eigentum: Musterstadt" in text_of(masts)


def test_tape_has_a_page_of_its_size_for_each(filled):
    pages = list(label(filled, "LP-0003", "--tape", "--pages", PAGES))
    assert [size_mm(page) for page in pages] == [(60, 24), (120, 74)]
    assert codes(pages[0], 203)[0].endswith("SLP-0003")  # what a small label printer has


def test_fifty_stations_fill_the_sheets(town):
    rows = [f"LP-{n:04},Platz {n},air,a.toml,70b3d57ed00{n:05x}\n" for n in range(1, 51)]
    town.write_text(HEADER + "".join(rows))
    pages = list(label(town))
    found = [code for page in pages for code in codes(page)]
    assert sorted(found) == sorted(tr005(entry) for entry in read_roster(town))
    assert {size_mm(page) for page in pages} == {(210, 297)}


@pytest.mark.parametrize(
    "name",
    [
        "Źurja při měšćanskej šuli w Budyšinje",
        "Ä" * 100,
        "W" * 100,
        "Ελλάδα Київ",
        "a",
        "日本 🌊",
        "<b>&amp;%s{}",
    ],
)
def test_names_of_any_length_and_language(town, name):
    town.write_text(HEADER + f"LP-0001,{name},level,a.toml,70b3d57ed0001234\n", encoding="utf-8")
    board, mast = label(town, "--pages", PAGES)
    assert len(codes(board)) == len(codes(mast)) == 1
    kept = text_of(mast).splitlines()[0].rstrip("…")
    assert name.isascii() or "日" in name or name.startswith(kept)


def test_ids_that_fit_no_small_code(town):
    town.write_text(HEADER + "lp-0001-Muehlbach,A,level,a.toml,70b3d57ed0001234\n")
    (page,) = label(town)
    assert codes(page) == ["LW:D0:0000000000000000:70B3D57ED0001234:00000000:SLP-0001-MUEHLBACH"]


def test_the_ledger_notes_it(filled):
    label(filled, "LP-0002")
    ledger = Ledger(filled.with_suffix(".ledger"))
    assert [(line["station"], line["step"]) for line in ledger] == [("LP-0002", "label")]


@pytest.mark.parametrize(
    ("words", "code", "exit_code"),
    [
        (["LP-0009"], "LP-610", 2),
        (["--pages", "https://" + "a" * 120 + ".example"], "LP-611", 1),
        (["--out", "/nowhere/labels.pdf"], "LP-612", 1),
        (["--roster", "/nowhere/town.csv"], "LP-600", 1),
    ],
)
def test_what_is_wrong_is_told(filled, capsys, words, code, exit_code):
    assert main(["label", "--roster", str(filled), "--lang", "de", *words]) == exit_code
    assert capsys.readouterr().err.startswith(code)


def test_stations_without_an_eui(town, capsys):
    assert main(["label", "--roster", str(town), "--lang", "en"]) == 1
    assert "luftpegel roster fill" in capsys.readouterr().err


@pytest.mark.parametrize("pages", ["pegel.town.example", "javascript:alert(1)", "https://a b"])
def test_an_address_that_is_none(filled, pages):
    with pytest.raises(SystemExit):
        main(["label", "--roster", str(filled), "--pages", pages])
