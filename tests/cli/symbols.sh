#!/bin/sh
# Names of one program whose debug information is here, elsewhere or gone:
# sh symbols.sh TENURE CC SOURCE
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(absolute "$1")
cc=$2
source=$(absolute "$3")
enter
HOME="$scratch"
export HOME
unset XDG_CACHE_HOME

line() {
    grep -n "/\* line of $1 \*/" "$source" | cut -d: -f1
}

# The stack of the 100 blocks in the last snapshot of d/, one frame a line:
# function file:line kind.
stack() {
    last=$(find d -name '*.tenure' | sort | tail -n 1)
    "$tenure" show --format=json "$last" | jq -r '.sites[] |
        select(.live_blocks[-1] == 100).stack[] |
        "\(.function) \(.file | sub(".*/"; "")):\(.line) \(.kind)"' |
        sed -n '/main/q;p'
}

record() {
    rm -rf d .cache
    run "$tenure" run --dir d -- "./$1"
    expect 0 ""
}

same() {
    [ "$2" = "$3" ] || fail "$1: '$2', not '$3'"
}

whole="make symbols.c:$(line make) inline
fill symbols.c:$(line fill) native
exported symbols.c:$(line exported) native"
exported="^exported :0 native\$"

"$cc" -g -O2 -rdynamic "$source" -o program || exit 1
record program
same "debug information inside" "$(stack)" "$whole"

# A separate file by debug link, then gone but remembered.
objcopy --only-keep-debug program program.debug
strip program
objcopy --add-gnu-debuglink=program.debug program
record program
same "debug link" "$(stack)" "$whole"
rm program.debug
same "the cache" "$(stack)" "$whole"
[ "$(stat -c %a .cache/tenure)" = 700 ] || fail "the cache is not ours alone"

# Only what the dynamic linker needs: the static function has no name of its
# own, and a neighbour's is not taken for it.
rm -rf .cache
stack >stripped
sed -n 1p stripped | grep -q '^[a-z_]*+0x[0-9a-f]* :0 native$' ||
    fail "no nearest symbol: $(cat stripped)"
sed -n 2p stripped | grep -q "$exported" ||
    fail "exported is not named: $(cat stripped)"
run "$tenure" show "$(find d -name '*.tenure')"
expect_out "(nearest symbol)"

# Another program of that name: nothing of it is used.
rm -rf .cache
"$cc" -g -O0 "$source" -o program || exit 1
stack >changed
grep -q "unknown" changed || fail "names of another build: $(cat changed)"
run "$tenure" show "$(find d -name '*.tenure')"
expect_out "program (changed on disk)"
finish
