#!/bin/sh
# Reports of a made-up server against the files beside this script.
#
#   sh golden.sh TENURE MAKE_SERIES [--update]
#
# With --update the files are written anew: read the difference before you
# commit it. JSON is laid out by jq, without the version of tenure.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tenure=$1
make_series=$2
update=${3:-}
work=$(mktemp -d "${TMPDIR:-/tmp}/tenure_golden_XXXXXX")
trap 'rm -rf "$work"' EXIT
failures=0

"$make_series" "$work/snapshots" "$work/cache"
cd "$work/snapshots"
unset NO_COLOR
export TZ=UTC LC_ALL=C XDG_CACHE_HOME="$work/cache"

# golden NAME STATUS ARGUMENTS...: tenure's output is that of NAME.
golden() {
    name=$1
    wanted=$2
    shift 2
    status=0
    "$tenure" "$@" >"$work/out" 2>"$work/err" || status=$?
    case $name in
    show_objects.json) jq .objects "$work/out" >"$work/$name" || status=json ;;
    *.json) jq 'del(.tool)' "$work/out" >"$work/$name" || status=json ;;
    *) cp "$work/out" "$work/$name" ;;
    esac
    if [ "$status" != "$wanted" ] || [ -s "$work/err" ]; then
        echo "$name: status $status, not $wanted: $(cat "$work/err")" >&2
        failures=$((failures + 1))
    elif [ -n "$update" ]; then
        cp "$work/$name" "$here/$name"
    elif ! diff -u "$here/$name" "$work/$name" >&2; then
        failures=$((failures + 1))
    fi
}

a=server.4242.0001.tenure
b=server.4242.0002.tenure
golden show.txt 0 show "$b"
golden show_module.txt 0 show --group-by=module --sort=count "$b"
golden show.json 0 show --format=json "$b"
golden diff.txt 3 diff "$a" "$b"
golden diff_top.txt 3 diff --top=1 --depth=0 "$a" "$b"
golden diff_count.txt 3 diff --sort=count --top=2 --depth=1 "$a" "$b"
golden diff_function.txt 3 diff --group-by=function "$a" "$b"
golden diff_thread.txt 3 diff --group-by=thread "$a" "$b"
golden diff_colour.txt 3 diff --color=always --top=2 "$a" "$b"
golden diff_dropped.txt 3 diff --top=1 "$a" dropped.tenure
golden diff.json 3 diff --format=json "$a" "$b"
c=server.4242.0003.tenure
d=server.4242.0004.tenure
golden trend.txt 1 diff "$a" "$b" "$c" "$d"
golden trend_ended.txt 1 diff "$a" "$b" "$c" "$d" ended.tenure
golden retainers_ended.txt 0 retainers ended.tenure 09a2
LC_ALL=C.UTF-8
golden trend_utf8.txt 1 diff --top=1 "$a" "$b" "$c" "$d"
LC_ALL=C
golden trend.json 1 diff --format=json "$a" "$b" "$c" "$d"
golden trend_function.txt 7 diff --group-by=function --exit-code=7 "$a" "$b" \
    "$c" "$d"
golden explain.txt 1 diff --explain 09a2 "$a" "$b" "$c" "$d"
golden retainers.txt 0 retainers major.tenure 09a2
golden show_listed.txt 0 show --top=1 --depth=1 listed.tenure
golden show_objects.txt 0 show --objects --top=4 listed.tenure
golden show_objects_site.txt 0 show --objects=09a2 listed.tenure
golden show_objects.json 0 show --objects=09a2 --format=json listed.tenure
golden three.txt 3 diff --three-snapshot "$a" "$b" "$c"

"$tenure" diff "$b" "$a" | cmp -s "$here/diff.txt" - || {
    echo "the order of the arguments changes the report" >&2
    failures=$((failures + 1))
}

# The identities, by somebody else's arithmetic.
broken=$("$tenure" diff --format=json "$a" "$b" | jq '[.totals, .sites[],
    .mappings[] | select(.new - .deleted != .delta or .alloc_bytes -
    .freed_bytes + .grown_bytes != .size_delta)] | length') || true
[ "$broken" = 0 ] || {
    echo "$broken sites break the identities" >&2
    failures=$((failures + 1))
}
[ "$failures" -eq 0 ] || exit 1
exit 0
