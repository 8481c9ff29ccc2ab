"""Frames on the socket between the server and an execution environment.

Every frame: length of what follows the type (4 bytes), type (1 byte), then

    INVOKE    to the environment     length of the head (4), head, event
                                     head: six lines, request id, deadline in epoch ms, ARN,
                                     trace id, client context, Cognito identity
    STARTED   from the environment   nothing: the process is there, INIT begins
    READY     from the environment   microseconds that INIT took (4)
    FAILED    from the environment   JSON of the error that ends INIT, or the process
    GO        to the environment     nothing: extensions have registered, INIT may begin
    RESULT    from the environment   peak memory in KiB (4), the function's payload
    ERROR     from the environment   peak memory in KiB (4), JSON of the error

All numbers are big-endian.
"""

from __future__ import annotations

import struct

HEADER = struct.Struct(">IB")
LENGTH = struct.Struct(">I")

INVOKE, STARTED, READY, FAILED, RESULT, ERROR, GO = 1, 2, 3, 4, 5, 6, 7

LOG_MAGIC = b"\xa5\x5a\x00"
LOG_HEAD = struct.Struct(">3sBIQ")
"""Begins a record on the log pipe that is one log event whatever lines it has: the magic, a type
(format and level), the length of the text, its time in microseconds since the epoch. This is how
AWS's own runtime clients write to the descriptor that _LAMBDA_TELEMETRY_LOG_FD names."""
LOG_TEXT = 3
