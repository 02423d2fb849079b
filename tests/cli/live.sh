#!/bin/sh
# The commands on a real service with the real agent, also across users,
# processes and namespaces: sh live.sh TENURE
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(reachable "$(absolute "$1")")
enter

state_of() {
    "$tenure" ps --timeout=60s --format=json "$1" | jq -r '.processes[0].state'
}

# shellcheck disable=SC2317 # by wait_for
answers() {
    case $(state_of "$1") in
    tracking | dormant) return 0 ;;
    esac
    return 1
}

# serve DIRECTORY OPTIONS...: a service under the agent; sets $pid.
serve() {
    to=$1
    shift
    background "$tenure" run --dir="$to" "$@" -- sleep 1000
    wait_for answers "$pid"
}

# A day in the life of a service.
serve out
service=$pid
run "$tenure" snap "$service"
expect 0 ""
expect_out "^$scratch/out/sleep.$service.0001.tenure\$"
run "$tenure" mark "$service" "after warm-up"
expect 0 ""
expect_out "^$scratch/out/sleep.$service.0002.tenure\$"
run "$tenure" show --format=json "$(cat .out)"
expect 0 ""
jq -e '.snapshots[0].label == "after warm-up"' .out >/dev/null ||
    fail "the label is not in the snapshot"
run "$tenure" snap "$service" -o own.tenure
expect 0 ""
run "$tenure" show own.tenure
expect 0 ""
"$tenure" snap "$service" -o - >piped.tenure || fail "-o - failed"
run "$tenure" show piped.tenure
expect 0 ""
[ "$(find out -name 'sleep.*' | wc -l)" -eq 2 ] || fail "-o left a file in out/"
run "$tenure" stop "$service"
expect 0 ""
[ "$(state_of "$service")" = dormant ] || fail "it does not sleep"
run "$tenure" start "$service"
expect 0 ""
[ "$(state_of "$service")" = tracking ] || fail "it does not track"
[ "$(stat -c %a out/sleep.*.0001.tenure)" = 600 ] || fail "not ours alone"

