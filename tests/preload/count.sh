#!/bin/sh
# Counts the calls of a deterministic program with heaptrack and compares:
# the agent's allocated_blocks must agree within one in a thousand.
#
#   sh count.sh AGENT TENURE VICTIM
set -eu

agent=$1 tenure=$2 victim=$3
work=$(mktemp -d /tmp/tenure-count-XXXXXX)
trap 'rm -rf "$work"' EXIT

timeout 120 heaptrack -o "$work/heaptrack" "$victim" >"$work/log" 2>&1
theirs=$(heaptrack_print "$work"/heaptrack.* 2>/dev/null |
    sed -n 's/^calls to allocation functions: \([0-9]*\).*/\1/p')

mkdir "$work/snapshots"
timeout 120 env LD_PRELOAD="$agent" TENURE_OPTIONS="dir=$work/snapshots" \
    "$victim" >>"$work/log"
ours=$("$tenure" show --format=json "$work"/snapshots/*.tenure |
    jq '.snapshots[0].allocated_blocks')

echo "heaptrack: ${theirs:-nothing}, tenure: ${ours:-nothing}"
[ -n "$theirs" ] && [ -n "$ours" ]
off=$((ours > theirs ? ours - theirs : theirs - ours))
[ $((off * 1000)) -le "$theirs" ]
