# A node HTTP server under wrk.
# shellcheck shell=sh disable=SC2154 # part of service.sh

fetch() {
    python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())
' "http://127.0.0.1:$port/?plain&id=$1"
}

exercise() {
    port=$(free_port)
    export PORT="$port"
    start "$work/log" "$run" node "$workloads/server.js"
    await 20 fetch 1
    load "http://127.0.0.1:$port/?id=7"
    load "http://127.0.0.1:$port/"
    fetch 7 | md5sum
    stop TERM
}
