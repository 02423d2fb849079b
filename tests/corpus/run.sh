#!/bin/sh
# Runs one corpus service under the agent and asserts the verdict that its
# source expects: after 8 snapshots, after 12, and with the one made at exit;
# with major snapshots, what it expects of those.
#
# Usage: run.sh TENURE SERVICE SOURCE WORK minor|major [SEED]
#   TENURE   the tenure command          SERVICE  the built service
#   SOURCE   its source, with EXPECT     WORK     a directory to work in
# Prints what disagrees; exit status 1 then, 0 when all agrees.
set -u

tenure=$1 service=$2 source=$3 work=$4 kind=$5 seed=${6:-1}
here=$(cd "$(dirname "$0")" && pwd)
rounds=12

fail() {
    echo "$(basename "$service"): $*" >&2
    exit 1
}

# judge WHEN SNAPSHOT...
judge() {
    when=$1
    shift
    "$tenure" diff --format=json "$@" >"$work/$when.json"
    status=$?
    [ $status -le 1 ] || fail "diff of $when ended with status $status"
    said=$(jq -r --arg when "$when" --arg expected "$expected" \
        -f "$here/judge.jq" "$work/$when.json") ||
        fail "the report of $when is not what it should be"
    case $(jq -r .verdict "$work/$when.json") in
    leak) wanted=1 ;;
    *) wanted=0 ;;
    esac
    if [ $status -ne $wanted ]; then
        said="$said
exit status $status, not $wanted"
    fi
    [ -z "$said" ] && return
    echo "$(basename "$service"), $when: $said"
    disagreed=1
}

expected=$(sed -n -f "$here/expectations.sed" "$source")
[ -n "$expected" ] || fail "$source expects nothing"

rm -rf "$work"
mkdir -p "$work" || exit 1
plain=$("$service" --rounds $rounds --seed "$seed") || fail "failed alone"
mark=
[ "$kind" = minor ] || mark=--major
traced=$("$tenure" run $mark --dir "$work/snapshots" -- \
    "$service" --rounds $rounds --seed "$seed") ||
    fail "failed under the agent"
[ "$plain" = "$traced" ] || fail "said '$traced', alone '$plain'"

cd "$work/snapshots" || exit 1
set -- *.tenure
[ $# -eq $((rounds + 1)) ] || fail "$# snapshots, not $((rounds + 1))"

disagreed=0
if [ "$kind" = major ]; then
    judge major ./*.000?.tenure ./*.001[012].tenure
else
    judge 8 ./*.000[1-8].tenure
    judge 12 ./*.000?.tenure ./*.001[012].tenure
    judge exit ./*.tenure
fi
exit $disagreed
