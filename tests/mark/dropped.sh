#!/bin/sh
# Do calls that wait end in a service that nobody may look at, with a major
# snapshot every 50 ms?
#
#   sh dropped.sh TENURE AGENT PROGRAM
set -eu

tenure=$1
work=$(mktemp -d /tmp/tenure-dropped-XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 777 "$work"

# The user that it becomes has to find all of it.
cp "$2" "$work/libtenure.so"
cp "$3" "$work/program"
mkdir -m 777 "$work/out"

TENURE_OPTIONS=dir=$work/out:major:every=50ms LD_PRELOAD=$work/libtenure.so \
    timeout 60 "$work/program" >"$work/said"
grep -qx ended "$work/said"
for file in "$work"/out/*.tenure; do
    "$tenure" show --format=json "$file"
done | jq -s '[.[].snapshots[0] | select(.pause_us > 0)] | length' \
    >"$work/marks"
[ "$(cat "$work/marks")" -gt 5 ]
