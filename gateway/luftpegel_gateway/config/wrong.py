"""A value that cannot stand in a file of the operator's."""


class Wrong(ValueError):  # noqa: N818 - the operator's mistake
    """A value that cannot stand: LP code and the words that the message needs."""

    def __init__(self, code: str, **words: object) -> None:
        super().__init__(code)
        self.code = code
        self.words = words
