#!/bin/sh
# Runs every service N times with the agent (default 10) and says how it went.
#
#   sh soak.sh [N] [BUILD DIRECTORY]
set -u

here=$(cd "$(dirname "$0")" && pwd)
runs=${1:-10}
build=${2:-$here/../../build}
status=0
for service in redis nginx memcached postgres node batch; do
    if timeout $((runs * 60 + 60)) sh "$here/service.sh" \
        "$build/bin/tenure" "$service" "$runs"; then
        echo "$service: $runs of $runs runs good"
    else
        echo "$service: FAILED"
        status=1
    fi
done
exit "$status"
