#!/bin/sh
# Puts in place what the tests need besides ours: the SAM CLI, clients of S3, and Chromium.
set -eu
# The SAM CLI pins versions that are not ours, so it has an environment of its own.
if [ ! -x .venv-sam/bin/sam ]; then
    "${PYTHON:-python3}" -m venv .venv-sam
    .venv-sam/bin/pip install -q --disable-pip-version-check aws-sam-cli ||
        echo "The SAM CLI could not be installed: its test will be skipped." >&2
fi
# S3's other clients, each as its users install it: tests/clients/test_s3_clients.py.
if [ ! -x .venv-s3/bin/s3cmd ]; then
    "${PYTHON:-python3}" -m venv .venv-s3
    .venv-s3/bin/pip install -q --disable-pip-version-check s3cmd s3fs pyarrow ||
        echo "s3cmd, s3fs or pyarrow could not be installed: their tests will be skipped." >&2
fi
if [ ! -d .node-s3/node_modules/@aws-sdk/client-s3 ] && command -v npm >/dev/null 2>&1; then
    mkdir -p .node-s3
    npm install --silent --no-audit --no-fund --prefix .node-s3 @aws-sdk/client-s3 \
        @aws-sdk/lib-storage @aws-sdk/s3-request-presigner ||
        echo "The AWS SDK for JavaScript could not be installed: its test will be skipped." >&2
fi
if ! command -v rclone >/dev/null 2>&1; then
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        apt-get update -qq >/dev/null 2>&1 || true
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq rclone >/dev/null 2>&1 ||
            echo "rclone could not be installed: its test will be skipped." >&2
    else
        echo "rclone is not installed: its test will be skipped." >&2
    fi
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
