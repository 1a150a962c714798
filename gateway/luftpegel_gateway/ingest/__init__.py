"""What becomes of a batch of deliveries: pure, from what is known before to what is known after.

`decide.py` is the way in; `uplink.py` the way of a frame; `clocks.py` when it was; `lives.py` which
numbering of the station it belongs to; `timekeeping.py` how one wrong clock changes nothing; `judging.py`
runs the checks; `beside.py` is for all that is no reading.
"""
