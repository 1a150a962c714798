"""Who is measured: our gateway, the peers that can be had, and the limit. One line to add a peer."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from luftpegel_tools.figures.gateway import node_red, thingsboard
from luftpegel_tools.figures.gateway.luftpegel import Luftpegel
from luftpegel_tools.figures.gateway.mosquitto_sub import MosquittoSub
from luftpegel_tools.figures.gateway.node_red import NodeRed
from luftpegel_tools.figures.gateway.peers import MissingPeerError
from luftpegel_tools.figures.gateway.runs import Maker
from luftpegel_tools.figures.gateway.thingsboard import ThingsboardGateway


@dataclass(frozen=True)
class Contender:
    """`make` for a number of stations; `missing` says why a peer cannot be had, and is empty if it can."""

    title: str
    make: Callable[[int], Maker]
    missing: str = ""


OURS = Contender(Luftpegel.title, lambda stations: partial(Luftpegel, stations=stations))
LIMIT = Contender(MosquittoSub.title, lambda _stations: MosquittoSub)
_PEERS: tuple[tuple[str, Maker, Callable[[], Path]], ...] = (
    (NodeRed.title, NodeRed, node_red.folder),
    (ThingsboardGateway.title, ThingsboardGateway, thingsboard.folder),
)


def peers() -> list[Contender]:
    """All peers, installed now if they were not."""
    return [_peer(*peer) for peer in _PEERS]


def _peer(title: str, make: Maker, install: Callable[[], Path]) -> Contender:
    try:
        install()
    except MissingPeerError as error:
        return Contender(title, lambda _stations: make, str(error))
    return Contender(title, lambda _stations: make)
