#!/bin/sh
# Installs into a fresh prefix, builds a project against it by CMake and by
# pkg-config, runs the installed command on it, moves the whole tree, and
# does it again: sh install.sh CMAKE GENERATOR BUILD_DIRECTORY
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
cmake=$1
generator=$2
build=$(absolute "$3")
consumer=$(absolute "$(dirname "$0")/consumer")
enter

"$cmake" --install "$build" --prefix "$scratch/prefix" >log 2>&1 ||
    { cat log >&2; exit 1; }
for file in bin/tenure 'lib*/libtenure.so' include/tenure.h 'lib*/tenure.pc' \
    'lib*/cmake/tenure/tenureConfig.cmake' \
    'lib*/cmake/tenure/tenureConfigVersion.cmake'; do
    [ -n "$(find prefix -path "prefix/$file")" ] ||
        fail "not installed: $file"
done
[ "$(find prefix -name libtenure.so)" = "$(find prefix/lib* -path \
    '*/tenure/libtenure.so')" ] || fail "libtenure.so is not in tenure/"

# use PREFIX: with CMake, with pkg-config, with and without the agent.
use() {
    rm -rf out tenure.out
    "$cmake" -G "$generator" -S "$consumer" -B out "-DCMAKE_PREFIX_PATH=$1" >log 2>&1 &&
        "$cmake" --build out >>log 2>&1 || { cat log >&2; exit 1; }
    [ "$(readlink -f "$(cat out/command)")" = "$1/bin/tenure" ] ||
        fail "TENURE_COMMAND is $(cat out/command)"
    PKG_CONFIG_PATH=$(dirname "$(find "$1" -name tenure.pc)")
    export PKG_CONFIG_PATH
    # Several words on purpose.
    # shellcheck disable=SC2046
    cc -o out/by_pkg_config $(pkg-config --cflags --libs tenure) \
        "$consumer/consumer.c" || fail "pkg-config"
    [ "$(readlink -f "$(pkg-config --variable=preload tenure)")" = \
        "$(readlink -f "$(cat out/preload)")" ] || fail "preload differs"
    [ "$(pkg-config --modversion tenure)" = "$("$1/bin/tenure" --version |
        cut -d' ' -f2)" ] || fail "the versions differ"
    for program in consumer consumer_cxx by_pkg_config; do
        run "out/$program"
        expect 0 ""
        expect_out '^0$'
        run "$1/bin/tenure" run -- "out/$program"
        expect 0 ""
        expect_out '^1$'
        [ "$(find tenure.out -name "$program.*.0001.tenure" | wc -l)" -eq 1 ] ||
            fail "$program: no snapshot: $(ls tenure.out)"
    done
    rm -rf other
    run env "LD_PRELOAD=$(cat out/preload)" \
        "TENURE_OPTIONS=dir=$scratch/other" out/consumer
    expect 0 ""
    expect_out '^1$'
}

use "$scratch/prefix"
mkdir moved
mv prefix moved/here
use "$scratch/moved/here"

finish
