#!/bin/sh
# Takes major snapshots, one every 50 ms, of real services under load, and of
# a program that waits in every system call there is to interrupt.
#
#   sh majors.sh TENURE AGENT [COUNT [SERVICE...]]
#
# SERVICE is probe, redis, nginx, node or postgres; by default all of them.
# COUNT (200) snapshots are taken of each; a snapshot that takes longer than
# 50 ms makes the next one late. Fails if a request failed, a call ended with
# EINTR, a snapshot has no mark, or a block is called lost that is not known
# to be. PROBE is the compiled probe.c, built if it is not set.
set -eu

tenure=$1
agent=$2
count=${3:-200}
[ $# -le 3 ] && set -- - - - probe redis nginx node postgres
shift 3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/tenure-majors-XXXXXX)
chmod 755 "$work"
server=
load=

clean_up() {
    status=$?
    trap - EXIT
    for pid in $load $server; do
        kill -KILL "-$pid" 2>/dev/null || true
    done
    [ "$status" -ne 0 ] || rm -rf "$work"
    [ "$status" -eq 0 ] || echo "look into $work" >&2
    exit "$status"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

fail() {
    echo "$service: $*" >&2
    exit 1
}

# What the user postgres has to reach, wherever this tree lies.
cp "$agent" "$work/libtenure.so"

# serve COMMAND...: with the agent, in the background; its pid is $server.
serve() {
    mkdir "$work/$service"
    chmod 777 "$work/$service"
    # shellcheck disable=SC2086 # a command with words
    setsid ${UNDER:-} env TENURE_OPTIONS="dir=$work/$service" \
        LD_PRELOAD="$work/libtenure.so" "$@" >"$work/log" 2>&1 </dev/null &
    server=$!
}

await() {
    tries=200
    while ! "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain for: $*"
        sleep 0.05
    done
}

# load COMMAND...: in the background until the snapshots are taken.
load() {
    setsid "$@" >"$work/load" 2>&1 &
    load=$!
    sleep 0.5
}

free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

fetch() {
    python3 -c 'import sys, urllib.request
urllib.request.urlopen(sys.argv[1], timeout=5).read()' "$1"
}

now_ms() {
    date +%s%3N
}

# take PID: COUNT snapshots, at least 50 ms from one to the next.
take() {
    began=$(now_ms)
    next=$began
    for _ in $(seq "$count"); do
        "$tenure" snap --major "$1" >/dev/null || fail "a snapshot failed"
        next=$((next + 50))
        left=$((next - $(now_ms)))
        [ "$left" -gt 0 ] && sleep "0.$(printf %03d "$left")"
        [ "$left" -gt 0 ] || next=$(now_ms)
    done
    took=$(($(now_ms) - began))
    files=$(find "$work/$service" -name "*.$1.*.tenure" | sort)
    [ "$(echo "$files" | wc -l)" -ge "$count" ] || fail "a file is missing"
    echo "$files" | tail -n "$count" | awk "NR % $every == 0" |
        while read -r file; do
            "$tenure" show --format=json "$file"
        done >"$work/shown"
    jq -rs --arg service "$service" --arg took "$took" '
        [.[].snapshots[0]] |
        "\($service): \(map(select(.pause_us > 0)) | length) of \(length) " +
        "looked at are marked, all in \($took) ms, pause \(map(.pause_us) | sort | .[length / 2 | floor]
        ) us (most \(map(.pause_us) | max)), \(.[-1].live_blocks) blocks"' \
        "$work/shown" | tee "$work/said"
    grep -q ": $looked of $looked " "$work/said" || fail "not all are marked"
    jq -r '.sites[] | select((.lost_blocks // 0) > 0) |
        "\(.lost_blocks) lost: \([.stack[].function] | join(" < "))"' \
        "$work/shown" | sort | uniq -c >"$work/lost"
    grep -vE "lost: (${known:-none})" "$work/lost" >&2 &&
        fail "a block is lost"
    cat "$work/lost"
}

# Ends the load; what it printed must not speak of errors.
unload() {
    wait "$load" || fail "the load failed: $(cat "$work/load")"
    load=
    ! grep -iE 'error|failed|non-2xx|refused|aborted' "$work/load" |
        grep -v 'failed transactions: 0 ' || fail "requests failed"
}

