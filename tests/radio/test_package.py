"""The package of radios: its table, the interface of each radio, its error codes, and its list for mip."""

import json

import pytest
from tests.radio.conftest import FIRMWARE_LIB

import lora_radio

INTERFACE = ("configure", "joined", "join", "max_payload", "send", "network_time", "sleep", "wake")


@pytest.mark.parametrize("name", lora_radio.DRIVERS)
def test_every_radio_of_the_table_has_the_interface(name):
    radio = lora_radio.open_driver(name)
    assert all(callable(getattr(radio, method)) for method in INTERFACE)


def test_an_unknown_radio():
    with pytest.raises(KeyError):
        lora_radio.open_driver("carrier_pigeon")


def test_an_error_tells_its_code():
    error = lora_radio.RadioError(lora_radio.NO_CHANNEL, "duty cycle used up", 1500)
    assert (str(error), error.code, error.wait_ms) == ("LP-235 duty cycle used up", "LP-235", 1500)


def test_mip_installs_every_file():
    folder = FIRMWARE_LIB / "lora_radio"
    urls = json.loads((folder / "package.json").read_text())["urls"]
    assert urls == [[f"lora_radio/{path.name}", path.name] for path in sorted(folder.glob("*.py"))]
