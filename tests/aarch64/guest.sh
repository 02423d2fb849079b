#!/bin/sh
# The tests that want a kernel, on the machine that system.sh starts.
#
#   guest.sh SOURCE_DIRECTORY BUILD_DIRECTORY
set -eu
mark=$1/tests/mark
tenure=$2/bin/tenure
agent=$2/lib/tenure/libtenure.so
programs=$2/tests/mark
work=$(mktemp -d)
wrong=0

# Two processors: two tests at a time.
run() {
    name=$1
    shift
    (
        status=0
        "$@" >"$work/$name" 2>&1 || status=$?
        sed "s/^/$name: /" "$work/$name"
        echo "$status" >"$work/$name.status"
        echo "$name: status $status, $(cut -d ' ' -f 1 /proc/uptime) s"
    ) &
}

# Is every call that a stop has interrupted put back? Takes a snapshot every
# 50 ms, or as often as the machine can. Timeouts of sockets end early there,
# also without the agent, when the machine has lost ticks of its clock; and at
# the first stop a kernel may not say all of a call (stop_arch_aarch64.c).
probe() {
    TENURE_OPTIONS=dir=$work/probed:major:every=50ms LD_PRELOAD=$agent \
        "$programs/probe" 10 1000 3000 || return
    for file in "$work"/probed/*.tenure; do
        "$tenure" show --format=json "$file"
    done | jq -s '[.[].snapshots[0] | select(.pause_us > 0)] | length' \
        >"$work/marked"
    echo "$(cat "$work/marked") marks"
    last=$(find "$work/probed" -name '*.tenure' | sort | tail -n 1)
    "$tenure" show "$last" | grep 'mark: ptrace' &&
        [ "$(cat "$work/marked")" -ge 5 ]
}

# The situations in which it makes a difference what machine it is.
situations() {
    TENURE_TEST_ONLY='register|tls|key|stack|fiber|thread|tagged|empty_array|loader|kernel|epoll|checked' \
        TENURE_TEST_MORE_THAN=25 \
        sh "$mark/situations.sh" "$tenure" "$agent" "$programs/situations"
}

# Storage of the first thread lies in a hole of the loader's module.
holders() {
    for way in thread_local key; do
        TENURE_OPTIONS=dir=$work/held_$way:major LD_PRELOAD=$agent \
            "$programs/holders" $way || return
        last=$(find "$work/held_$way" -name '*.0003.tenure')
        "$tenure" show --format=json "$last" | jq -e '[.sites[] |
            select(any(.stack[]; .function == "born")) | .retainer[] |
            select(.kind == "tls")] | length > 0' || return
    done
}

run situations situations
first=$!
run holders holders
wait $! $first
run probe probe # alone: it has a thread for each call
wait $!
for status in "$work"/*.status; do
    [ "$(cat "$status")" = 0 ] || wrong=1
done
[ "$(find "$work" -name '*.status' | wc -l)" = 3 ]
exit $wrong
