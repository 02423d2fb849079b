#!/bin/sh
# Fuzzes the reader of suppression files for 20 seconds: sh suppressions.sh
# FUZZER
set -eu
fuzzer=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/tenure_fuzz_XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir corpus
cat >corpus/leak <<EOT
leak:copy_key
# until=2027-01-31 max=1MiB
leak:^main\$ # why
EOT
cat >corpus/valgrind <<EOT
{
  name
  Memcheck:Leak
  match-leak-kinds: definite,possible
  fun:malloc
  ...
  obj:*/lib*.so
  src:a.c:3
  fun:_ZN3foo3BarC1Ev
}
EOT
"$fuzzer" -seed=1 -max_total_time=20 -max_len=4096 -rss_limit_mb=2048 \
    -print_final_stats=1 corpus >log 2>&1 || {
    tail -n 60 log >&2
    exit 1
}
grep -E 'cov:|executed_units' log | tail -n 2
