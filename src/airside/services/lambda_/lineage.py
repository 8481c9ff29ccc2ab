"""How often a chain of requests has come through a function: the end of loops nobody meant. Pure.

The count travels in the trace header, from a function's event to what the function sends, and with
that to the event it becomes: `Root=...;Lineage=5759e988:3|bd862e3f:2`, each function by a checksum.
https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html
"""

import zlib

PASSES_MAX = 16
"""More runs of one function in one chain are a loop."""
_MARK = ";Lineage="
_FUNCTIONS_MAX = 8
"""Functions whose passes a header tells; AWS looks at chains of a few, too."""


def passed(trace: str, arn: str) -> tuple[str, int]:
    """The header for what a function does with an event that came under `trace`; the passes."""
    head, _, rest = trace.partition(_MARK)
    counts, _, more = rest.partition(";")
    mine = f"{zlib.crc32(arn.encode()):08x}"
    passes, others = 1, []
    for part in counts.split("|") if counts else ():
        name, _, count = part.partition(":")
        if name == mine:
            passes = int(count) + 1 if count.isdecimal() else 1
        else:
            others.append(part)
    lineage = "|".join((f"{mine}:{passes}", *others[: _FUNCTIONS_MAX - 1]))
    return f"{head}{f';{more}' if more else ''}{_MARK}{lineage}", passes
