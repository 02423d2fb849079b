#!/bin/sh
# Real programs under load, their stacks compared with libunwind's: none may
# differ. Prints how many were compared; with VERIFY=1, every one.
#
#   sh verify.sh TENURE VERIFY
set -eu

here=$(cd "$(dirname "$0")" && pwd)
total=0
for service in redis nginx memcached postgres node batch; do
    said=$(sh "$here/../services/service.sh" "$1" $service 1 "$2")
    echo "$service: $said"
    total=$((total + ${said%% *}))
done
echo "$total in all, none different"
