"""What is told where a part of Luftpegel is needed and not installed: what the next step installs depends on
how the gateway came onto this machine."""

from functools import cache

from luftpegel_gateway.words import installing


@cache
def missing(part: str) -> tuple[str, str]:
    """Code and detail of what a part's absence is told by: LP-399, or in the Debian package LP-540."""
    return installing.missing(part)
