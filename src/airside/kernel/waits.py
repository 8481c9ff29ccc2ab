"""Waiting for what comes by itself."""

import asyncio
from typing import TypeVar

T = TypeVar("T")


class Wait(asyncio.Future[T]):
    """The end of something that ends by itself, whether or not anybody still wants to know.

    So whoever runs a request need not make a task of it for this wait, and nobody has to be able
    to cancel it.
    """
