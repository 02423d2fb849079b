#!/bin/sh
# Installs what building and testing tenure needs, by package name.
#
#   sh tests/install.sh [build|test]
#
# The lists below are the only place where packages are named. A line is one
# package, or several names joined by "|": the first that this release has.
# Nothing is done when everything is there. As root, or where sudo asks for
# no password, the missing ones are installed; else they are named. Where
# there is no apt, the same things are expected under that system's names.
set -eu

build='
cmake
ninja-build
gcc
g++
libc6-dev
pkg-config
binutils
libunwind-dev
libjemalloc-dev
libdw-dev
libelf-dev
libzstd-dev
libcmocka-dev
libjansson-dev
libiberty-dev
'

test='
clang
libclang-rt-dev|libclang-rt-14-dev
clang-format
cppcheck
shellcheck
redis-server
redis-tools
nginx-light|nginx
wrk
memcached
sqlite3
postgresql
postgresql-contrib
heaptrack
libjemalloc2
libtcmalloc-minimal4|libtcmalloc-minimal4t64
libmimalloc2.0|libmimalloc2.1|libmimalloc3
gcc-aarch64-linux-gnu
g++-aarch64-linux-gnu
libc6-dev-arm64-cross
qemu-user
qemu-system-arm
cpio
jq
python3
xxhash
valgrind
libxml2-utils
python3-jsonschema
python3-yaml
prometheus
'

case ${1:-test} in
build) wanted=$build ;;
test)
    wanted="$build $test"
    # Node may come from elsewhere than the distribution, with npm.
    command -v node >/dev/null || wanted="$wanted nodejs"
    command -v npm >/dev/null || wanted="$wanted npm"
    ;;
*)
    echo "usage: sh tests/install.sh [build|test]" >&2
    exit 2
    ;;
esac

installed() {
    case $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) in
    *' installed') return 0 ;;
    esac
    return 1
}

# The name in "a|b|c" that is installed, else one that could be.
choose() {
    for name in $(echo "$1" | tr '|' ' '); do
        if installed "$name"; then
            echo "$name"
            return
        fi
    done
    for name in $(echo "$1" | tr '|' ' '); do
        if apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

find_missing() {
    missing=
    for entry in $wanted; do
        name=$(choose "$entry")
        installed "$name" || missing="$missing $name"
    done
}

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    echo "install.sh: no apt here; expected are these packages:$wanted" >&2
    exit 0
fi

find_missing
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    if sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        echo "install.sh: missing packages, install them as root:" >&2
        echo "    apt-get install$missing" >&2
        exit 1
    fi
fi

echo "install.sh: installing$missing" >&2
apt() {
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >&2
}
# A fresh machine has no package index, an old one a stale one.
apt update
find_missing
# The list is several words on purpose.
# shellcheck disable=SC2086
apt install --no-install-recommends $missing
