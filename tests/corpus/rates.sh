#!/bin/sh
# How often the verdict is right on the corpus, over many seeds: recall, false
# alarms of the gate, and precision of the sites, after 8 and 12 snapshots.
#
# Usage: rates.sh [BUILD [SEEDS [UNEVEN]]]     (default: build 10 0)
# UNEVEN: rounds have up to so many per cent more or fewer requests.
# A measurement, not a test: prints a table, and each miss above it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:-build}" && pwd)
seeds=${2:-10}
uneven=${3:-0}
corpus=$here/../../samples/corpus
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# judge WHEN SNAPSHOT...: one line about $kind, $name and $seed.
judge() {
    when=$1
    shift
    "$build/bin/tenure" diff --format=json "$@" >"$work/report.json" || :
    jq -r --arg kind "$kind" --arg when "$when" --arg name "$name" \
        --arg seed "$seed" --arg expected "$expected" \
        -f "$here/rates.jq" "$work/report.json"
}

measure() {
    rm -rf "$work/run"
    "$build/bin/tenure" run --dir "$work/run" -- \
        "$build/samples/corpus/$name" --rounds 12 --seed "$seed" \
        --uneven "$uneven" >/dev/null
    judge 8 "$work"/run/*.000[1-8].tenure
    judge 12 "$work"/run/*.000?.tenure "$work"/run/*.001[012].tenure
}

for kind in leaking benign; do
    for source in "$corpus/$kind"/*; do
        expected=$(sed -n -f "$here/expectations.sed" "$source")
        [ -n "$expected" ] || continue # a plugin
        name=$(basename "$source" | sed 's/\..*//')
        seed=1
        while [ "$seed" -le "$seeds" ]; do
            measure
            seed=$((seed + 1))
        done
    done
done >"$work/lines"

awk '
    { n[$1, $2]++; suspect[$1, $2] += $5; leak[$1, $2] += $6
      right[$2] += $7; flagged[$2] += $8 }
    $1 == "leaking" && !$6 {
        printf "after %2d: %s seed %d: %s\n", $2, $3, $4,
            $5 ? "suspect only" : "missed" }
    $8 > $7 {
        printf "after %2d: %s seed %d: %d sites flagged without a cause\n",
            $2, $3, $4, $8 - $7 }
    function rate(part, all) {
        return sprintf("%d of %d (%.3f)", part, all, all ? part / all : 0) }
    END {
        for (w = 8; w <= 12; w += 4) {
            l = n["leaking", w]; b = n["benign", w]
            printf "after %d snapshots\n", w
            printf "  recall at suspect or better  %s\n",
                rate(suspect["leaking", w], l)
            printf "  recall at leak               %s\n",
                rate(leak["leaking", w], l)
            printf "  false alarms of the gate     %s\n",
                rate(leak["benign", w], b)
            printf "  precision of the sites       %s\n",
                rate(right[w], flagged[w])
        }
    }' "$work/lines"
