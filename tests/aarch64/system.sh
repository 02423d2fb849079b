#!/bin/sh
# Starts a kernel for aarch64 on an emulated machine, with what build.sh has
# made, and runs guest.sh there: where single programs are emulated there is
# no ptrace(2), so no stop and no mark.
#
#   system.sh SOURCE_DIRECTORY BUILD_DIRECTORY [COMMAND...]
#
# COMMAND is run in place of guest.sh. Files lie there where they lie here.
set -eu
source=$1 build=$2
shift 2
[ $# -gt 0 ] || set -- sh "$source/tests/aarch64/guest.sh" "$source" \
    "$build/agent"
disk=$build/disk.$$
trap 'rm -rf "$disk" "$disk.cpio"' EXIT

# A system: programs, libraries, the first process.
libraries=$disk/usr/lib/aarch64-linux-gnu
mkdir -p "$disk/usr/bin" "$libraries"
for directory in "$build/root/bin" "$build/root/usr/bin"; do
    cp -a "$directory/." "$disk/usr/bin/"
done
for directory in "$build/root/lib" "$build/root/usr/lib"; do
    find "$directory/aarch64-linux-gnu" -maxdepth 1 -name '*.so*' \
        -exec cp -a {} "$libraries/" \;
done
ln -s usr/bin "$disk/bin"
ln -s usr/lib "$disk/lib"
ln -s aarch64-linux-gnu/ld-linux-aarch64.so.1 "$disk/usr/lib/"
ln -sf dash "$disk/usr/bin/sh"
ln -sf mawk "$disk/usr/bin/awk"
aarch64-linux-gnu-gcc -Wall -Wextra -Werror -O1 -static -o "$disk/init" \
    "$source/tests/aarch64/init.c"

# The product and its tests.
mkdir -p "$disk$source" "$disk$build/agent/tests"
cp -a "$source/tests" "$disk$source/"
cp -a "$build/agent/bin" "$build/agent/lib" "$disk$build/agent/"
cp -a "$build/agent/tests/mark" "$disk$build/agent/tests/"
for word; do
    printf "'%s' " "$word"
done >"$disk/tests.sh"
(cd "$disk" && find . | cpio -o -H newc -R 0:0 --quiet) >"$disk.cpio"

# Its own words for what has gone wrong are in the output as well. Pointer
# authentication with the algorithm of real machines is slow to emulate.
timeout 280 qemu-system-aarch64 -machine virt -cpu max,pauth-impdef=on \
    -smp 2 -m 1024 -nodefaults -nographic -serial stdio -no-reboot \
    -kernel "$(echo "$build"/kernel/boot/vmlinuz-*)" -initrd "$disk.cpio" \
    -append "console=ttyAMA0 quiet panic=-1" </dev/null |
    tr -d '\r' | tee "$build/console"
grep -q '^init: the tests ended with status 0$' "$build/console" &&
    ! grep -E 'Kernel panic|Oops|BUG:|WARNING:' "$build/console"
