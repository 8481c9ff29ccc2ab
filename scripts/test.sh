#!/bin/sh
# All tests, in parallel. Many time real processes that share the machine with other tests, so what
# fails among the others is tried once more by itself, where everybody sees it; it has to pass then.
set -u
status=0
$PYTEST -n "$JOBS" --dist loadscope tests examples/shop/tests || status=$?
[ "$status" = 1 ] || exit "$status"
echo "Some tests failed beside others: once more, each by itself." >&2
exec $PYTEST --last-failed --last-failed-no-failures none tests examples/shop/tests
