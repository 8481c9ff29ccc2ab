"""What an environment is to those around it: its states, its process, its owner."""

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from airside.runtime.spec import Outcome
from airside.runtime.template import Born

if TYPE_CHECKING:
    from airside.runtime.environment import Environment


class Process(Protocol):
    """Whatever runs an environment: a template's fork, or a program of its own."""

    def kill(self, environment_id: int, *, keep: bool = False) -> None:
        """Kill it and every process in it; `keep` its /tmp."""
        ...

    def signal(self, environment_id: int, number: int) -> None:
        """Signal the process that runs the function, and it alone."""
        ...

    def freeze(self, environment_id: int) -> None:
        """Stop every process in it."""
        ...

    def thaw(self, environment_id: int) -> None:
        """Let every process in it go on."""
        ...

    def prioritize(self, environment_id: int, *, background: bool) -> bool:
        """Have it go after others, or before them, from now on; False when that cannot be."""
        ...

    def born(self, environment_id: int) -> Born | None:
        """Which process it is; None when that is not known yet, or no more."""
        ...


class State(Enum):
    """Where an environment is in its life."""

    STARTING = "starting"
    IDLE = "idle"
    BUSY = "busy"
    LEAVING = "leaving"
    DEAD = "dead"


class Owner(Protocol):
    """Who is told what becomes of an environment."""

    def on_started(self, environment: "Environment") -> None:
        """The process is there; INIT has begun."""
        ...

    def on_ready(self, environment: "Environment") -> None:
        """It can take an event: after INIT, and after each event."""
        ...

    def on_dead(self, environment: "Environment", failure: Outcome | None) -> None:
        """It is gone; `failure` says why when INIT did not end well."""
        ...
