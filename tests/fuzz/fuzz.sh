#!/bin/sh
# Fuzzes the reader for 20 seconds from whole snapshots: sh fuzz.sh FUZZER
# MAKE_SERIES
set -eu
work=$(mktemp -d "${TMPDIR:-/tmp}/tenure_fuzz_XXXXXX")
trap 'rm -rf "$work"' EXIT
"$2" "$work/corpus" "$work/cache"
cd "$work"
"$1" -seed=1 -max_total_time=20 -max_len=16384 -rss_limit_mb=2048 \
    -print_final_stats=1 corpus >log 2>&1 || {
    tail -n 60 log >&2
    exit 1
}
grep -E 'cov:|executed_units' log | tail -n 2
