#!/bin/sh
# Builds everything and runs the whole test suite.
#
#   sh tests/run.sh [arguments for the main ctest run, such as -R cli]
#
# Three builds: the unit tests under AddressSanitizer and UBSan, those that
# use threads under ThreadSanitizer, and then the product itself with every
# test. All of them run even if one fails; the status is that of the worst.
# TENURE_BUILD names another directory than build/.
set -eu

cd "$(dirname "$0")/.."
sh tests/install.sh test

build=${TENURE_BUILD:-build}
jobs=$(getconf _NPROCESSORS_ONLN)
status=0

# configure_and_build DIRECTORY TARGET [CMAKE ARGUMENTS]
configure_and_build() {
    directory=$1
    target=$2
    shift 2
    cmake -S . -B "$directory" -G Ninja -DTENURE_WERROR=ON "$@" >/dev/null &&
        cmake --build "$directory" -j "$jobs" --target "$target"
}

# run_tests DIRECTORY [CTEST ARGUMENTS]
run_tests() {
    directory=$1
    shift
    ctest --test-dir "$directory" -j "$jobs" --output-on-failure "$@"
}

echo "== unit tests under AddressSanitizer and UBSan"
configure_and_build "$build-asan" all -DTENURE_SANITIZE=address,undefined &&
    run_tests "$build-asan" || status=1

echo "== unit tests with threads under ThreadSanitizer"
configure_and_build "$build-tsan" thread_tests -DTENURE_SANITIZE=thread &&
    run_tests "$build-tsan" -L threads --no-tests=error || status=1

echo "== everything"
configure_and_build "$build" all && run_tests "$build" "$@" || status=1

if [ "$status" -ne 0 ]; then
    echo "run.sh: something above failed" >&2
fi
exit "$status"
