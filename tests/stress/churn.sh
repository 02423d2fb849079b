#!/bin/sh
# Runs the program whose heap comes and goes, and looks at its last snapshot.
#
#   churn.sh LIBRARY PROGRAM TENURE
set -eu
library=$1 program=$2 tenure=$3
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_churn_XXXXXX")
trap 'rm -rf "$scratch"' EXIT

kept=$(LD_PRELOAD=$library TENURE_OPTIONS=dir=$scratch/s:every=10ms "$program")
last=$(find "$scratch/s" -name '*.tenure' | sort | tail -n 1)
"$tenure" show --format=json "$last" >"$scratch/json"
jq -e --argjson kept "$kept" '
    ([.sites[] | select(any(.stack[]; .function == "kept")) | .live_blocks[0]]
     | add) == $kept and
    ([.sites[] | select(any(.stack[]; .function == "passing"))
      | .live_blocks[0]] | add // 0) == 0' "$scratch/json" >/dev/null || {
    echo "not $kept blocks kept and none left over:"
    "$tenure" show "$last"
    exit 1
}
if "$tenure" show "$last" | grep -e missed_frees -e untracked_frees; then
    exit 1
fi
echo "$kept kept, none lost, none left over"
