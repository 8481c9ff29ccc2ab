"""Getting boto3 ready in a template, so that an environment's first client is quick.

Reading a service's model takes botocore 50 ms and more, and it keeps what it has read per session.
Here each new session begins with the models that the template has read: the very values that the
session would have read itself. Nothing of the template's settings or credentials is kept.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Any

SERVICES = ("dynamodb", "sqs", "s3")
"""Read ahead, because most functions use one of them; others are read when they are used."""
_SHARED = frozenset({
    "load_service_model", "load_data", "load_data_with_path", "determine_latest_version",
    "list_api_versions",
})  # fmt: skip
_SESSION_VARIABLES = (
    "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_DATA_PATH", "BOTO_CONFIG",
)  # fmt: skip
_NOBODY = "http://127.0.0.1:9"


class Warmth:
    """What is still to be read, one service at a time, when the template has nothing else to do."""

    def __init__(self, boto3: bool) -> None:
        self._left = list(SERVICES) if boto3 else []
        self._models: dict[Any, Any] = {}
        if boto3:
            self._share_models()

    def step(self) -> bool:
        """Read some more; False when there was no more to be read."""
        if not self._left:
            return False
        service = self._left.pop(0)
        with contextlib.suppress(Exception):  # what does not get warm now does so when it is used
            self._use(service)
        if not self._left:
            with contextlib.suppress(Exception):
                _prepare_session()
        return True

    def _share_models(self) -> None:
        from botocore import loaders

        models, begin = self._models, loaders.Loader.__init__

        def begin_with_models(loader: Any, *arguments: Any, **named: Any) -> None:
            begin(loader, *arguments, **named)
            if not arguments and not named.get("extra_search_paths"):
                loader._cache.update(models)

        loaders.Loader.__init__ = begin_with_models

    def _use(self, service: str) -> None:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError

        session = boto3.Session()
        config = Config(retries={"max_attempts": 0}, connect_timeout=0.2, read_timeout=0.2)
        client = session.client(
            service, region_name="us-east-1", endpoint_url=_NOBODY, aws_access_key_id="none",
            aws_secret_access_key="none", config=config,  # noqa: S106
        )  # fmt: skip
        operation = {"dynamodb": "list_tables", "sqs": "list_queues", "s3": "list_buckets"}[service]
        with contextlib.suppress(BotoCoreError):
            getattr(client, operation)()
        loader = session._session.get_component("data_loader")
        shared = {key: value for key, value in loader._cache.items() if key[0] in _SHARED}
        self._models.update(shared)


def _prepare_session() -> None:
    """Make the session that `boto3.client` uses, without any settings of its own."""
    boto3: Any = importlib.import_module("boto3")
    session = boto3.Session()
    inner = session._session
    inner._config = inner._profile = inner._profile_map = None
    boto3.DEFAULT_SESSION = session


def take_over(variables: dict[str, str]) -> None:
    """In an environment: keep the session only where its settings could not be others."""
    boto3: Any = sys.modules.get("boto3")
    if boto3 is None or boto3.DEFAULT_SESSION is None:
        return
    files = [os.path.expanduser(f"~/.aws/{name}") for name in ("config", "credentials")]  # noqa: PTH111
    own = any(name in variables for name in _SESSION_VARIABLES)
    if own or any(os.path.exists(path) for path in files):  # noqa: PTH110
        boto3.DEFAULT_SESSION = None
