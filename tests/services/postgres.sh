# PostgreSQL, one process per connection, under pgbench. It refuses to run
# as root, so root becomes the user postgres.
# shellcheck shell=sh disable=SC2154,SC2034 # part of service.sh

processes=6
programs=$(find /usr/lib/postgresql -type d -name bin | sort -V | tail -n 1)
PATH=$PATH:$programs

as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --init-groups "$@"
    else
        "$@"
    fi
}

ask() {
    as_postgres psql -h "$work/data" -d postgres -At -c "$1"
}

load_database() {
    as_postgres pgbench -h "$work/data" "$@" postgres 2>&1
}

exercise() {
    as_postgres initdb -N -D "$work/data" -A trust >"$work/initdb" 2>&1 ||
        fail "initdb: $(cat "$work/initdb")"
    start "$work/log" "$here/as_postgres.sh" "$run" \
        "$programs/postgres" -D "$work/data" -k "$work/data" -c listen_addresses= -c fsync=off
    await 30 ask 'select 1'
    load_database -q -i -s 1 >"$work/init" || fail "pgbench -i"
    load_database -n -c 4 -j 2 -t 300 -M prepared >"$work/bench" ||
        fail "pgbench: $(cat "$work/bench")"
    grep -E 'actually processed|failed' "$work/bench"
    ask 'select count(*), sum(abalance) = (select sum(bbalance)
         from pgbench_branches) from pgbench_accounts'
    ask "select count(*), sum(length(s)) from (select string_agg(
         md5(i::text), ',' order by i) s from generate_series(1, 100000) i
         group by i % 100) t"
    await 20 has_snapshot
    stop INT
}
