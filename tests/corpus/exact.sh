#!/bin/sh
# Asserts the diff of samples/exact.c to the last block and byte.
#
# Usage: exact.sh TENURE EXACT SOURCE WORK
set -u

tenure=$1 exact=$2 source=$3 work=$4
here=$(cd "$(dirname "$0")" && pwd)

line() {
    grep -n "/\* line of the $1 \*/" "$source" | cut -d: -f1
}

rm -rf "$work"
mkdir -p "$work" || exit 1
"$tenure" run --dir "$work/snapshots" -- "$exact" || exit 1
cd "$work/snapshots" || exit 1
# Two snapshots are a diff, not a verdict, which is no failure.
"$tenure" diff --format=json ./*.000[12].tenure >"$work/diff.json"
status=$?
case $status in
0 | 3) ;;
*)
    echo "diff ended with status $status" >&2
    exit 1
    ;;
esac
said=$(jq -r --argjson leak "$(line leak)" --argjson entries \
    "$(line entries)" --argjson birth "$(line birth)" --argjson growth \
    "$(line growth)" -f "$here/exact.jq" "$work/diff.json") || exit 1
[ -z "$said" ] && exit 0
echo "$said"
exit 1
