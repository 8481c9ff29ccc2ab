"""Packages that are not Python modules: with a bootstrap, for Node."""

import io
import zipfile

BOOTSTRAP = """#!/bin/sh
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime"
{init}
while true; do
  headers=$(mktemp)
  event=$(curl -sS -D "$headers" "$api/invocation/next") || exit 1
  id=$(sed -n 's/^lambda-runtime-aws-request-id: *\\(.*\\)\\r/\\1/Ip' "$headers")
{work}
done
"""


def archive(**files: str) -> bytes:
    """A zip; `index_mjs="..."` holds index.mjs, and what begins with #! can be run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, source in files.items():
            entry = zipfile.ZipInfo(name if "." in name else name.replace("_", "."))
            entry.external_attr = (0o755 if source.startswith("#!") else 0o644) << 16
            entry.create_system = 3
            made.writestr(entry, source)
    return buffer.getvalue()


def bootstrap(work: str, init: str = "") -> bytes:
    """A function in shell: `work` is run for each event, with $event, $id, $headers and $api."""
    return archive(bootstrap=BOOTSTRAP.format(init=init, work=work))
