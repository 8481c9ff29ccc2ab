"""The AWS profile `airside`: with it every tool that reads AWS's configuration finds the server."""

import os
import re
from pathlib import Path

PROFILE = "airside"


def write(
    endpoint: str, region: str, access_key_id: str, secret: str, name: str = PROFILE
) -> tuple[Path, Path]:
    """Write or renew the profile, leaving the rest of the files as it is; the two files."""
    home = Path.home() / ".aws"
    config = Path(os.environ.get("AWS_CONFIG_FILE") or home / "config")
    credentials = Path(os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or home / "credentials")
    _replace_section(
        config, f"profile {name}", {"region": region, "endpoint_url": endpoint, "output": "json"}
    )
    _replace_section(
        credentials, name, {"aws_access_key_id": access_key_id, "aws_secret_access_key": secret}
    )
    return config, credentials


def _replace_section(path: Path, section: str, values: dict[str, str]) -> None:
    text = path.read_text() if path.exists() else ""
    block = f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in values.items())
    pattern = re.compile(rf"^\[{re.escape(section)}\]\n(?:(?!\[).*\n?)*", re.MULTILINE)
    if pattern.search(text):
        renewed = pattern.sub(lambda _: block + "\n", text, count=1)
    else:
        renewed = text + ("\n" if text and not text.endswith("\n\n") else "") + block
    if renewed.rstrip() == text.rstrip():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".airside-new")
    temporary.touch(mode=0o600)
    temporary.write_text(renewed.rstrip() + "\n")
    temporary.replace(path)
