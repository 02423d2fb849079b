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

# refuses FORMAT FILE CHANGE: the same with a mistake in it is not.
wrong=$(mktemp)
trap 'rm -f "$wrong"' EXIT
refuses() {
    sed "$3" "$gate/golden/$2" >"$wrong"
    ! cmp -s "$gate/golden/$2" "$wrong" ||
        { echo "$3 changed nothing" >&2; bad=1; }
    if validate "$1" "$wrong" 2>/dev/null; then
        echo "$1 accepts $3" >&2
        bad=1
    fi
}
refuses sarif leaking.sarif 's/"physicalLocation"/"physical_location"/'
refuses sarif leaking.sarif 's/"startLine": *[0-9]*/"startLine": "1"/'
refuses junit leaking.junit.xml 's/<failure/<broken/; s/<.failure/<\/broken/'
refuses gitlab leaking.gitlab.json 's/"severity"/"weight"/'
refuses openmetrics leaking.openmetrics.txt 's/^# TYPE .*/# TYPE x bad/'
exit $bad
