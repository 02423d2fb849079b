#!/bin/sh
# snap, mark, start, stop and ps against agents that behave and agents that
# do not: sh control.sh TENURE FAKE_AGENT
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(absolute "$1")
fake=$(absolute "$2")
enter

# agent MODE: starts one and sets $pid.
agent() {
    mkdir -p "$1"
    background "$fake" "$1" "$scratch/$1"
    wait_for listens "$pid"
}

# shellcheck disable=SC2317 # by wait_for
listens() {
    grep -q "@tenure/$1\$" /proc/net/unix
}

agent good
good=$pid

run "$tenure" snap "$good"
expect 0 ""
expect_out "^$scratch/good/fake.1.0001.tenure\$"
run "$tenure" snap --major --objects "$good"
expect 0 ""
run "$tenure" mark "$good" "after warm-up"
expect 0 ""
expect_out "fake.1.0001.tenure\$"
run "$tenure" start "$good"
expect 0 ""
expect_out "^$good tracking\$"
run "$tenure" stop "$good"
expect 0 ""
expect_out "^$good dormant\$"
for request in "snap minor" "snap major objects" "mark after warm-up" \
    "start" "stop"; do
    grep -qx "$request" good/requests || fail "no request '$request'"
done

# A file of our own.
mkdir out
run "$tenure" snap "$good" -o out/a.tenure
expect 0 ""
expect_out "^out/a.tenure\$"
grep -qx "snap minor fd" good/requests || fail "no descriptor was sent"
[ "$(stat -c %a out/a.tenure)" = 600 ] || fail "the file is not ours alone"
"$tenure" snap "$good" -o - >b.tenure || fail "-o - failed"
cmp out/a.tenure b.tenure || fail "-o FILE and -o - differ"
[ "$(files_in out)" -eq 1 ] || fail "something is left in out/"

# Wherever the file goes wrong, nothing is left and nothing is lost.
cp out/a.tenure before
for mode in half nothing full dies; do
    agent "$mode"
    run "$tenure" snap "$pid" -o out/a.tenure
    expect 2 .
    cmp -s out/a.tenure before || fail "$mode: the old file is damaged"
    [ "$(files_in out)" -eq 1 ] || fail "$mode: something is left in out/"
done
run "$tenure" snap "$good" -o no/such/file
expect 2 "cannot write no/such/file"
run "$tenure" snap "$good" -o out
expect 2 "is a directory"
run "$tenure" snap "$good" -o /dev/null
expect 2 "not a regular file"

# Agents that do not answer, processes without one, processes that are gone.
agent mute
mute=$pid
run "$tenure" snap --timeout=200ms "$mute" -o out/c.tenure
expect 2 "did not answer within 0.2 s"
[ "$(files_in out)" -eq 1 ] || fail "mute: something is left in out/"
kill -STOP "$mute"
run "$tenure" snap --timeout=200ms "$mute"
expect 2 "kill -CONT $mute"
kill -CONT "$mute"

background sleep 1000
run "$tenure" snap "$pid"
expect 2 "process $pid (sleep) does not carry the agent"
kill "$pid"
wait "$pid" 2>/dev/null
run "$tenure" snap "$pid"
expect 2 "process $pid does not exist"

# The parent of a tracked one is told which one is meant.
mkdir below
background sh -c "'$fake' good '$scratch/below' & wait"
parent=$pid
wait_for test -s below/libtenure.so
child=$(cat "/proc/$parent/task/$parent/children")
child=${child% }
wait_for listens "$child"
run "$tenure" snap "$parent"
expect 2 "1 of its descendants: $child"
kill "$child"

# The command line.
for wrong in "" "abc" "$good extra" "--minor --major $good" "-x $good" \
    "--timeout=soon $good"; do
    # Several words on purpose.
    # shellcheck disable=SC2086
    run "$tenure" snap $wrong
    expect 2 .
done
run "$tenure" mark
expect 2 "tenure mark 1234"
run "$tenure" mark "$good" "two
lines"
expect 2 "line ends"
run "$tenure" mark "$good" "$(printf %0128d 7)"
expect 2 "at most 127 bytes"
run "$tenure" mark "$good" "$(printf %0127d 7)"
expect 0 ""
for command in snap mark start stop ps; do
    run "$tenure" "$command" --help
    expect 0 ""
    expect_out "^Usage: tenure $command"
done

# ps of a process that has no agent, or one that cannot write.
run "$tenure" ps $$
expect 2 "^$$: process $$ .* does not carry the agent"
expect_out "^ *$$  no agent  *-"
agent failing
failing=$pid
run "$tenure" ps --timeout=60s "$failing"
expect 0 "^$failing: 7 snapshots of it, .*: no permission; the service changed"
expect 0 "; blocks of 2 libraries are not seen"
run "$tenure" ps --timeout=60s --format=json "$failing"
jq -e '.processes[] | .failed_snapshots == 7 and
    (.reason | startswith("7 snapshots"))' .out >/dev/null ||
    fail "ps --format=json of one that fails: $(cat .out)"

# ps; without PIDs it lists those of other tests, too.
run "$tenure" ps --timeout=200ms
expect 0
grep -q "^$mute: the agent in process $mute" .err || fail "ps: $(cat .err)"
expect_out "^ *$mute  silent  *-  *-  *-  *-  *$fake\$"
run "$tenure" ps --timeout=60s "$good"
expect 0 ""
expect_out "^ *$good  tracking  *62 min 5 s  *3  *1.5 KiB  *512 B  *$fake\$"
run "$tenure" ps --timeout=60s --format=json "$good"
expect 0 ""
jq -e --argjson pid "$good" '.schema == 1 and .command == "ps" and
    (.processes | length) == 1 and
    (.processes[] | .pid == $pid and .state == "tracking" and
     .age_s == 3725 and .live_bytes == 1536 and .tenured_bytes == 512 and
     .generation == 3 and .snapshots == 2 and .reason == null)' \
    .out >/dev/null || fail "ps --format=json: $(cat .out)"
run "$tenure" ps --timeout=200ms --format=json "$mute"
expect 2 ""
jq -e '.processes[] | .state == "silent" and .age_s == null and
    .reason != null' .out >/dev/null || fail "ps: $(cat .out)"
run "$tenure" ps 0
expect 2 "not a process id"

finish
