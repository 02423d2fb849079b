#!/bin/sh
# Wherever a report prints what a sampled run estimates, it says so and says
# how far it may be off; of an exact run it says neither.
#
#   reports.sh TENURE PROGRAM
set -eu
tenure=$1 program=$2
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_reports_XXXXXX")
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C

"$tenure" run --dir="$scratch/sampled" --sample=16K -- "$program"
"$tenure" run --dir="$scratch/exact" -- "$program"

# says WHAT PATTERN ARGUMENTS...: the report has it of the sample, only.
says() {
    what=$1 pattern=$2
    shift 2
    for run in sampled exact; do
        find "$scratch/$run" -name '*.000[1-8].tenure' | sort |
            xargs "$tenure" "$@" >"$scratch/$run.text" || true
    done
    grep -q -e "$pattern" "$scratch/sampled.text" || {
        echo "$what does not say: $pattern"
        cat "$scratch/sampled.text"
        exit 1
    }
    if grep -q -e "$pattern" "$scratch/exact.text"; then
        echo "$what of an exact run says: $pattern"
        exit 1
    fi
}

says trend 'one sample per 16.0 KiB: numbers are estimates' diff
says trend 'Rate  *Std. Error' diff
says trend '/s  *[0-9.]* KiB  *keep_more' diff
site=$(find "$scratch/sampled" -name '*.000[1-8].tenure' | sort |
    xargs "$tenure" diff --format=json | jq -r '.sites[]
        | select(any(.stack[]; .function == "keep_more")).id')
says explain 'estimates: .* standard error of [1-9]' diff --explain="$site"
says check '+- [0-9.]* KiB alive in the last; .* estimates' check
says check 'in keep_more at .*/growing\.c:[0-9]*: .* +- [0-9.]* KiB in .* blocks' check
for run in sampled exact; do
    ln -s "$scratch/$run"/*.0008.tenure "$scratch/$run/last"
    "$tenure" show "$scratch/$run/last" >"$scratch/$run.text"
done
grep -q 'Tenured  *Std. Error' "$scratch/sampled.text"
if grep "Std. Error" "$scratch/exact.text"; then
    exit 1
fi
