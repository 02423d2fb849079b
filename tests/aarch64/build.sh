#!/bin/sh
# Builds everything for aarch64 with the cross compiler.
#
#   build.sh SOURCE_DIRECTORY BUILD_DIRECTORY [TARGET...]
#
# The other architecture's packages cannot all be installed beside ours: they
# are fetched by name, with an index of their own, and unpacked in the build
# directory, where they stay. Leaves there
#   root/    what is in the packages: libraries, headers, programs
#   kernel/  the kernel's package
#   agent/   the build
set -eu
source=$1 build=$2
shift 2

# As in tests/install.sh: "a|b" is the first of them that there is.
libraries='libc6 libstdc++6 libjemalloc-dev libjemalloc2
    libtcmalloc-minimal4|libtcmalloc-minimal4t64 libunwind-dev
    libmimalloc2.0|libmimalloc2.1|libmimalloc3 libdw-dev libelf-dev
    libjansson-dev libzstd-dev libiberty-dev libcmocka-dev'
programs='dash coreutils sed mawk findutils grep diffutils util-linux jq'
kernel='linux-image-cloud-arm64|linux-image-arm64'

mkdir -p "$build/lists/partial" "$build/archives/partial"
: >"$build/status"
arm() {
    command=$1
    shift
    "$command" -q -o APT::Architecture=arm64 \
        -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
        -o APT::Get::Assume-Yes=true \
        -o APT::Install-Recommends=false -o Debug::NoLocking=1 \
        -o Dir::State::Lists="$build/lists" -o Dir::Cache="$build" \
        -o Dir::State::status="$build/status" "$@"
}

choose() {
    for name in $(echo "$1" | tr '|' ' '); do
        if arm apt-cache show "$name" >/dev/null 2>&1; then
            echo "$name"
            return
        fi
    done
    echo "${1%%|*}"
}

fetch() {
    rm -rf "$build/root" "$build/kernel"
    arm apt-get update
    names=
    for entry in $libraries $programs; do
        names="$names $(choose "$entry")"
    done
    # shellcheck disable=SC2086 # they are several
    arm apt-get --download-only install $names
    for archive in "$build"/archives/*.deb; do
        dpkg -x "$archive" "$build/root"
    done
    # Its dependencies are tools to install it with. The one that it depends
    # on first is the image.
    image=$(arm apt-cache depends "$(choose "$kernel")" |
        sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1)
    (cd "$build/archives/partial" && arm apt-get download "$image" &&
        dpkg -x linux-image-*.deb "$build/kernel")
    rm -rf "$build/archives" "$build/lists"
}

wanted="$libraries $programs $kernel"
if [ "$(cat "$build/fetched" 2>/dev/null)" != "$wanted" ]; then
    set +e # which would not count within a condition
    (set -e && fetch) >"$build/apt.log" 2>&1
    status=$?
    set -e
    [ $status = 0 ] || { cat "$build/apt.log"; exit 1; }
    echo "$wanted" >"$build/fetched"
fi

root=$build/root
cat >"$build/toolchain.cmake" <<END
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(CMAKE_FIND_ROOT_PATH $root)
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(ENV{PKG_CONFIG_SYSROOT_DIR} $root)
set(ENV{PKG_CONFIG_LIBDIR} $root/usr/lib/aarch64-linux-gnu/pkgconfig)
add_link_options(-Wl,-rpath-link,$root/usr/lib/aarch64-linux-gnu)
add_link_options(-Wl,-rpath-link,$root/lib/aarch64-linux-gnu)
END

late="-DTENURE_STOP_WATCHDOG_MS=20000u -DTENURE_STOP_WAIT_MS=5000u"
cmake -S "$source" -B "$build/agent" -G Ninja -DTENURE_WERROR=ON \
    -DCMAKE_C_FLAGS="$late" -DCMAKE_TOOLCHAIN_FILE="$build/toolchain.cmake" >"$build/log" 2>&1 ||
    { cat "$build/log"; exit 1; }
[ $# -gt 0 ] || set -- tenure tenure_preload situations mark_plugin probe \
    holders detour
cmake --build "$build/agent" --target "$@" >"$build/log" ||
    { cat "$build/log"; exit 1; }
