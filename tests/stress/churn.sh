#!/bin/sh
# Runs the program whose heap comes and goes, and looks at its last snapshot.
#
#   churn.sh LIBRARY PROGRAM TENURE
set -eu
library=$1 program=$2 tenure=$3
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_churn_XXXXXX")
trap 'rm -rf "$scratch"' EXIT

# churn ALLOCATOR PRELOAD
churn() {
    kept=$(LD_PRELOAD=$2 TENURE_OPTIONS=dir=$scratch/$1:every=10ms "$program")
    last=$(find "$scratch/$1" -name '*.tenure' | sort | tail -n 1)
    "$tenure" show --format=json "$last" >"$scratch/json"
    jq -e --argjson kept "$kept" '
        def living(name): [.sites[]
            | select(any(.stack[]; .function == name))
            | .live_blocks[0]] | add // 0;
        living("kept") == $kept and living("passing") == 0' \
        "$scratch/json" >/dev/null || {
        echo "$1: not $kept blocks kept and none left over:"
        "$tenure" show "$last"
        exit 1
    }
    if "$tenure" show "$last" | grep -e missed_frees -e untracked_frees; then
        exit 1
    fi
    echo "$1: $kept kept, none lost, none left over"
}

churn glibc "$library"
churn jemalloc "$library:libjemalloc.so.2"
