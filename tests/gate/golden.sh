#!/bin/sh
# The golden files of the gate's outputs are what their consumers read.
set -u
gate=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/gate/validate.sh
. "$gate/validate.sh"
bad=0
for name in leaking clean inconclusive; do
    golden=$gate/golden/$name
    validate junit "$golden.junit.xml" || bad=1
    validate sarif "$golden.sarif" || bad=1
    validate gitlab "$golden.gitlab.json" || bad=1
    validate openmetrics "$golden.openmetrics.txt" || bad=1
    validate github "$golden.github.txt" || bad=1
done
exit $bad
