"""How many events an account may have in flight, and who has reserved what. Pure."""

from airside.services.lambda_ import errors


class ConcurrencyLimit:
    """The concurrency of one account in one region."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.reserved: dict[str, int] = {}
        """By function ARN."""
        self._in_use: dict[str, int] = {}
        self._unreserved_in_use = 0

    def enter(self, function_arn: str) -> None:
        """Begin one event. Raises TooManyRequestsException with AWS's reason."""
        in_use = self._in_use.get(function_arn, 0)
        reserved = self.reserved.get(function_arn)
        if reserved is not None:
            if in_use >= reserved:
                raise _throttled("ReservedFunctionConcurrentInvocationLimitExceeded")
        else:
            if self._unreserved_in_use >= self.limit - sum(self.reserved.values()):
                raise _throttled("ConcurrentInvocationLimitExceeded")
            self._unreserved_in_use += 1
        self._in_use[function_arn] = in_use + 1

    def leave(self, function_arn: str) -> None:
        """End one event."""
        in_use = self._in_use.get(function_arn, 0) - 1
        if in_use > 0:
            self._in_use[function_arn] = in_use
        else:
            self._in_use.pop(function_arn, None)
        if function_arn not in self.reserved:
            self._unreserved_in_use = max(0, self._unreserved_in_use - 1)

    def reserve(self, function_arn: str, count: int | None) -> None:
        """Set or (None) remove a reservation, whatever is in flight."""
        in_use = self._in_use.get(function_arn, 0)
        was = self.reserved.pop(function_arn, None)
        if count is not None:
            self.reserved[function_arn] = count
        if was is None and count is not None:
            self._unreserved_in_use = max(0, self._unreserved_in_use - in_use)
        elif was is not None and count is None:
            self._unreserved_in_use += in_use

    def in_use(self, function_arn: str) -> int:
        """Events of a function in flight."""
        return self._in_use.get(function_arn, 0)


def _throttled(reason: str) -> errors.TooManyRequestsException:
    return errors.TooManyRequestsException("Rate Exceeded.", Reason=reason, Type="User")
