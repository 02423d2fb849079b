#!/bin/sh
# Does a report by type say which classes the objects are of, and how many?
#
#   sh classes.sh TENURE AGENT PROGRAM
set -eu

tenure=$1
agent=$2
program=$3
work=$(mktemp -d /tmp/tenure-classes-XXXXXX)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work"
wrong=0

# expect WHAT EXPECTED FOUND
expect() {
    [ "$2" = "$3" ] && return
    printf '%s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3" >&2
    wrong=$((wrong + 1))
}

take() {
    timeout 60 env TENURE_OPTIONS=dir="$work/$1$2" LD_PRELOAD="$agent" \
        "$program"
    a=$(find "$work/$1" -name '*.0001.tenure')
    b=$(find "$work/$1" -name '*.0002.tenure')
}

# The number in the row of a class: row COLUMN CLASS
row() {
    awk -v column="$1" -v class="$2" '
        index($0, "  " class "  ") { gsub(/\+/, ""); print $(column + 1) }'
}

take major :major
"$tenure" diff --group-by=type --top=0 "$a" "$b" >"$work/diff" || true
"$tenure" show --group-by=type --top=0 "$b" >"$work/show"
expect "new sessions" 300 "$(row 1 app::Session <"$work/diff")"
expect "new circles" 100 "$(row 1 app::Circle <"$work/diff")"
expect "new boxes" 200 "$(row 1 'app::Box<int>' <"$work/diff")"
expect "live sessions" 310 "$(row 1 app::Session <"$work/show")"
expect "live circles" 120 "$(row 1 app::Circle <"$work/show")"
expect "live boxes" 230 "$(row 1 'app::Box<int>' <"$work/show")"
expect "rows of what has no type" 1 \
    "$(grep -c 'no C++ type known' "$work/show")"

"$tenure" diff --format=json "$a" "$b" >"$work/json" || true
expect "types of sites that grow" \
    'app::Box<int> 200
app::Circle 100
app::Session 300
none 40
none 50' "$(jq -r '[.sites[] | select(.delta >= 40) |
        "\(if .type == "" then "none" else .type end) \(.delta)"] |
        sort | .[]' "$work/json")"
expect "lost sessions are sessions" app::Session \
    "$(jq -r '[.sites[] | select(.stack | any(.function == "lose(int)" or
        .function == "lose"))] | map(.type) | unique | join(",")' "$work/json")"

take listed :major:objects
"$tenure" show --objects --top=0 "$b" >"$work/show"
# The 20 that one call makes together with circles are known as well.
expect "sessions one by one" 330 "$(grep -c '  app::Session$' "$work/show")"
expect "boxes one by one" 230 "$(grep -c '  app::Box<int>$' "$work/show")"

take minor ""
"$tenure" show --group-by=type "$b" >"$work/show"
expect "minor snapshots say what is missing" 1 \
    "$(grep -c 'no C++ types: they need major snapshots' "$work/show")"
"$tenure" show --format=json "$b" >"$work/json"
expect "minor snapshots know no type" "" \
    "$(jq -r '.sites | map(.type) | unique | join(",")' "$work/json")"

[ "$wrong" = 0 ] || cat "$work/diff" >&2
[ "$wrong" = 0 ]
