#!/bin/sh
# Runs every situation under the agent and compares what is lost with what
# the situation says.
#
#   sh situations.sh TENURE AGENT PROGRAM [ALLOCATOR [KNOWN]]
#
# ALLOCATOR is a library to preload below the agent; KNOWN are situations in
# which its own tables are known to hold what the program has lost: some, but
# not all, has to be found there. TENURE_TEST_UNDER is a command to run each
# program under, TENURE_TEST_ONLY a pattern for the names of those to run;
# TENURE_TEST_MORE_THAN says how many there have to be.
set -eu

tenure=$1
agent=$2
program=$3
allocator=${4:-}
known=" ${5:-} "
work=$(mktemp -d /tmp/tenure-mark-XXXXXX)
trap 'rm -rf "$work"' EXIT
wrong=0
count=0

mkdir "$work/shown"
for name in $("$program" --list | grep -E "${TENURE_TEST_ONLY:-.}"); do
    rm -rf "$work/out"
    # shellcheck disable=SC2086 # a command and its arguments
    expected=$(timeout 60 ${TENURE_TEST_UNDER:-} env \
        TENURE_OPTIONS=dir="$work/out":major \
        LD_PRELOAD="$agent${allocator:+:$allocator}" "$program" "$name")
    echo "$name $expected" >>"$work/expected"
    last=$(find "$work/out" -name '*.tenure' | sort | tail -n 1)
    "$tenure" show --format=json "$last" >"$work/shown/$name"
done
(cd "$work/shown" && jq -r '"\(input_filename) \(.snapshots[0] |
    "\(.kind) \(.lost_blocks) \(.lost_bytes)")"' -- *) >"$work/found"

while read -r name expected; do
    found=$(sed -n "s/^$name //p" "$work/found")
    count=$((count + 1))
    [ "$found" = "major $expected" ] && continue
    case "$known:${found% *}" in
    *" $name "*:"major 0") ;;
    *" $name "*)
        echo "$name: known: expected $expected, found $found"
        continue
        ;;
    esac
    echo "$name: expected major $expected, found $found" >&2
    wrong=$((wrong + 1))
done <"$work/expected"
echo "$count situations, $wrong wrong"
[ "$count" -gt "${TENURE_TEST_MORE_THAN:-40}" ] && [ "$wrong" = 0 ]
