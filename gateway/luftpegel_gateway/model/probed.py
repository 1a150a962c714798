"""What a source or sink found when it tried its other end once, for `luftpegel gateway check`."""

import msgspec

from luftpegel_gateway.model.faults import Fault


class Probed(msgspec.Struct, frozen=True):
    """It works. `seen`: what the other end told of itself; `warnings`: what works and should be mended."""

    seen: str = ""
    warnings: tuple[Fault, ...] = ()
