#!/bin/sh
# samples/ci: the consumer project against an installed tree, green and red,
# and the options that the CI files name.
#   sh consumer.sh CMAKE BUILD_DIRECTORY
# CMAKE_GENERATOR in the environment says how the project is built.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
cmake=$1
build=$(absolute "$2")
gate=$(cd "$(dirname "$0")" && pwd)
samples=$(cd "$gate/../../samples/ci" && pwd)
# shellcheck source=tests/gate/validate.sh
. "$gate/validate.sh"
enter

"$cmake" --install "$build" --prefix "$scratch/prefix" >log 2>&1 ||
    { cat log >&2; exit 1; }

# configure NAME ARGUMENTS...
configure() {
    into=$1
    shift
    "$cmake" -S "$samples/consumer" -B "$into" \
        "-DCMAKE_PREFIX_PATH=$scratch/prefix" "$@" >log 2>&1 &&
        "$cmake" --build "$into" >>log 2>&1 || { cat log >&2; exit 1; }
}

configure green
run ctest --test-dir green --output-on-failure -j 4
[ "$status" -eq 0 ] || fail "the clean project is red: $(cat .out)"
expect_out '100% tests passed, 0 tests failed out of 4'
validate junit green/leaks.xml || fail "JUnit of the clean project"

configure red -DCONSUMER_LEAKS=ON
run ctest --test-dir red --output-on-failure
expect_out 'leak: lost in cache_put'
expect_out 'cache_test.c:'
expect_out '3 tests failed out of 4'
grep -q '<failure type="lost" message="lost in cache_put' red/leaks.xml ||
    fail "JUnit of the leaking project"
validate junit red/leaks.xml || fail "JUnit of the leaking project"
run ctest --test-dir red -L leak -N
expect_out 'Total Tests: 3'

# A mistake is one at configure time.
mkdir wrong
cat >wrong/CMakeLists.txt <<'EOT'
cmake_minimum_required(VERSION 3.22)
project(wrong LANGUAGES C)
find_package(tenure REQUIRED)
tenure_add_leak_test(NAME x COMAND y)
EOT
if "$cmake" -S wrong -B wrong/build \
    "-DCMAKE_PREFIX_PATH=$scratch/prefix" >log 2>&1; then
    fail "an unknown argument passed"
fi
grep -q 'does not know COMAND' log || fail "unknown argument: $(cat log)"

"$scratch/prefix/bin/tenure" check --help >help
for file in github.yml gitlab-ci.yml Jenkinsfile; do
    sed -n 's/#.*//; /tenure check/,/-- build/p' "$samples/$file" |
        grep -o -- '--[a-z-]*' | sort -u >options
    [ -s options ] || fail "$file runs no check"
    while read -r option; do
        case $option in
        -- | --self-test) continue ;;
        esac
        grep -q -e " $option\\b" help || fail "$file: no option $option"
    done <options
done
for file in github.yml gitlab-ci.yml; do
    python3 -c 'import sys, yaml; yaml.safe_load(open(sys.argv[1]))' \
        "$samples/$file" || fail "$file is no YAML"
done

finish
