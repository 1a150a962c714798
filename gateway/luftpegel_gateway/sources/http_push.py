"""Uplinks that any program posts to us: a network server that speaks nothing else, a script, a bridge.

Nothing goes back: requests for missing readings and commands need a network server's own source.
"""

from collections.abc import Mapping
from typing import Any

from luftpegel_gateway.model.conditions import Conditions
from luftpegel_gateway.sources import Deliver
from luftpegel_gateway.sources.http_events import LISTENING, HttpEvents, Manner, listens
from luftpegel_gateway.sources.push_events import parse

__all__ = ["KIND", "OPTIONS", "create", "listens", "parse"]

KIND = "http-push"
OPTIONS = LISTENING


def create(name: str, options: Mapping[str, Any], deliver: Deliver, conditions: Conditions) -> HttpEvents:
    """The source of one [[source]] with kind "http-push"."""
    manner = Manner(KIND, lambda _headers: "", lambda _downlink: None)
    return HttpEvents(name, options, manner, deliver, conditions)
