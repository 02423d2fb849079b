#!/bin/sh
# Becomes the command given, as the user postgres if it was root.
set -eu
if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
fi
exec "$@"
