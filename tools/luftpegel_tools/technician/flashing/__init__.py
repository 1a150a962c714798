"""Boards get MicroPython, firmware and their station's keys: many at once, told apart by their places."""
