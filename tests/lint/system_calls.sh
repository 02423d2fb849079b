#!/bin/sh
# Does agent/sandbox.c know every system call that agent/ makes? By it a
# seccomp filter is judged before it is set: sh system_calls.sh [ROOT]
set -eu
cd "${1:-.}"
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_lint_XXXXXX")
trap 'rm -rf "$scratch"' EXIT

sed -n '/ calls\[\] = {/,/};/p' agent/sandbox.c |
    grep -o 'SYS_[a-z0-9_]*' | sort -u >"$scratch/known"
# A call may stand on the next line; strings of assembly name SYS_ too.
cat agent/*.[ch] | tr '\n' ' ' |
    grep -oE 'tenure__syscall[0-6]\( *SYS_[a-z0-9_]+' |
    grep -o 'SYS_.*' | sort -u >"$scratch/made"
[ -s "$scratch/made" ]
missing=$(comm -23 "$scratch/made" "$scratch/known")
if [ -n "$missing" ]; then
    echo "agent/sandbox.c does not know:" "$missing" >&2
    exit 1
fi
