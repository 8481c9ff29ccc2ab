"""Where functions run: the agent, templates, execution environments, the sandbox, scaling.

`guest/` is what runs outside the server: it imports nothing of ours besides itself, and any
Python from 3.9 on can run it.
"""

from airside.runtime.agent import Agent

__all__ = ["Agent"]
