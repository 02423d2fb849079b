#!/bin/sh
# What tenure check says of lost structures: one finding each, with what is
# below it, and a suppression that takes all of it along.
#
#   sh kinds.sh TENURE PROGRAM
set -eu

tenure=$1
program=$2
work=$(mktemp -d /tmp/tenure-kinds-XXXXXX)
trap 'rm -rf "$work"' EXIT
wrong=0

expect() {
    [ "$2" = "$3" ] && return
    printf '%s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3" >&2
    wrong=$((wrong + 1))
}

check() {
    rm -rf "$work/out"
    # shellcheck disable=SC2086 # none or one
    "$tenure" check --min-snapshots=1 --dir="$work/out" \
        --output=json:"$work/json" "$@" -- "$program" ${argument:-} \
        >"$work/text" 2>&1 || true
}

# A line for each finding: function, blocks and bytes, and those below.
findings() {
    jq -r '. as $all | .findings[] | select(.id == .leader and .state == "fails")
        | .id as $id | ($all.sites[] | select(.id == $id)) as $site
        | "\(.function) \(.blocks) \(.bytes) \($site.below_blocks) \(
            $site.below_bytes)"' "$work/json" | sort
}

check
expect "findings" "grow 2 48 252 6048
lose_list 1 24 1000 24000
lose_map 1 48 2000 114000
lose_owners 100 6400 100 4200
new_right 100 4800 100 3200" "$(findings)"
expect "kinds" "3656 162768 3452 151448" "$(jq -r '.snapshots[0] |
    "\(.lost_blocks) \(.lost_bytes) \(.indirect_blocks) \(.indirect_bytes)"' \
    "$work/json")"
expect "words" 1 "$(grep -c "1 block definitely lost, 48 B, and 2000 blocks" \
    "$work/text")"

echo 'leak:^lose_map$' >"$work/rules"
check --suppressions="$work/rules"
expect "a suppressed root" "grow lose_list lose_owners new_right " \
    "$(findings | sed 's/ .*//' | tr '\n' ' ')"
expect "what is below it" "suppressed" "$(jq -r '.findings[] |
    select(.function | startswith("lose_map")) | .state' "$work/json" |
    sort -u)"

argument=late
check
expect "what is lost behind the last mark but one" "lose_list 1 24 1000 24000" \
    "$(findings)"

[ "$wrong" = 0 ]
