"""Who has which pin: a bus leads to a chip only by the pins that it hangs on, while they are its own.

The chip's pin matrix gives a pin to whoever asks last, and tells nobody: the one before then drives nothing.
So it is here; `conflicts` remembers it for a rig.
"""

UNNAMED = -1  # a pin that the firmware did not name
GPIO = "gpio"


class PinUsers:
    """Buses by name ("i2c0", "spi1", "uart2") and their pins; `conflicts`: (pin, who had it, who took it)."""

    def __init__(self) -> None:
        self._owner: dict[int, str] = {}
        self._pins: dict[str, tuple[int, ...]] = {}
        self.conflicts: list[tuple[int, str, str]] = []

    def claim(self, user: str, pins: tuple[int, ...]) -> None:
        """A bus is opened on these pins; those it had before are free."""
        self.release(user)
        for pin in pins:
            if pin != UNNAMED:
                self._take(pin, user)
        self._pins[user] = pins

    def claim_gpio(self, pin: int) -> None:
        """The pin is set up as a plain one."""
        if pin in self._owner:
            self._take(pin, GPIO)
            del self._owner[pin]

    def release(self, user: str) -> None:
        """A bus is closed."""
        self._pins.pop(user, None)
        self._owner = {pin: owner for pin, owner in self._owner.items() if owner != user}

    def leads_to(self, user: str, pins: tuple[int, ...] | None) -> bool:
        """Whether a bus is on these pins; None: wherever it is; a pin that was not named is right."""
        if pins is None:
            return True
        named = self._pins.get(user)
        if named is None or len(named) != len(pins):
            return False
        return all(
            have == UNNAMED or (have == want and self._owner.get(have) == user)
            for have, want in zip(named, pins, strict=True)
        )

    def has(self, user: str, pin: int) -> bool:
        """Whether a pin is a bus's own; one that was not named is."""
        return pin == UNNAMED or self._owner.get(pin) == user

    def clear(self) -> None:
        """The chip was reset."""
        self._owner.clear()
        self._pins.clear()

    def _take(self, pin: int, user: str) -> None:
        before = self._owner.get(pin, user)
        if before != user:
            self.conflicts.append((pin, before, user))
        self._owner[pin] = user
