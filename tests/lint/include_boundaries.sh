#!/bin/sh
# Who may include what (the seams of the tree):
#
#   preload -> agent/track.h, agent/os.h      agent  -> agent
#   report  -> agent/format and its own       agent/format -> agent/format
#   samples -> their own, and tenure.h        tests  -> everything
#
# and which library stands behind which files: libunwind behind agent/unwind*
# and preload's none, the private jemalloc behind agent/heap*, libdw and
# libelf behind report/symbolize*, cmocka in tests/ only; no stdio in what
# runs inside the target.
#
#   sh tests/lint/include_boundaries.sh [ROOT]
set -eu
cd "${1:-.}"
failures=0

# complain FILE NAME WHY
complain() {
    echo "$1 includes $2: $3" >&2
    failures=$((failures + 1))
}

# includes FILE: one name a line, <system> or "project", brackets kept.
includes() {
    sed -n 's/^ *# *include *\([<"][^>"]*[>"]\).*/\1/p' "$1"
}

# The folder that "name", included from FILE, lies in; as the compiler finds
# it: next to the file first, then from the root.
target_of() {
    here=${1%/*}
    if [ -e "$here/$2" ]; then
        echo "$here/$2"
    elif [ -e "$2" ]; then
        echo "$2"
    elif [ -e "agent/include/$2" ]; then
        echo "agent/include/$2"
    else
        echo "generated/$2"
    fi
}

check_project() {
    at=$(target_of "$1" "$2")
    case $1:$at in
    */../*) complain "$1" "$2" "name it from the root" ;;
    *:generated/*) ;;
    tests/*:*) ;;
    agent/format/*:agent/format/*) ;;
    agent/format/*) complain "$1" "$2" "agent/format stands alone" ;;
    agent/*:agent/*) ;;
    preload/*:preload/* | preload/*:agent/track.h) ;;
    preload/*:agent/os.h) ;;
    preload/*) complain "$1" "$2" "preload/ sees agent/track.h only" ;;
    report/*:report/* | report/*:agent/format/*) ;;
    report/*) complain "$1" "$2" "report/ sees agent/format only" ;;
    samples/*:samples/* | samples/*:agent/include/*) ;;
    *) complain "$1" "$2" "not among its neighbours" ;;
    esac
}

check_system() {
    case $2 in
    libunwind*)
        case $1 in
        agent/unwind* | tests/*) ;;
        *) complain "$1" "$2" "libunwind is behind agent/unwind*" ;;
        esac
        ;;
    jemalloc/*)
        case $1 in
        agent/heap* | tests/*) ;;
        *) complain "$1" "$2" "jemalloc is behind agent/heap*" ;;
        esac
        ;;
    elfutils/* | libelf.h | gelf.h | dwarf.h)
        case $1 in
        report/symbolize* | tests/*) ;;
        *) complain "$1" "$2" "libdw is behind report/symbolize*" ;;
        esac
        ;;
    cmocka.h)
        case $1 in
        tests/*) ;;
        *) complain "$1" "$2" "cmocka is for tests/" ;;
        esac
        ;;
    stdio.h | malloc.h | syslog.h | locale.h)
        case $1 in
        agent/include/*) ;;
        agent/* | preload/*)
            complain "$1" "$2" "it can lock or allocate inside the target"
            ;;
        esac
        ;;
    esac
}

list=$(find agent preload report samples tests -name '*.[ch]' -o \
    -name '*.cc' -o -name '*.cpp' -o -name '*.def' | sort)
for file in $list; do
    for name in $(includes "$file"); do
        case $name in
        \<*) name=${name#<} && check_system "$file" "${name%>}" ;;
        *) name=${name#\"} && check_project "$file" "${name%\"}" ;;
        esac
    done
done

if [ "$failures" -gt 0 ]; then
    echo "$failures include(s) cross a boundary" >&2
    exit 1
fi
