#!/bin/sh
# Runs a real service without the agent and with it, under load, and compares
# what it did: same answers, same exit status, nothing failed, and snapshots
# of every one of its processes that can be read.
#
#   sh service.sh TENURE SERVICE [RUNS [VERIFY]]
#
# SERVICE names a file beside this one. It defines exercise(), which starts
# "$run COMMAND" with `start`, prints the facts to compare, and ends with
# `stop`; and may set `processes`, the least number that must have left
# snapshots. $run is a script that becomes COMMAND, with the agent in it when
# this run has one. RUNS is how often that is (default 1). With VERIFY one
# stack in so many is compared with libunwind's: none may differ, and the number
# of those compared is printed at the end.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
tenure=$1
service=$2
runs=${3:-1}
verify=${4:-0}
verified=0
# Seconds for a batch program.
# shellcheck disable=SC2034 # used by the services
patience=$([ "$verify" -eq 0 ] && echo 60 || echo 600)
processes=1

# shellcheck disable=SC2034 # used by the services
workloads=$here/../bench/workloads
top=$(mktemp -d "/tmp/tenure-$service-XXXXXX")
chmod 755 "$top" # PostgreSQL's user has to reach its part
started=

# So it has to reach the agent, wherever this tree lies.
product=$top/product
mkdir -p "$product/bin" "$product/lib/tenure"
cp "$(dirname "$tenure")/../lib/tenure/libtenure.so" "$product/lib/tenure"
cp "$tenure" "$product/bin"
tenure=$product/bin/tenure
agent=$product/lib/tenure/libtenure.so
cd "$top"

fail() {
    echo "$service: $*" >&2
    exit 1
}

# Ends what is left of the run, the stubborn ones with SIGKILL.
kill_started() {
    for pid in $started; do
        kill -TERM "-$pid" 2>/dev/null || continue
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            kill -0 "-$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "-$pid" 2>/dev/null || true
    done
    started=
}

clean_up() {
    status=$?
    trap - EXIT
    kill_started
    if [ "$status" -eq 0 ]; then
        rm -rf "$top"
    else
        echo "$service: look into $top" >&2
    fi
    exit "$status"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# start LOG COMMAND...: COMMAND in the background, in a session of its own;
# its process id is in $server.
start() {
    log=$1
    shift
    setsid "$@" >"$log" 2>&1 </dev/null &
    server=$!
    started="$started $server"
}

# await SECONDS COMMAND...: until COMMAND succeeds.
await() {
    tries=$(($1 * 20))
    shift
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for: $*"
        kill -0 "$server" 2>/dev/null || fail "has gone; see $log"
        sleep 0.05
    done
}

# For await: the agent, if this run has one that does so, has written a
# snapshot of the running service.
has_snapshot() {
    [ -z "$with_agent" ] || [ "$verify" -gt 0 ] ||
        find "$work/snapshots" -name '*.tenure' | grep -q .
}

is_gone() {
    ! kill -0 "$server" 2>/dev/null || [ "$(state_of "$server")" = Z ]
}

state_of() {
    sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -c 1
}

# stop SIGNAL: ends $server and prints its exit status.
stop() {
    [ "$1" = none ] || kill "-$1" "$server"
    tries=400
    until is_gone; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "does not stop on $1"
        sleep 0.05
    done
    status=0
    wait "$server" || status=$?
    echo "exit status $status"
}

# free_port: a port of 127.0.0.1 that nobody listens on.
free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# load URL: two seconds of wrk; prints whether every request was answered.
load() {
    timeout 30 wrk -t 1 -c 16 -d 2s "$1" >"$work/wrk" 2>&1 || fail "wrk failed"
    grep -q 'requests in' "$work/wrk" || fail "wrk said: $(cat "$work/wrk")"
    if grep -E 'Socket errors|Non-2xx' "$work/wrk"; then
        fail "requests failed"
    fi
    echo "load: all answered"
}

# shellcheck source=/dev/null
. "$here/$service.sh"

# run_once NAME: one exercise in a directory of its own; the facts in NAME.txt
run_once() {
    work=$top/$1
    run=$work/run
    mkdir "$work" "$work/snapshots"
    # Workers that drop their privileges write there too.
    chmod 1777 "$work" "$work/snapshots"
    {
        echo '#!/bin/sh'
        if [ -n "$with_agent" ] && [ "$verify" -gt 0 ]; then
            echo "export LD_PRELOAD='$agent'"
            echo "export TENURE_OPTIONS='dir=$work/snapshots:verify=$verify'"
        elif [ -n "$with_agent" ]; then
            echo "set -- '$tenure' run --every=1s" \
                "--dir='$work/snapshots' -- \"\$@\""
        fi
        echo 'exec "$@"'
    } >"$run"
    chmod 755 "$run"
    exercise >"$top/$1.txt" || fail "failed in run $1: $(cat "$top/$1.txt")"
    kill_started
}

# Every process left whole snapshots, and nothing half-written.
check_snapshots() {
    directory=$work/snapshots
    found=$(find "$directory" -name '*.tenure' | wc -l)
    [ "$found" -gt 0 ] || fail "no snapshots"
    strange=$(find "$directory" -type f ! -name '*.tenure')
    [ -z "$strange" ] || fail "left behind: $strange"
    tracked=$(find "$directory" -name '*.tenure' |
        sed 's/.*\.\([0-9]*\)\.[0-9]*\.tenure$/\1/' | sort -u)
    count=$(echo "$tracked" | wc -l)
    [ "$count" -ge "$processes" ] ||
        fail "snapshots of $count processes, not $processes"
    for pid in $tracked; do
        for file in "$directory"/*."$pid".*.tenure; do
            check_file "$file"
        done
        last=$(jq '.snapshots[0].verified_captures' "$work/shown.json")
        verified=$((verified + last))
    done
}

check_file() {
    timeout 60 "$tenure" show --format=json "$1" >"$work/shown.json" ||
        fail "cannot show $1"
    jq -e '.snapshots[0] | .live_blocks >= 0 and .dropped == 0 and
        (.quality.mismatched_stacks // 0) == 0' \
        "$work/shown.json" >/dev/null || fail "$1 is incomplete or wrong"
}

with_agent=
run_once bare
with_agent=yes
for number in $(seq "$runs"); do
    run_once "$number"
    diff "$top/bare.txt" "$top/$number.txt" >&2 ||
        fail "behaves differently with the agent"
    check_snapshots
    rm -rf "$work"
done
[ "$verify" -eq 0 ] || echo "$verified stacks compared"