stop() {
    kill "-$1" "$server"
    wait "$server" || fail "ended with status $?: $(cat "$work/log")"
    server=
}

# Files that are looked into: 20, or all.
every=$((count > 20 ? count / 20 : 1))
looked=$((count / every))

# How long the probe waits, and how long the load of a service has to go on:
# longer than the snapshots take, on a machine with other work, too.
seconds=$((count / 5 + 2))
long=$((count / 2 + 2))

run_probe() {
    probe=${PROBE:-$work/waits}
    [ -x "$probe" ] || cc -D_GNU_SOURCE -O1 -I"$here/../.." -pthread -o "$probe" \
        "$here"/probe*.c
    serve "$probe" "$seconds"
    sleep 0.3
    take "$server"
    wait "$server" || fail "$(cat "$work/log")"
    server=
    cat "$work/log"
}

run_redis() {
    serve redis-server --port 0 --unixsocket "$work/socket" --save '' \
        --appendonly no --dir "$work"
    await redis-cli -s "$work/socket" ping
    # shellcheck disable=SC2016 # for the shell below
    load timeout "$long" sh -c 'while :; do
        redis-benchmark -q -s "$0" -c 20 -n 100000 -P 4 \
            -t set,get,lpush,lpop,hset,sadd,zadd -r 20000 || exit 1
        done; ' "$work/socket"
    take "$server"
    kill -TERM "-$load" 2>/dev/null || true
    wait "$load" || true
    load=
    ! grep -iE '^error|refused|reset' "$work/load" || fail "requests failed"
    stop TERM
}

run_nginx() {
    port=$(free_port)
    head -c 30000 /dev/zero | tr '\0' x >"$work/page.txt"
    cat >"$work/nginx.conf" <<END
daemon off; worker_processes 1; pid $work/pid;
events { worker_connections 256; }
http { access_log off; gzip on; gzip_types text/plain; gzip_min_length 100;
    client_body_temp_path $work/1; proxy_temp_path $work/2;
    fastcgi_temp_path $work/3; uwsgi_temp_path $work/4;
    scgi_temp_path $work/5;
    server { listen 127.0.0.1:$port; root $work; } }
END
    serve nginx -e "$work/error.log" -c "$work/nginx.conf"
    await fetch "http://127.0.0.1:$port/page.txt"
    load wrk -t 1 -c 16 -d "${long}s" --timeout 10s \
        -H 'Accept-Encoding: gzip' "http://127.0.0.1:$port/page.txt"
    take "$(pgrep -P "$server")"
    unload
    stop QUIT
}

run_node() {
    port=$(free_port)
    export PORT="$port"
    serve node "$here/../bench/workloads/server.js"
    await fetch "http://127.0.0.1:$port/?id=1"
    load wrk -t 1 -c 16 -d "${long}s" --timeout 10s \
        "http://127.0.0.1:$port/?id=7"
    take "$server"
    unload
    stop TERM
}

as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

# Two of its own making: the environment that its ps display copied and
# setenv(3) replaced, and a copy of its argument -D that nobody frees.
run_postgres() {
    known="save_ps_display_args|__strdup < PostmasterMain"
    programs=$(find /usr/lib/postgresql -type d -name bin | sort -V |
        tail -n 1)
    PATH=$PATH:$programs
    mkdir -m 777 "$work/data"
    rmdir "$work/data"
    chmod 1777 "$work"
    as_postgres initdb -N -D "$work/data" -A trust >"$work/initdb" 2>&1 ||
        fail "initdb: $(cat "$work/initdb")"
    serve "$here/../services/as_postgres.sh" "$programs/postgres" \
        -D "$work/data" -k "$work/data" -c listen_addresses= -c fsync=off
    await as_postgres psql -h "$work/data" -d postgres -c 'select 1'
    as_postgres pgbench -h "$work/data" -q -i -s 1 postgres >"$work/init" 2>&1
    load setpriv --reuid=postgres --regid=postgres --init-groups \
        pgbench -h "$work/data" -n -c 2 -T "$long" -M prepared postgres
    take "$(pgrep -f "postgres: postgres postgres" | head -n 1)"
    unload
    stop INT
}

for service in "$@"; do
    known=
    "run_$service"
done
