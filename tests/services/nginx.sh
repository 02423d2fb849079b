# nginx, a master and two workers, under wrk, with a reload under load.
# shellcheck shell=sh disable=SC2154,SC2034 # part of service.sh

processes=4

fetch() {
    python3 -c 'import sys, urllib.request
sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1], timeout=5).read())
' "http://127.0.0.1:$port/$1"
}

configure() {
    head -c 300 /dev/zero | tr '\0' x >"$work/small.txt"
    seq 50000 >"$work/large.txt"
    cat >"$work/nginx.conf" <<END
daemon off;
worker_processes 2;
pid $work/pid;
error_log $work/error.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path $work/body;
    proxy_temp_path $work/proxy;
    fastcgi_temp_path $work/fastcgi;
    uwsgi_temp_path $work/uwsgi;
    scgi_temp_path $work/scgi;
    gzip on;
    gzip_types text/plain;
    server {
        listen 127.0.0.1:$port;
        root $work;
    }
}
END
}

workers() {
    cat "/proc/$server/task/$server/children"
}

# The old workers have closed their connections and gone.
workers_are_new() {
    for pid in $old; do
        ! kill -0 "$pid" 2>/dev/null || return 1
    done
    [ -n "$(workers)" ]
}

exercise() {
    port=$(free_port)
    configure
    start "$work/log" "$run" nginx -e "$work/error.log" -c "$work/nginx.conf"
    await 20 fetch small.txt
    load "http://127.0.0.1:$port/small.txt"
    old=$(workers)
    kill -HUP "$server"
    await 20 workers_are_new
    load "http://127.0.0.1:$port/large.txt"
    fetch large.txt | md5sum
    stop QUIT
}
