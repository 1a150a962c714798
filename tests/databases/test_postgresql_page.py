"""What docs/postgresql.md shows is what works."""

import re
from pathlib import Path

from databases_world import observed

PAGE = (Path(__file__).parents[2] / "docs" / "postgresql.md").read_text(encoding="utf-8")


def test_its_queries_run(town):
    town.deliver([observed(seq, 1000 + seq, channels=(10,)) for seq in (1, 2, 5)])
    part = PAGE.partition("## Queries")[2].partition("\n## ")[0]
    day, hours, missing, stale = re.findall(r"```sql\n(.*?)```", part, re.DOTALL)
    assert town.sql(day) == []
    assert sum(int(row[-1]) for row in town.sql(hours)) == 3
    assert town.sql(missing) == [("3", "4")]
    assert [row[0] for row in town.sql(stale)] == ["LP-0001"]


def test_its_roles_can_be_made_and_read(town):
    town.deliver([observed(1)])
    roles = re.findall(r"```sql\n(CREATE ROLE.*?)```", PAGE, re.DOTALL)
    made = roles[1].replace("grafana", f"reader_{town.user}")
    town.sql(f"{made}; SET ROLE reader_{town.user}; SELECT * FROM luftpegel.current")


def test_every_table_and_view_is_named(town):
    town.deliver([observed(1)])
    listed = set(
        re.findall(r"`(\w+)`", "".join(line.split("|")[1] for line in PAGE.splitlines() if line[:3] == "| `"))
    )
    there = town.sql("SELECT table_name FROM information_schema.tables WHERE table_schema = 'luftpegel'")
    assert {name for (name,) in there} | {"map"} == listed
