"""Start-up, idle memory, and a new environment."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from benchmarks.command import parser
from benchmarks.harness import Target, memory_mib, say, server

ROUNDS = 5


def first_answer() -> float:
    """Seconds from starting the process to its first answer over HTTP."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        given = json.dumps({"port": 0, "site_port": 0, "data_dir": folder})
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "airside.serve", given], stdout=subprocess.PIPE, text=True
        )
        state = json.loads(process.stdout.readline())
        urllib.request.urlopen(state["endpoint"] + "/_airside/health").read()
        took = time.perf_counter() - start
        process.terminate()
        process.wait(30)
    return took


def ask(target: Target, action: str, **asked) -> float:
    """Milliseconds for one of Airside's own addresses."""
    url = f"{target.endpoint}/_airside/{action}"
    request = AWSRequest("POST", url, data=json.dumps(asked).encode())
    SigV4Auth(Credentials(target.key, target.secret), "airside", "us-east-1").add_auth(request)
    sent = urllib.request.Request(url, request.data, dict(request.headers.items()), method="POST")
    start = time.perf_counter()
    urllib.request.urlopen(sent).read()
    return (time.perf_counter() - start) * 1000


def main() -> None:
    """Print the figures."""
    parser("benchmarks.startup", __doc__).parse_args()
    say(
        "first answer after start",
        f"{statistics.median(first_answer() for _ in range(ROUNDS)):.2f} s",
    )
    with server() as target:
        time.sleep(1)
        say("idle memory, server and agent", f"{memory_mib(target.pid):.0f} MiB PSS")
        times = [ask(target, "environments/create", name=f"e{n}") for n in range(ROUNDS)]
        say("an environment created", f"{statistics.median(times):.1f} ms")


if __name__ == "__main__":
    main()
