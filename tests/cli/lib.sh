# shellcheck shell=sh
# What the tests of the command line share.
#
#   absolute PATH             the same file, wherever we go
#   enter                     go to the directory of this test
#   reachable TENURE          a copy of it and its agent that every user can
#                             run, wherever this tree lies
#   run COMMAND...            runs it; keeps its status, stdout and stderr
#   expect STATUS [TEXT]      the status was that, and TEXT was on stderr in
#                             exactly one line ("" = stderr was empty)
#   expect_out PATTERN        stdout has a line that matches
#   fail WHAT                 says so; the test goes on and fails at its end
#
# The directory, $scratch, goes away with the test, as do the processes that it
# starts with `background`, which sets $pid.
set -u
unset LD_PRELOAD TENURE_OPTIONS

absolute() {
    echo "$(cd "$(dirname "$1")" && pwd)/${1##*/}"
}

test_script=$(absolute "$0")
scratch=$(mktemp -d "${TMPDIR:-/tmp}/tenure_cli_XXXXXX")
started=
failures=0

clean_up() {
    for pid in $started; do
        kill -KILL "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    chmod -R u+rwx "$scratch" 2>/dev/null
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' INT TERM
reachable() {
    chmod 755 "$scratch"
    mkdir -p "$scratch/product/bin" "$scratch/product/lib/tenure"
    cp "$1" "$scratch/product/bin"
    cp "${1%/bin/tenure}/lib/tenure/libtenure.so" "$scratch/product/lib/tenure"
    echo "$scratch/product/bin/tenure"
}

enter() {
    cd "$scratch" || exit 1
}

fail() {
    echo "${test_script##*/}: $*" >&2
    failures=$((failures + 1))
}

run() {
    ran=$*
    "$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null
    status=$?
}

expect() {
    [ "$status" -eq "$1" ] ||
        fail "$ran: status $status, not $1: $(cat "$scratch/.err")"
    [ $# -gt 1 ] || return 0
    lines=$(wc -l <"$scratch/.err")
    if [ -z "$2" ]; then
        [ "$lines" -eq 0 ] || fail "$ran: said $(cat "$scratch/.err")"
        return 0
    fi
    [ "$lines" -eq 1 ] || fail "$ran: $lines lines: $(cat "$scratch/.err")"
    grep -q -e "$2" "$scratch/.err" ||
        fail "$ran: '$2' is not in: $(cat "$scratch/.err")"
}

expect_out() {
    grep -q -e "$1" "$scratch/.out" ||
        fail "$ran: '$1' is not in the output: $(cat "$scratch/.out")"
}

background() {
    "$@" &
    pid=$!
    started="$started $pid"
}

# wait_for COMMAND...: until it succeeds; without it there is no test.
wait_for() {
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 600 ]; then
            fail "waited in vain for: $*"
            exit 1
        fi
        sleep 0.1
    done
}

# Files in a directory, hidden ones included.
files_in() {
    find "$1" -mindepth 1 | wc -l
}

finish() {
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}
