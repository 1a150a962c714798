"""Starts gateways without paying for their imports each time: it forks one at each line it reads.

A line is JSON: the words after `luftpegel`, and the file for what it says. The child is what
`luftpegel gateway run` is after its imports. It tells the child's number, and then how it ended.
"""

import json
import os
import sys

from luftpegel_gateway import app, sinks, sources  # noqa: F401 - what is imported once
from luftpegel_tools.cli import main

for kind in sinks.SINKS:
    sinks.module_of(kind)
for kind in sources.SOURCES:
    sources.module_of(kind)

for line in sys.stdin:
    words, log = json.loads(line)
    pid = os.fork()
    if pid == 0:
        file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(file, 1)
        os.dup2(file, 2)
        os._exit(main(words))
    print(pid, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
