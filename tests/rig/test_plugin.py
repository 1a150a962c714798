"""The plugin in a stranger's folder: out of the way, and of use."""

import xml.etree.ElementTree as ET

import pytest

RIG = """
[[board]]
name = "river"
radios = ["sx1262"]

[[board.sensors]]
driver = "sht4x"

[[board]]
name = "meadow"
"""


def test_it_stays_out_of_the_way_of_other_runs(stranger):
    stranger.write(
        conftest__py="""
import pytest
def pytest_addoption(parser):
    parser.addoption("--console")
@pytest.fixture
def board():
    return "ours"
""",
        test_a__py="""
import sys
def test_a(board, request):
    assert board == "ours"
    loaded = [name for name in sys.modules if name.startswith(("mpremote", "serial", "luftpegel_tools"))]
    assert sorted(loaded) == [
        "luftpegel_tools", "luftpegel_tools.rig", "luftpegel_tools.rig.plugin", "luftpegel_tools.rig.where"
    ]
    assert not request.config.pluginmanager.has_plugin("luftpegel_rig_fixtures")
""",
    )
    assert "1 passed" in stranger.run("-W", "error")


@pytest.mark.parametrize("place", ["conftest", "older"])
def test_it_gives_way_where_an_option_is_taken(stranger, place):
    """Somebody else's --board stays theirs; ours is then --luftpegel-board."""
    text = "def pytest_addoption(parser): parser.addoption('--board', default='theirs')"
    stranger.write(
        **{f"{place}__py": text},
        test_a__py="def test_a(request): assert request.config.getoption('board') == 'theirs'",
    )
    assert "1 passed" in stranger.run(*(("-p", "older") if place == "older" else ()))


def test_fixtures_by_role_on_two_virtual_boards(stranger):
    stranger.write(
        rig__toml=RIG,
        test_a__py="""
def test_roles(board, console, exec, files, reset, power, radio, chips):
    assert exec("print(6 * 7)") == "42\\n"
    files.write("/a.txt", b"kept")
    assert files.read("/a.txt") == b"kept"
    reset.hard()
    assert reset.cause == "HARD_RESET"
    power.cycle()
    assert reset.cause == "PWRON_RESET"
    assert files.names().count("a.txt") == 1
    assert radio.count() == 0
    chips.see(temperature=-3)
    console.start("print('hello')")
    assert console.wait_for("hello").endswith("hello")
    reset.take()
def test_two(open_board):
    one, other = open_board("river"), open_board("meadow")
    one.exec("import esp32; x = 1")
    assert other.eval("'x' in globals()") is False
    assert one.line.port != other.line.port
def test_driver(rig, driver):
    assert driver == "sx1262"
""",
    )
    assert "3 passed" in stranger.run("-W", "error")


def test_a_traceback_fails_at_once_and_the_report_says_what_to_look_at(stranger):
    stranger.write(
        test_a__py="""
import pytest
@pytest.mark.look_at("the plug <X1>")
def test_a(console):
    console.start("import time\\ntime.sleep(1)\\nprint('begins')\\nraise ValueError('broken')")
    console.wait_for("never", 600)
def test_b(exec):
    exec("print('well')")
def test_c(power):
    power.mean_current_ua()
"""
    )
    words = ("--board", "virtual", "--hil-report", "report.html", "--junitxml", "junit.xml")
    said = stranger.run(*words, code=1)
    assert "ValueError: broken" in said
    assert "1 failed, 1 passed, 1 skipped" in said
    page = (stranger.folder / "report.html").read_text()
    assert "the plug &lt;X1&gt;" in page
    assert "the traceback in the text" in page
    assert "print(&#x27;well&#x27;)" in page
    assert "give [board.power] a &#x27;current&#x27; command" in page
    cases = list(ET.parse(stranger.folder / "junit.xml").iter("testcase"))
    assert [case.get("name") for case in cases] == ["test_a", "test_b", "test_c"]
    assert cases[0].find(".//property[@name='look at']").get("value") == "the plug <X1>"


def test_no_board_is_told_with_its_code(stranger):
    stranger.write(test_a__py="def test_a(board): pass")
    said = stranger.run("--board", str(stranger.folder / "no-such-port"), code=1)
    assert "LP-681" in said


def test_a_wrong_rig_file_is_told_with_its_line(stranger):
    stranger.write(rig__toml=RIG + 'radioes = ["sx1262"]\n', test_a__py="def test_a(board): pass")
    said = stranger.run(code=4)
    assert "rig.toml:11: 'radioes' is no setting here" in said


def test_an_unknown_board_is_told(stranger):
    stranger.write(rig__toml=RIG, test_a__py="def test_a(open_board): open_board('hill')")
    assert "LP-685 no board is called 'hill'" in stranger.run(code=1)
