"""The drivers are as small as they were meant to be."""

from luftpegel_tools.figures import phy_heap


def test_flash_and_heap_stay_below_the_aims():
    taken = phy_heap.resident_bytes()
    assert set(taken) == set(phy_heap.DRIVERS)
    for name, bytes_ in taken.items():
        assert 1000 < bytes_.mpy_with_shared < phy_heap.MPY_AIM, name
        assert 4000 < bytes_.heap < phy_heap.HEAP_AIM, name
