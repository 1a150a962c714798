"""The format's compactness on a real gauge's log: what docs and README promise. Deterministic, not timed."""

import pytest

from luftpegel_tools.figures import compactness


@pytest.fixture(scope="module")
def readings_in_51_bytes() -> dict[str, float]:
    figures = compactness.measure(compactness.GAUGE, windows=300, seed=1)
    return {figure.name: figure.value for figure in figures}


@pytest.mark.parametrize(("profile", "aim"), [("climate", 42), ("water", 31)])
def test_reaches_its_aim(readings_in_51_bytes: dict[str, float], profile: str, aim: int) -> None:
    assert readings_in_51_bytes[f"{profile}: Luftpegel"] >= aim


@pytest.mark.parametrize("profile", ["climate", "water"])
@pytest.mark.parametrize("peer", ["Cayenne LPP", "SenML-CBOR", "CBOR rows"])
def test_holds_more_than_its_peers(readings_in_51_bytes: dict[str, float], profile: str, peer: str) -> None:
    assert readings_in_51_bytes[f"{profile}: Luftpegel"] > 7 * readings_in_51_bytes[f"{profile}: {peer}"]


def test_the_bound_is_what_the_log_says(readings_in_51_bytes: dict[str, float]) -> None:
    assert readings_in_51_bytes["climate: order-0 entropy bound"] == pytest.approx(45.2, abs=0.1)
    assert readings_in_51_bytes["water: order-0 entropy bound"] == pytest.approx(41.6, abs=0.1)
