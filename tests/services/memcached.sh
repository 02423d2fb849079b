# memcached under a small client with four connections.
# shellcheck shell=sh disable=SC2154 # part of service.sh

exercise() {
    start "$work/log" "$run" memcached -s "$work/socket" -u "$(id -un)" -m 64 -t 4
    await 20 test -S "$work/socket"
    timeout 60 python3 "$here/memcached_client.py" "$work/socket"
    await 20 has_snapshot
    stop TERM
}
