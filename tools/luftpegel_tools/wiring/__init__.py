"""Which chip double goes with which driver, and how it is soldered to a board."""
