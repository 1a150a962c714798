"""How things move: from the sources into the journal (`intake`), and from the journal to each sink
(`worker`)."""
