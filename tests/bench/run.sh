#!/bin/sh
# Measures what tracking costs, beside heaptrack and jemalloc's profiler.
#
#   sh tests/bench/run.sh [--quick] [--repeat N] [--only REGEX]
#                         [--modes LIST] [--keep FILE]
#
# Every workload runs in every mode, one mode after the other, N times (5;
# with --quick smaller and 2 times). Ratios are taken within a round and their
# median is printed. CPU is user+sys of the whole process tree. heaptrack is
# its raw recording without the compressing process, jemalloc's profiler is
# compared with jemalloc without it. --only picks workloads, --modes the
# modes by name, --keep leaves the single measurements in FILE.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
build=${TENURE_BUILD:-$root/build}
workloads=$here/workloads
rounds=5 scale=1 only=. keep=
modes='none exact sampled dormant heaptrack jemalloc jeprof jeprof-exact'
while [ $# -gt 0 ]; do
    case $1 in
    --quick) rounds=2 scale=4 ;;
    --repeat) rounds=$2 && shift ;;
    --only) only=$2 && shift ;;
    --modes) modes=$2 && shift ;;
    --keep) keep=$2 && shift ;;
    *)
        sed -n 's/^# \{0,1\}//; 2,14p' "$0" >&2
        exit 2
        ;;
    esac
    shift
done

sh "$root/tests/install.sh" test
cmake -S "$root" -B "$build" -G Ninja >/dev/null
cmake --build "$build" >/dev/null

agent=$build/lib/tenure/libtenure.so
heaptrack=$(find /usr/lib /usr/lib64 -name libheaptrack_preload.so 2>/dev/null |
    head -n 1)
jemalloc=libjemalloc.so.2
measure=$build/tests/bench/bench_measure
work=$(mktemp -d /tmp/tenure-bench-XXXXXX)
results=${keep:-$work/results}
server=
: >"$results"

clean_up() {
    status=$?
    trap - EXIT
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null || true
    rm -rf "$work"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

# in_mode MODE COMMAND...: becomes COMMAND in that mode.
in_mode() {
    mode=$1
    shift
    dir=$work/out
    rm -rf "$dir"
    mkdir "$dir"
    sampling=
    case $mode in
    none) set -- "$@" ;;
    exact | sampled | dormant)
        [ "$mode" != sampled ] || sampling=:sample=512K
        [ "$mode" != dormant ] || sampling=:dormant
        set -- env LD_PRELOAD="$agent" \
            TENURE_OPTIONS="dir=$dir$sampling" "$@"
        ;;
    heaptrack)
        set -- env LD_PRELOAD="$heaptrack" \
            DUMP_HEAPTRACK_OUTPUT="$dir/heaptrack.raw" "$@"
        ;;
    jemalloc) set -- env LD_PRELOAD=$jemalloc "$@" ;;
    jeprof | jeprof-exact)
        every=19
        [ "$mode" = jeprof ] || every=0
        set -- env LD_PRELOAD=$jemalloc \
            MALLOC_CONF="prof:true,lg_prof_sample:$every,prof_final:true,prof_prefix:$dir/je" "$@"
        ;;
    esac
    exec "$measure" "$work/measured" "$@"
}

# note WORKLOAD MODE ROUND [THROUGHPUT]: one line of results.
note() {
    read -r wall user sys peak status <"$work/measured"
    [ "$status" -eq 0 ] || {
        echo "$1 in mode $2 ended with $status" >&2
        tail -n 5 "$work/log" >&2
        exit 1
    }
    echo "$1 $2 $3 $wall $user $sys $peak ${4:-0}" >>"$results"
}

# batch WORKLOAD MODE ROUND COMMAND...
batch() {
    name=$1 mode_now=$2 round_now=$3
    shift 3
    (in_mode "$mode_now" "$@") <"$work/input" >"$work/log" 2>&1 || true
    note "$name" "$mode_now" "$round_now"
}

prepare() {
    : >"$work/input"
    sh "$workloads/sqlite.sh" $((40000 / scale)) >"$work/script.sql"
    sh "$workloads/templates.sh" $((20 / scale)) >"$work/templates.cpp"
    python=$(python3 -c 'import sys; print(sys.executable)')
}

run_sqlite() {
    cp "$work/script.sql" "$work/input"
    batch sqlite3 "$1" "$2" sqlite3 :memory:
    : >"$work/input"
}

run_python() {
    export PYTHONMALLOC=malloc
    batch python3 "$1" "$2" "$python" "$workloads/objects.py" \
        $((2000 / scale))
    unset PYTHONMALLOC
}

run_clang() {
    batch clang++ "$1" "$2" clang++ -std=c++17 -fsyntax-only \
        "$work/templates.cpp"
}

run_blocks() {
    batch blocks-64 "$1" "$2" "$build/tests/bench/bench_blocks" \
        $((4000000 / scale))
}

# await COMMAND...: until it succeeds, for ten seconds.
await() {
    for _ in $(seq 200); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.05
    done
    echo "waited in vain for: $*" >&2
    exit 1
}

end_server() {
    kill -TERM "$server"
    wait "$server" || true
    server=
}

run_redis() {
    socket=$work/redis.socket
    (in_mode "$1" redis-server --port 0 --unixsocket "$socket" --save '' \
        --dir "$work") >"$work/log" 2>&1 &
    server=$!
    await redis-cli -s "$socket" ping
    redis-benchmark -s "$socket" --csv -c 20 -P 16 -r 100000 \
        -n $((500000 / scale)) -t set,lpush,hset >"$work/rates" 2>/dev/null
    end_server
    rate=$(tr -d '"' <"$work/rates" | awk -F, '$2 + 0 > 0 {
        time += 1 / $2; count++
    } END { print count / time }')
    note redis-server "$1" "$2" "$rate"
}

run_node() {
    (in_mode "$1" node "$workloads/server.js") >"$work/log" 2>&1 &
    server=$!
    await grep -q '^[0-9]' "$work/log"
    port=$(head -n 1 "$work/log")
    wrk -t 1 -c 16 -d $((5 / scale + 1))s "http://127.0.0.1:$port/" \
        >"$work/rates"
    end_server
    note node "$1" "$2" "$(awk '/Requests.sec/ { print $2 }' "$work/rates")"
}

# pairs MODE ROUND DEPTH THREADS WAYS
pairs() {
    seconds=0.5
    [ "$scale" -eq 1 ] || seconds=0.2
    (in_mode "$1" "$build/tests/bench/bench_pairs" "$3" "$4" "$5" $seconds) \
        >"$work/log" 2>&1
    note "pairs-$3-$4-$5" "$1" "$2" "$(cat "$work/log")"
}

run_pairs() {
    depths='8 16 32 64' threads='1 2 4'
    [ "$scale" -eq 1 ] || depths=16 threads='1 4'
    for depth in $depths; do
        for count in $threads; do
            pairs "$1" "$2" "$depth" "$count" 1
        done
    done
    pairs "$1" "$2" 16 1 16
    pairs "$1" "$2" 16 1 256
}

prepare
for round in $(seq "$rounds"); do
    for workload in sqlite python clang redis node blocks pairs; do
        echo "$workload" | grep -Eq "$only" || continue
        for mode in $modes; do
            echo "round $round of $rounds: $workload, $mode" >&2
            "run_$workload" "$mode" "$round"
        done
    done
done

echo "$(uname -srm), $(getconf _NPROCESSORS_ONLN) processors," \
    "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
echo "median of $rounds rounds"
awk -f "$here/table.awk" "$results"
