"""What the interpreters of saved files would refuse at once, without running them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

JAVASCRIPT = frozenset({".js", ".mjs", ".cjs"})
CODE = JAVASCRIPT | {".py"}
_SECONDS_MAX = 5
_FLAGS = ("--experimental-vm-modules", "--no-warnings")
_CHECK = r"""
const fs = require('fs'), path = require('path'), vm = require('vm');
function named(folder) {
  for (;; folder = path.dirname(folder)) {
    try { return JSON.parse(fs.readFileSync(path.join(folder, 'package.json'))).type === 'module'; }
    catch (error) { if (folder === path.dirname(folder)) return false; }
  }
}
const GIVEN = ['exports', 'require', 'module', '__filename', '__dirname'];
const found = {};
for (const file of JSON.parse(fs.readFileSync(0))) {
  let source;
  try { source = fs.readFileSync(file, 'utf8').replace(/^#!.*/, ''); } catch { continue; }
  const written = /^\s*(?:export\b|import\b(?!\s*[.(]))/m.test(source);
  const isModule = path.extname(file) === '.mjs'
    || (path.extname(file) === '.js' && (written || named(path.dirname(file))));
  try {
    if (isModule) new vm.SourceTextModule(source, { identifier: file });
    else vm.compileFunction(source, GIVEN, { filename: file });
  } catch (error) {
    const line = /:(\d+)$/.exec(String(error.stack).split('\n')[0]);
    found[file] = [line ? line[1] : '', `${error.name}: ${error.message}`];
  }
}
process.stdout.write(JSON.stringify(found));
"""


def problems(paths: Iterable[Path]) -> dict[Path, str]:
    """Path -> `line: what is wrong`, for those that cannot be read as code."""
    given = list(paths)
    found = {path: said for path in given if path.suffix == ".py" and (said := _python(path))}
    found.update(_javascript([path for path in given if path.suffix in JAVASCRIPT]))
    return found


def _python(path: Path) -> str | None:
    try:
        compile(path.read_bytes(), str(path), "exec")
    except (SyntaxError, ValueError) as error:
        return f"{getattr(error, 'lineno', None)}: {error}"
    except OSError:  # editors save through files that come and go
        return None
    return None


def _javascript(paths: list[Path]) -> dict[Path, str]:
    """One Node for all of them: to start one takes longer than to read a file."""
    node = shutil.which("node")
    if node is None or not paths:
        return {}
    asked = json.dumps([str(path) for path in paths]).encode()
    try:
        done = subprocess.run(
            [node, *_FLAGS, "-e", _CHECK], input=asked, capture_output=True, check=True,
            timeout=_SECONDS_MAX,
        )  # fmt: skip
        return {
            Path(path): f"{line or _line_of_module(node, path)}: {said}"
            for path, (line, said) in json.loads(done.stdout).items()
        }
    except (OSError, subprocess.SubprocessError, ValueError):
        return {}


def _line_of_module(node: str, path: str) -> str:
    """Where a module is wrong, which Node's compiler of modules keeps to itself."""
    done = subprocess.run(
        [node, "--input-type=module", "--check", "-"], input=Path(path).read_bytes(),
        capture_output=True, check=False, timeout=_SECONDS_MAX,
    )  # fmt: skip
    found = re.match(rb"\[stdin\]:(\d+)", done.stderr)
    return found[1].decode() if found else "?"
