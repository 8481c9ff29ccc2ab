"""Regular expressions that users wrote: one that takes too long stops nobody but its user.

The standard library's engine cannot be stopped, and some expressions take years. This one can, and
knows what Java's and JavaScript's know (`\\p{L}`, possessive quantifiers, looking around).
"""

import re
import time
from typing import Any

SECONDS_MAX = 0.1
PATTERN_CHARACTERS_MAX = 10_000


class PatternError(Exception):
    """No regular expression."""


class TooSlow(PatternError):
    """More work than a request may make."""


class Effort:
    """What the expressions of one request, template or document may take together.

    All methods raise PatternError.
    """

    def __init__(self, seconds: float = SECONDS_MAX) -> None:
        self._seconds = seconds

    def search(self, pattern: str, text: str) -> bool:
        """Whether some of `text` fits."""
        return self._run("search", pattern, text) is not None

    def fullmatch(self, pattern: str, text: str, *, dotall: bool = False) -> bool:
        """Whether the whole of `text` fits; with `dotall`, a dot stands for line ends, too."""
        flags = int(re.DOTALL) if dotall else 0
        return self._run("fullmatch", pattern, text, flags=flags) is not None

    def count(self, pattern: str, text: str) -> int:
        """How often it fits."""
        return len(self._run("findall", pattern, text))

    def replace(self, pattern: str, new: str, text: str, count: int = 0) -> str:
        """`text` with `new`, in which `\\g<1>` is a group, for the first `count` fits, or all."""
        return str(self._run("sub", pattern, new, text, count=count))

    def split(self, pattern: str, text: str, count: int = 0) -> list[str]:
        """What stands between the first `count` fits, or all."""
        return list(self._run("split", pattern, text, maxsplit=count))

    def _run(self, method: str, pattern: str, *arguments: str, **named: int) -> Any:
        import regex  # 3 MB, only for those who have expressions

        if len(pattern) > PATTERN_CHARACTERS_MAX:
            raise PatternError("the regular expression is too long")
        if self._seconds <= 0:
            raise TooSlow("the regular expressions take too long")
        begun = time.perf_counter()
        try:
            return getattr(regex, method)(pattern, *arguments, timeout=self._seconds, **named)
        except TimeoutError:
            raise TooSlow("the regular expression takes too long") from None
        except (regex.error, OverflowError, RecursionError, IndexError) as error:
            raise PatternError(str(error)) from None
        finally:
            self._seconds -= time.perf_counter() - begun
