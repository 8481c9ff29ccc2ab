"""What a command says when it cannot do what was asked: what is wrong and what to do next."""


class CommandError(Exception):
    """Printed in one or two lines, without a traceback; the process ends with status 1."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
