#!/bin/sh
# Puts in place what the tests need besides ours: the SAM CLI, and Chromium for the browser.
set -eu
# The SAM CLI pins versions that are not ours, so it has an environment of its own.
if [ ! -x .venv-sam/bin/sam ]; then
    "${PYTHON:-python3}" -m venv .venv-sam
    .venv-sam/bin/pip install -q --disable-pip-version-check aws-sam-cli ||
        echo "The SAM CLI could not be installed: its test will be skipped." >&2
fi
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
    echo "installing Chromium from the system's packages" >&2
    apt-get update -qq >/dev/null 2>&1 || true
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null 2>&1 && exit 0
fi
echo "The browser tests need Chromium: install it (Debian: sudo apt-get install chromium;" >&2
echo "macOS: brew install --cask chromium) and run 'make test' again." >&2
exit 1
