"""What goes wrong around a virtual board, told with a code, the cause and the next step."""


class BoardError(Exception):
    """`code` is LP-1xx (the firmware's fault), LP-3xx (the operator's or the machine's); the message has it
    all.
    """

    def __init__(self, code: str, cause: str, next_step: str):
        super().__init__(f"{code}: {cause}. Next: {next_step}.")
        self.code = code
        self.cause = cause
        self.next_step = next_step
