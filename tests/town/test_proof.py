"""The demo's judge finds what it is there to find: hand-made stores with one flaw each."""

from dataclasses import replace

import pytest

from luftpegel_tools.town.proof import Measurement, Proof, StoredCell, Terms, prove

START = 1_777_593_600
TEMPERATURE, HUMIDITY = 2, 4
TERMS = Terms(lead_s=30.0, steps={TEMPERATURE: 10, HUMIDITY: 50}, since_s=START, until_s=START + 6000)


def measurements(n=10):
    """Each wake measures both quantities 30 s after it woke."""
    return [
        Measurement(START + 600 * i + 30.2, channel, value)
        for i in range(n)
        for channel, value in ((TEMPERATURE, 2000 + 7 * i), (HUMIDITY, 5000 - 33 * i))
    ]


def cells(n=10):
    """What a faultless chain stores of them: rounded to the step."""
    return [
        StoredCell(100 + i, channel, START + 600 * i, value)
        for i in range(n)
        for channel, value in (
            (TEMPERATURE, (2000 + 7 * i + 5) // 10 * 10),
            (HUMIDITY, (5000 - 33 * i + 25) // 50 * 50),
        )
    ]


def without(stored, **same):
    return [cell for cell in stored if any(getattr(cell, name) != value for name, value in same.items())]


def changed(stored, index, **fields):
    return [replace(cell, **fields) if i == index else cell for i, cell in enumerate(stored)]


def test_a_faultless_store_is_sound():
    proof = prove(measurements(), cells(), TERMS)
    assert proof == Proof(sampled=10, stored=10, lost=0, duplicated=0)
    assert proof.sound


@pytest.mark.parametrize("seq", [100, 104, 109])
def test_a_dropped_row_is_lost(seq):
    proof = prove(measurements(), without(cells(), seq=seq), TERMS)
    assert (proof.stored, proof.lost, proof.duplicated, proof.faults) == (9, 1, 0, ())
    assert not proof.sound


def test_an_empty_store_lost_everything():
    assert prove(measurements(), [], TERMS).lost == 10


@pytest.mark.parametrize("flawed", ["absent", "empty"])
def test_a_row_without_one_of_its_values_is_lost(flawed):
    stored = cells()
    stored = stored[1:] if flawed == "absent" else changed(stored, 0, value=None)
    proof = prove(measurements(), stored, TERMS)
    assert proof.lost == 1
    assert proof.faults == ("reading 100 channel 2: measured [2000], not stored",)


@pytest.mark.parametrize("by", [10, -10, 6])
def test_a_changed_value_is_found(by):
    stored = cells()
    proof = prove(measurements(), changed(stored, 0, value=stored[0].value + by), TERMS)
    assert (proof.lost, proof.duplicated) == (0, 0)
    assert proof.faults == (f"reading 100 channel 2: stored {2000 + by}, measured [2000]",)
    assert not proof.sound


def test_half_a_step_is_the_resolution():
    assert prove(measurements(), changed(cells(), 0, value=2005), TERMS).sound


def test_a_value_that_nobody_measured_is_found():
    stored = [*cells(), StoredCell(100, 14, START, 4100)]
    assert prove(measurements(), stored, TERMS).faults == (
        "reading 100 channel 14: stored 4100, measured []",
    )


def test_a_reading_under_a_second_name_is_a_duplicate():
    again = [replace(cell, seq=500) for cell in cells() if cell.seq == 103]
    proof = prove(measurements(), cells() + again, TERMS)
    assert (proof.lost, proof.duplicated, proof.stored) == (0, 1, 10)
    assert not proof.sound


def test_a_name_that_occurs_twice_is_a_duplicate():
    assert prove(measurements(), [*cells(), cells()[0]], TERMS).duplicated == 1


def test_a_reused_sequence_number_is_a_loss():
    """The station took number 103 twice: the store keeps the first, the second reading is gone."""
    proof = prove(measurements(), without(cells(), seq=104), TERMS)
    assert proof.lost == 1


@pytest.mark.parametrize("shift", [6, -6, 300, 600_000])
def test_a_reading_at_a_wrong_time_is_found(shift):
    stored = [replace(cell, time_s=cell.time_s + shift) if cell.seq == 105 else cell for cell in cells()]
    proof = prove(measurements(), stored, TERMS)
    assert proof.lost == 1
    assert proof.faults[0].startswith("reading 105 at ")


def test_a_reading_without_a_time_is_found():
    stored = [replace(cell, time_s=None) if cell.seq == 105 else cell for cell in cells()]
    assert prove(measurements(), stored, TERMS).faults == ("reading 105 at None: no sensor measured then",)


def test_cells_of_one_reading_have_one_time():
    assert "agree" in prove(measurements(), changed(cells(), 3, time_s=START + 601), TERMS).faults[0]


def test_several_values_of_one_wake_are_a_choice():
    """A level sensor talks on and on; the station stores one of its values, the median."""
    frames = [
        Measurement(START + 600 * i + 31 + k / 3, TEMPERATURE, 2000 + 7 * i + k)
        for i in range(10)
        for k in range(3)
    ]
    assert prove(measurements() + frames, cells(), TERMS).sound


def test_readings_after_the_day_do_not_count_but_must_be_true():
    proof = prove(measurements(12), cells(11), TERMS)
    assert proof == Proof(sampled=10, stored=10, lost=0, duplicated=0)
    assert prove(measurements(12), changed(cells(12), 22, value=0), TERMS).faults
