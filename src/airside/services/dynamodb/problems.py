"""Problems that different operations word differently.

PutItem, UpdateItem and DeleteItem say `1 validation error detected: ` before what is wrong with a
request; GetItem, BatchGetItem and Query say the same without it; BatchWriteItem, Scan and the
transactions have an older wording for values.
"""

from airside.services.dynamodb.errors import ValidationException


class InvalidValue(ValidationException):
    """A value that breaks a rule, in both wordings that AWS has for it.

    Which one a client sees depends on the operation; `older` is that of batch writes, scans and
    transactions.
    """

    def __init__(self, message: str, older: str | None = None) -> None:
        super().__init__(message)
        self.older = message if older is None else older

    @property
    def name(self) -> str:
        """To clients it is what it derives from."""
        return "ValidationException"


class Malformed(InvalidValue):
    """A value with no type or with several: told without an envelope everywhere."""


def enveloped(problem: ValidationException) -> ValidationException:
    """A problem as the operations that write single items report it."""
    if " validation error" in problem.message[:24] or isinstance(problem, Malformed):
        return problem
    return ValidationException(f"1 validation error detected: {problem.message}")


def older(problem: ValidationException) -> ValidationException:
    """A problem as batch writes, scans and transactions report it."""
    return ValidationException(problem.older) if isinstance(problem, InvalidValue) else problem
