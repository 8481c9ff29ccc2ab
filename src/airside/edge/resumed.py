"""A request that was started at once, and becomes a task only when it has to wait."""

from collections.abc import Coroutine, Generator
from typing import Any, cast

from airside.kernel import HttpResponse


class Resumed:
    """A coroutine that already ran up to its first wait, as something a task can await."""

    __slots__ = ("_coroutine", "_waiting_for")

    def __init__(self, coroutine: Coroutine[Any, Any, HttpResponse], waiting_for: object) -> None:
        self._coroutine = coroutine
        self._waiting_for = waiting_for

    def __await__(self) -> Generator[Any, Any, HttpResponse]:
        coroutine, waiting_for = self._coroutine, self._waiting_for
        error: BaseException | None = None
        value: Any = None
        while True:
            try:
                value = yield waiting_for
            except BaseException as thrown:  # noqa: BLE001  # handed on: cancellation above all
                error = thrown
            try:
                waiting_for = coroutine.send(value) if error is None else coroutine.throw(error)
            except StopIteration as stop:
                return cast("HttpResponse", stop.value)
            error = None
