"""Runs in the oracles' own environment (see checks_oracles): what ioos-qc and saqc flag in series of values.

Reads {"cases": [{"times", "values", "limits"}]} and writes for each case the places that each check flags.
"""

import importlib.util
import json
import os
import sys
import types
import warnings

if importlib.util.find_spec("tkinter") is None:
    # saqc has a window for picking points by hand; a machine without Tk cannot open it, and nobody needs it.
    os.environ["MPLBACKEND"] = "agg"
    sys.modules["tkinter"] = types.ModuleType("tkinter")
    sys.modules["tkinter"].Frame = object

import numpy as np
import pandas as pd
import saqc
from ioos_qc import qartod

FAIL = 4


def ioos(times, values, limits):
    """The places where a test of QARTOD fails."""
    value, time = np.array(values, float), pd.to_datetime(times, unit="s").to_numpy()
    step = times[1] - times[0]
    never = float("inf")
    found = {
        "range": qartod.gross_range_test(value, fail_span=(limits["low"], limits["high"])),
        "spike": qartod.spike_test(
            value, suspect_threshold=limits["spike"], fail_threshold=limits["spike"], method="differential"
        ),
        # Theirs is a rate a second, and a suspicion.
        "rate": qartod.rate_of_change_test(value, time, threshold=limits["jump"] / step),
        # Theirs fails where the last values lie within less than `tolerance`.
        "flat": qartod.flat_line_test(
            value, time, suspect_threshold=limits["flat"] + step, fail_threshold=limits["flat"] + step,
            tolerance=limits["flat_within"] + 0.5,
        ),
        "attenuated": qartod.attenuated_signal_test(
            value, time, suspect_threshold=never, fail_threshold=limits["weak"] + 0.5, check_type="range",
            test_period=limits["weak_after"] + 2 * step, min_obs=limits["weak_after"] // step + 2,
        ),
    }  # fmt: skip
    wanted = {name: 3 if name == "rate" else FAIL for name in found}
    return {name: np.flatnonzero(flags == wanted[name]).tolist() for name, flags in found.items()}


def saqc_s(times, values, limits):
    """The places that saqc flags: ranges, plateaus (from their beginning), offsets that return."""
    data = pd.Series(np.array(values, float), index=pd.to_datetime(times, unit="s"), name="x")
    step = times[1] - times[0]

    def flagged(judge):
        flags = judge(saqc.SaQC(data)).flags["x"]
        return np.flatnonzero(flags.to_numpy() > 0).tolist()

    return {
        "range": flagged(lambda qc: qc.flagRange("x", min=limits["low"], max=limits["high"])),
        "flat": flagged(
            lambda qc: qc.flagConstants("x", thresh=limits["flat_within"], window=f"{limits['flat'] + step}s")
        ),
        "spike": flagged(
            lambda qc: qc.flagOffset(
                "x", thresh=limits["spike"], tolerance=limits["spike"] / 2, window=f"{3 * step - 1}s"
            )
        ),
    }


def main():
    warnings.simplefilter("ignore")
    cases = json.load(sys.stdin)["cases"]
    json.dump([{"ioos": ioos(**case), "saqc": saqc_s(**case)} for case in cases], sys.stdout)


if __name__ == "__main__":
    main()