# A program behind a link is called as it was.
ln -s "$(command -v sleep)" doze
run "$tenure" run --dir=dozed -- "$scratch/doze" 0
expect 0 ""
run "$tenure" show --format=json --top=0 dozed/*
expect 0 ""
jq -e '[.. | .stack? // empty | .[].module] | any(endswith("doze"))' .out \
    >/dev/null || fail "its module has another name: $(cat .out)"

# Something else takes its directory's place: said, and -o still works.
mv out elsewhere
touch out
run "$tenure" snap "$service"
expect 2 "this is not a directory"
run "$tenure" snap "$service" -o own.tenure
expect 0 ""
kill -TERM "$service"
wait "$service" 2>/dev/null
[ $? -eq 143 ] || fail "SIGTERM did not end it"
run "$tenure" snap "$service"
expect 2 "does not exist"

# Asked while it starts: it answers, or does not listen yet.
for round in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    background "$tenure" run --dir=starting -- sleep 1000
    until run "$tenure" snap "$pid" && [ "$status" -eq 0 ]; do
        grep -q -e 'does not carry' -e 'does not listen' .err ||
            { fail "round $round: $(cat .err)"; break; }
    done
    kill -KILL "$pid"
    wait "$pid" 2>/dev/null
done

# A PID that looks like the upper half of every address, as long as nothing
# is laid out at random.
if unshare -p -f --mount-proc true 2>/dev/null; then
    # shellcheck disable=SC2016 # expanded there
    run unshare -p -f --mount-proc sh -c '
        echo 32766 >/proc/sys/kernel/ns_last_pid || exit 0
        setarch -R "$0" run --dir=high --every=50ms -- sh -c "sleep 0.2"
        echo "status $?"' "$tenure"
    grep -q 'status [1-9]' .out && fail "a PID like an address: $(cat .out)"
fi

# Dormant from the start.
serve dormant --dormant
[ "$(state_of "$pid")" = dormant ] || fail "--dormant tracks"
run "$tenure" start "$pid"
expect 0 ""
[ "$(state_of "$pid")" = tracking ] || fail "start does not wake it"

# Children, and what they become, have their own files; or none.
run "$tenure" run --dir=family -- sh -c '/bin/true; exec /bin/echo'
expect 0 ""
[ "$(find family -name 'true.*' | wc -l)" -eq 1 ] || fail "family: $(ls family)"
[ "$(find family -name 'echo.*' | wc -l)" -eq 1 ] || fail "family: $(ls family)"
run "$tenure" run --dir=single --follow=none -- sh -c '/bin/true; exec /bin/echo'
expect 0 ""
[ "$(find single -name 'true.*' | wc -l)" -eq 0 ] || fail "single: $(ls single)"
[ "$(find single -name 'echo.*' | wc -l)" -eq 1 ] || fail "single: $(ls single)"

# Other users. A service that gave up root is its user's, and root's.
if [ "$(id -u)" -eq 0 ]; then
    nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
    serve root
    run $nobody "$tenure" snap "$pid"
    expect 2 "belongs to another user (uid 0)"
    run $nobody "$tenure" ps
    expect 0
    expect_out "^ *$pid  denied "
    background "$tenure" run --dir=dropped -- $nobody sleep 1000
    wait_for answers "$pid"
    wait_for grep -q sleep "/proc/$pid/comm"
    run "$tenure" snap "$pid"
    expect 0 ""
    run $nobody "$tenure" snap "$pid"
    expect 0 ""
    [ "$(stat -c %u dropped/sleep.*.0002.tenure)" -eq 65534 ] ||
        fail "dropped: $(ls -l dropped)"
fi

# Containers, where this kernel lets us make some: other numbers, another
# network, another idea of who is root.
in_container() {
    if ! $as unshare "$@" true 2>/dev/null; then
        echo "live.sh: cannot unshare $*: that part was left out" >&2
        return
    fi
    # It complains of a signal mask when its child is killed.
    background $as unshare "$@" "$tenure" run --dir=container -- sleep 1000 \
        2>/dev/null
    outer=$pid
    wait_for is_sleeping "$outer"
    wait_for answers "$inner"
    run $as "$tenure" snap "$inner"
    expect 0 ""
    [ -s "$(cat .out)" ] || fail "unshare $*: $(cat .out)"
    run "$tenure" snap "$inner"
    expect 0 ""
    kill -KILL "$inner"
    wait "$outer" 2>/dev/null
}

# The process itself, or its child, runs sleep by now; sets $inner.
# shellcheck disable=SC2317 # by wait_for
is_sleeping() {
    inner=$(cat "/proc/$1/task/$1/children")
    inner=${inner% }
    inner=${inner:-$1}
    [ "$(cat "/proc/$inner/comm")" = sleep ]
}

# two_containers: one network, and in each a process that is its number 1.
two_containers() {
    outers=
    for name in one two; do
        background unshare -p -f --mount-proc "$tenure" run --dir="$name" -- \
            sleep 1000 2>/dev/null
        outers="$outers $pid"
    done
    for outer in $outers; do
        wait_for is_sleeping "$outer"
        wait_for answers "$inner"
        run "$tenure" snap "$inner"
        expect 0 ""
    done
    for name in one two; do
        [ -s "$name/sleep.1.0001.tenure" ] || fail "$name: $(ls "$name")"
    done
    for outer in $outers; do
        is_sleeping "$outer"
        kill -KILL "$inner"
        wait "$outer" 2>/dev/null
    done
}

as=
two_containers
in_container -p -f --mount-proc
in_container -n
in_container -U -r -n
in_container -U -r -n -p -f --mount-proc
if [ "$(id -u)" -eq 0 ]; then
    as=$nobody
    rm -rf container
    chmod 1777 .
    in_container -U -r -n
    in_container -U -r -n -p -f --mount-proc
    as=
fi

# A full disk.
if unshare -m true 2>/dev/null; then
    mkdir full
    run unshare -m sh -c "mount -t tmpfs -o size=64k none full &&
        cat /dev/zero >full/zeros 2>/dev/null
        '$tenure' run --dir=full -- sleep 1000 & pid=\$!
        until '$tenure' snap \$pid 2>&1 | grep -v 'does not'; do
            sleep 0.1
        done
        find full -name '*tenure*'
        kill -KILL \$pid"
    expect 0 ""
    expect_out "the disk is full"
    [ "$(wc -l <.out)" -eq 1 ] || fail "full disk: $(cat .out)"
fi

finish
