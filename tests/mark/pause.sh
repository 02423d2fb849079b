#!/bin/sh
# How long the threads stand still for a major snapshot, and how long
# LeakSanitizer stops the same program. For who runs it by hand.
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
echo "tenure: whole snapshot, then pause, for each of three"
TENURE_OPTIONS=dir="$work/out":major LD_PRELOAD="$agent" \
    "$work/plain" "$blocks" "$bytes" "$threads"
for file in "$work"/out/*.tenure; do
    "$tenure" show --format=json "$file" |
        jq -r '.snapshots[0] |
            "pause \(.pause_us) us, \(.rss_bytes / 1000000 | floor) MB"'
done
echo "LeakSanitizer: stopped for all of"
"$work/lsan" "$blocks" "$bytes" "$threads"
