"""The AWS::Serverless transform, through a worker process that ends when it is idle."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from airside.kernel import Cloud, Component
from airside.services.cloudformation.template import Path as TemplatePath
from airside.services.cloudformation.template import Template, TemplateError

NAME = "AWS::Serverless-2016-10-31"
IDLE_SECONDS = 8.0
"""How long a worker stays for the next deployment."""
_LINE_BYTES_MAX = 64 << 20
_WORKER = Path(__file__).with_name("sam_worker.py")


class SamTransform(Component):
    """Runs the transform. One worker at a time; it knows one region."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud)
        self._turn = asyncio.Lock()
        self._worker: asyncio.subprocess.Process | None = None
        self._region = ""
        self._dismissal: asyncio.TimerHandle | None = None

    async def stop(self) -> None:
        """End the worker."""
        async with self._turn:
            await self._dismiss()

    async def apply(self, template: Template, parameters: dict[str, Any], region: str) -> Template:
        """The template with its serverless resources expanded. Raises TemplateError."""
        request = {"template": template.body, "parameters": parameters}
        async with self._turn:
            if self._dismissal is not None:
                self._dismissal.cancel()
            if (
                self._worker is None
                or self._region != region
                or self._worker.returncode is not None
                or self._worker.stdin is None
                or self._worker.stdin.is_closing()  # dismissed, and not gone yet
            ):
                await self._dismiss()
                await self._hire(region)
            answer = await self._ask(json.dumps(request).encode() + b"\n")
            loop = asyncio.get_running_loop()
            self._dismissal = loop.call_later(IDLE_SECONDS, self._close)
        if "template" not in answer:
            raise _refusal(template, answer)
        return Template(answer["template"], template.lines)

    async def _hire(self, region: str) -> None:
        environment = {
            "AWS_DEFAULT_REGION": region,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        self._region = region
        self._worker = await asyncio.create_subprocess_exec(
            sys.executable, "-P", str(_WORKER),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
            env=environment, limit=_LINE_BYTES_MAX,
        )  # fmt: skip

    async def _ask(self, line: bytes) -> dict[str, Any]:
        worker = self._worker
        assert worker is not None
        assert worker.stdin is not None
        assert worker.stdout is not None
        reply = b""
        try:
            worker.stdin.write(line)
            await worker.stdin.drain()
            reply = await worker.stdout.readline()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            # It died, or this request was cancelled: its answer must not be the next one's.
            if not reply:
                _kill(worker)
        if not reply:
            return {"message": "", "errors": ["Internal transform failure."]}
        answer: dict[str, Any] = json.loads(reply)
        return answer

    def _close(self) -> None:
        """Let an idle worker go: it ends when its stdin does."""
        if self._worker is not None and self._worker.stdin is not None:
            self._worker.stdin.close()

    async def _dismiss(self) -> None:
        if self._dismissal is not None:
            self._dismissal.cancel()
        if self._worker is not None:
            self._close()
            await self._worker.wait()
        self._worker = None


def _kill(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        worker.kill()
    if worker.stdin is not None:
        worker.stdin.close()


def _refusal(template: Template, answer: dict[str, Any]) -> TemplateError:
    """AWS's sentence, and the line of each resource that it speaks of."""
    said = " ".join([answer["message"], *(_located(template, text) for text in answer["errors"])])
    return TemplateError(f"Transform {NAME} failed with: {said.strip()}")


def _located(template: Template, text: str) -> str:
    _, found, rest = text.partition("Resource with id [")
    if not found:
        return text
    path: TemplatePath = ("Resources", rest.partition("]")[0])
    line = template.line(path)
    return f"{text} (line {line})" if line and path in template.lines else text
