# redis-server under redis-benchmark, with a background save by fork.
# shellcheck shell=sh disable=SC2154,SC2034 # part of service.sh

processes=2

ask() {
    timeout 20 redis-cli -s "$work/socket" "$@"
}

saved() {
    ask info persistence | grep -q rdb_bgsave_in_progress:0
}

exercise() {
    start "$work/log" "$run" redis-server --port 0 --unixsocket "$work/socket" \
        --dir "$work" --save '' --appendonly no
    await 20 ask ping
    timeout 60 redis-benchmark -q -s "$work/socket" -c 20 -n 60000 -P 16 \
        -t set,get,lpush,hset,sadd,zadd >"$work/benchmark" 2>&1 ||
        fail "redis-benchmark failed"
    ask eval 'for i = 1, 5000 do redis.call("set", "k" .. i, i) end' 0
    ask bgsave
    await 20 saved
    ask info persistence | grep rdb_last_bgsave_status
    ask dbsize
    ask llen mylist
    ask get k77
    await 20 has_snapshot
    ask shutdown save
    stop none
    redis-check-rdb "$work/dump.rdb" | grep -o 'RDB looks OK'
}
