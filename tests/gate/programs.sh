#!/bin/sh
# The gate on programs that people have: clean they are green, and with a leak
# brought in they are red, with the guilty function first.
#   sh programs.sh TENURE LEAKY_LIBRARY [TIMES]
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
tenure=$(absolute "$1")
leaky=$(absolute "$2")
times=${3:-1}
# The program itself and not a script that looks for one.
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
enter

# gate NAME COMMAND...: green as it is, red with the leak and its function.
gate() {
    name=$1
    shift
    for wanted in 0 1; do
        rm -rf snapshots socket
        unset LEAK
        [ $wanted -eq 0 ] || export LEAK=1
        # shellcheck disable=SC2086 # several words or none
        "$tenure" check -q --dir=snapshots -o json:json \
            -o text:text $accepted -- "$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null
        status=$?
        [ "$status" -eq "$wanted" ] ||
            fail "$name: status $status, not $wanted: $(cat .err text)"
    done
    [ "$(jq -r '.findings[0].function' json)" = leak_a_record ] ||
        fail "$name: found $(jq -r '.findings[0].function' json) first"
}

cat >work.sql <<EOT
.load $leaky
create table t(id integer primary key, text);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
    insert into t select i, hex(randomblob(20)) from n;
EOT
i=0
while [ $i -lt 100 ]; do
    echo "select sum(called()) from (select 1 from t limit 11);"
    echo "select count(*) from t where text like '%$i%';"
    i=$((i + 1))
done >>work.sql

cat >work.py <<'EOT'
import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
for i in range(1050):
    json.loads(json.dumps([{"a": str(i + k)} for k in range(50)]))
    library.call_from_python()
EOT

cat >work.js <<'EOT'
const module_ = { exports: {} };
process.dlopen(module_, process.argv[2]);
let calls = 0;
function work() {
    JSON.parse(JSON.stringify(new Array(100).fill({ a: "b" + calls })));
    module_.exports();
    if (++calls < 1050)
        setImmediate(work);
}
work();
EOT

# A server for a while: sh serve.sh SOCKET LIBRARY CLIENT COMMAND...
cat >serve.sh <<'EOT'
socket=$1 library=$2 client=$3
shift 3
LD_PRELOAD=$LD_PRELOAD:$library "$@" &
server=$!
i=0
until [ -S "$socket" ]; do
    i=$((i + 1))
    [ $i -lt 600 ] || exit 99
    sleep 0.1
done
# The client's own allocations are not the question.
env -u LD_PRELOAD sh "$client" "$socket" >client.log 2>&1 || exit 98
kill -TERM $server
wait $server
status=$?
[ $status -eq 143 ] && status=0
exit $status
EOT
cat >redis.sh <<'EOT'
i=0
while [ $i -lt 15 ]; do
    redis-cli -s "$1" -r 100 set "key$((i % 2))" "value" || exit 1
    i=$((i + 1))
done
EOT
cat >memcached.sh <<'EOT'
exec "$PYTHON" -c '
import socket, sys
for i in range(30):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(sys.argv[1])
        f = s.makefile("rwb")
        for k in range(50):
            f.write(b"set key%d 0 0 5\r\nvalue\r\n" % (k % 10))
            f.flush()
            assert f.readline() == b"STORED\r\n"
' "$1"
EOT

# A true loss, of one block of 40 B, which Valgrind calls definitely lost at the
# same place: main() keeps the only pointer to it in its frame and never frees
# it. Accepted are up to 64 B that a function called by main() itself allocates
# and loses; that a version of memcached loses nothing there is no error.
cat >memcached.supp <<'EOT'
# max=64
{
   what main() of memcached forgets
   Memcheck:Leak
   match-leak-kinds: definite
   fun:calloc
   obj:*/memcached
   obj:*/memcached
   fun:__libc_start_call_main
}
EOT

# serve CLIENT COMMAND...
serve() {
    client=$1
    shift
    # Its client is without the agent on purpose, and a shell.
    accepted=--ignore-unseen=sh
    [ ! -f "$client.supp" ] ||
        accepted="$accepted --suppressions=$client.supp"
    gate "$client" sh serve.sh "$scratch/socket" "$leaky" "$client.sh" "$@"
}
PYTHON=$python accepted=
export PYTHON

user=nobody
[ "$(id -u)" -ne 0 ] || user=root
round=0
while [ $round -lt "$times" ]; do
    round=$((round + 1))
    accepted=
    gate sqlite sqlite3 -init work.sql :memory: 'select 1'
    gate python "$python" work.py "$leaky"
    gate node node work.js "$leaky"
    serve redis redis-server --port 0 --unixsocket "$scratch/socket" \
        --save '' --appendonly no
    serve memcached memcached -u "$user" -s "$scratch/socket"
done

finish
