#!/bin/sh
# Finds a leak in a running server, in half a minute.
#
#   sh samples/demo.sh
#
# Builds tenure, starts samples/leaky_server.c with the agent, puts it under
# load, takes snapshots while it runs and prints what grew between them. The
# snapshots stay in build/demo/run; the processes do not outlive the script.
# TENURE_BUILD names another directory than build.
set -eu

cd "$(dirname "$0")/.."
root=$PWD
demo=${TENURE_BUILD:-build}/demo
kinds='minor minor minor minor minor minor major major'
pause=1.5
seconds=13 # of load: as long as the snapshots take, and a little more

bold='' dim='' plain='' colour=never
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$(printf '\033[1m') dim=$(printf '\033[2m') plain=$(printf '\033[0m')
    colour=always
fi

step() {
    printf '\n%s%s%s\n' "$bold" "$*" "$plain"
}

shown() {
    printf '    %s$ %s%s\n' "$dim" "$*" "$plain"
}

fail() {
    printf 'demo.sh: %s\n' "$*" >&2
    exit 1
}

server='' load=''
clean_up() {
    for pid in $load $server; do
        kill "$pid" 2>/dev/null || continue
        wait "$pid" 2>/dev/null || :
    done
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# --- build -----------------------------------------------------------------

# A tree of its own, which needs none of the tools of the tests.
build() {
    cmake -S . -B "$demo" -G Ninja -DTENURE_TESTS=OFF -DTENURE_SAMPLES=ON &&
        cmake --build "$demo" --target \
            tenure tenure_preload leaky_server load
}

step "1. Build"
sh tests/install.sh build || fail "install these packages, then run me again"
mkdir -p "$demo/run"
demo=$(cd "$demo" && pwd)
shown "cmake -S . -B ${demo#"$root"/} && cmake --build ${demo#"$root"/}"
[ -f "$demo/bin/tenure" ] || echo "    This takes a minute, the first time."
if ! build >"$demo/run/build.log" 2>&1; then
    tail -n 20 "$demo/run/build.log" >&2
    fail "the build failed; all of it is in $demo/run/build.log"
fi

PATH=$demo/bin:$PATH
cd "$demo/run"
rm -rf snapshots socket

# --- run -------------------------------------------------------------------

step "2. Start a server with the agent, and put it under load"
shown "tenure run --dir snapshots -- leaky_server socket &"
tenure run --dir snapshots -- ../samples/leaky_server socket 2>server.log &
server=$!
waited=0
until [ -S socket ]; do
    kill -0 "$server" 2>/dev/null ||
        fail "the server ended: $(cat server.log)"
    [ "$waited" -lt 100 ] || fail "the server does not listen"
    waited=$((waited + 1))
    sleep 0.1
done
shown "load socket $seconds &"
../samples/load socket $seconds >load.log 2>&1 &
load=$!

step "3. Take snapshots while it serves"
echo "    A minor one counts; a major one also marks what is still reachable."
for kind in $kinds; do
    sleep "$pause"
    shown "tenure snap --$kind $server"
    file=$(tenure snap "--$kind" "$server")
    printf '    %s\n' "${file#"$PWD"/}"
done
set -- snapshots/*.tenure
wait "$load" || fail "the load failed: $(cat load.log)"
load=''
printf '\n    The server answered %s.\n' "$(cat load.log)"

# --- look ------------------------------------------------------------------

step "4. What grew, and where?"
shown "tenure diff snapshots/*.tenure"
echo
status=0
tenure diff --color=$colour --top=2 "$@" || status=$?
# 1 says that it found a leak, which is what we came for.
[ "$status" -eq 1 ] || fail "no leak was found: status $status"

found=$(tenure diff --color=never --top=1 "$@" 2>/dev/null || :)
line=$(echo "$found" |
    sed -n 's/.*leaky_server\.c:\([0-9][0-9]*\).*/\1/p' | head -n 1)
site=$(echo "$found" | sed -n 's/.* site \([0-9a-f]\{16\}\).*/\1/p' |
    head -n 1)
[ -n "$line" ] || fail "the report names no line of the server"
step "samples/leaky_server.c, line $line"
awk -v line="$line" -v bold="$bold" -v plain="$plain" '
    NR >= line - 3 && NR <= line + 3 {
        printf "%s  %s %4d  %s%s\n", NR == line ? bold : "",
            NR == line ? ">" : " ", NR, $0, NR == line ? plain : ""
    }' "$root/samples/leaky_server.c"

step "Go on from here"
cat <<END
    How sure is that?          tenure diff --explain=$site snapshots/*
    What is alive just now?    tenure show ${file#"$PWD"/}
    And in your own service?   tenure run -- ./your-server

    $dim# the first two work after this$plain
    cd $PWD; PATH=$demo/bin:\$PATH
END
