"""A resource request as the engine makes it, with what only the engine wants to know."""

from dataclasses import dataclass, field

from airside.kernel import ResourceRequest


@dataclass(frozen=True, slots=True)
class StepRequest(ResourceRequest):
    """Says which type the template names and remembers the names that were made of it."""

    type: str = ""
    """E.g. `Custom::Thing`, where the resource type only knows that it is custom."""
    names: list[str] = field(default_factory=list)

    def physical_name(self, length_max: int = 64, *, lower: bool = False) -> str:
        """A generated name."""
        name = ResourceRequest.physical_name(self, length_max, lower=lower)
        self.names.append(name)
        return name
