#!/bin/sh
# How long the threads stand still for a major snapshot and the mark takes,
# beside a bare fork, which is the least it can be, and beside
# LeakSanitizer on the same program. For who runs it by hand.
#
#   sh pause.sh TENURE AGENT [BLOCKS [BYTES [THREADS]]]
set -eu

tenure=$1
agent=$2
blocks=${3:-1000000}
bytes=${4:-96}
threads=${5:-4}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/tenure-pause-XXXXXX)
trap 'rm -rf "$work"' EXIT

build() {
    clang -O1 -I"$here/../.." "$@" "$here/heap.c" -lpthread
}

build -o "$work/plain"
build -DWITH_LSAN -fsanitize=leak -o "$work/lsan"

# snapshots OPTIONS: three of them, and the one at the end.
snapshots() {
    rm -rf "$work/out"
    TENURE_OPTIONS=dir="$work/out:major$1" LD_PRELOAD="$agent" \
        "$work/plain" "$blocks" "$bytes" "$threads"
    for file in "$work"/out/*.tenure; do
        "$tenure" show --format=json "$file" |
            jq -r '.snapshots[0] | "stood still \(.pause_us) us, marked in " +
                "\(.mark_us / 1000 | floor) ms, " +
                "\(.rss_bytes / 1000000 | floor) MB"'
    done
}

echo "a fork without the agent, after all pages were written to:"
"$work/plain" "$blocks" "$bytes" "$threads"
echo "tenure, marked and written:"
snapshots ''
echo "tenure --objects, marked and written:"
snapshots :objects
echo "LeakSanitizer:"
"$work/lsan" "$blocks" "$bytes" "$threads"
