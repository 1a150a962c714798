"""For `luftpegel station new` and `station wiring`: settings from answers, and what is connected to what."""
