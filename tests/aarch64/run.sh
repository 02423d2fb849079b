#!/bin/sh
# Runs a program under libtenure.so as build.sh has made it for aarch64, in
# the emulator, and looks at the snapshot with the native command.
#
#   run.sh SOURCE_DIRECTORY BUILD_DIRECTORY TENURE
set -eu
source=$1 build=$2 tenure=$3
# The cross compiler's libraries, also where a foreign libc is installed.
emulate="qemu-aarch64 -L /usr/aarch64-linux-gnu
    -E LD_LIBRARY_PATH=/usr/aarch64-linux-gnu/lib"
aarch64-linux-gnu-gcc -g -O1 -fno-optimize-sibling-calls \
    -o "$build/program" "$source/tests/aarch64/program.c" -pthread

# A thread's way out of a call and back.
# shellcheck disable=SC2086
timeout 60 $emulate "$build/agent/tests/mark/detour"

rm -rf "$build/snapshots"
# shellcheck disable=SC2086
said=$(timeout 60 $emulate \
    -E LD_PRELOAD="$build/agent/lib/tenure/libtenure.so" \
    -E TENURE_OPTIONS="dir=$build/snapshots" "$build/program" 2>&1)
[ "$said" = "done" ] || { echo "the program said: $said"; exit 1; }

# site FUNCTION BLOCKS BYTES: one site below it has exactly that.
"$tenure" show --format=json "$build"/snapshots/*.0001.tenure >"$build/json"
site() {
    jq -e --arg f "$1" --argjson blocks "$2" --argjson bytes "$3" \
        '[.sites[] | select(any(.stack[]; .function == $f))
          | select(.live_blocks[0] == $blocks and .live_bytes[0] == $bytes)]
         | length == 1' "$build/json" >/dev/null || {
        echo "no site below $1 with $2 blocks, $3 bytes:"
        "$tenure" show "$build"/snapshots/*.0001.tenure
        exit 1
    }
}
site keep_here 1000 100000
site in_thread 100 5000
site main 1 100000
echo "aarch64: every block where it should be"
