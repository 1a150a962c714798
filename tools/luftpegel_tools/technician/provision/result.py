"""How a run went."""

from dataclasses import dataclass, field
from typing import Any

from luftpegel_tools.technician.provision.bulk import Outcome, Trouble
from luftpegel_tools.technician.provision.item import Item


@dataclass
class Result:
    """How many things were written, were so already, failed, were not begun; `troubles`: why, by its name."""

    written: int = 0
    kept: int = 0
    not_begun: int = 0
    troubles: list[tuple[str, Trouble]] = field(default_factory=list)

    def count(self, name: str, outcome: Outcome[Any, Item]) -> None:
        """Take one outcome in."""
        if outcome.trouble is not None:
            self.troubles.append((name, outcome.trouble))
        elif outcome.result is None:
            self.not_begun += 1
        elif outcome.result.trouble is not None:
            self.troubles.append((name, outcome.result.trouble))
        elif outcome.result.writes:
            self.written += 1
        else:
            self.kept += 1

    @property
    def well(self) -> bool:
        """Whether all is as it was wanted."""
        return not self.troubles and not self.not_begun

    def facts(self) -> dict[str, Any]:
        """For machines."""
        failed = [{"name": name, "code": trouble.code} for name, trouble in self.troubles]
        return {"written": self.written, "same": self.kept, "not_begun": self.not_begun, "failed": failed}
