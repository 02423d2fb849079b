#!/bin/sh
# Runs of the gate: every exit status and every output is right, and all
# outputs of a run agree.   sh matrix.sh TENURE VICTIMS NO_PTRACE MAKE_SERIES
# LEAKY
# VICTIMS has the programs that CMake made of victim.c.
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/../cli/lib.sh"
tenure=$(reachable "$(absolute "$1")")
victims=$(absolute "$2")
no_ptrace=$(absolute "$3")
make_series=$(absolute "$4")
leaky=$(absolute "$5")
gate=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/gate/validate.sh
. "$gate/validate.sh"
enter
mkdir tmp
TMPDIR=$scratch/tmp
export TMPDIR
unset GITHUB_STEP_SUMMARY GITHUB_WORKSPACE CI_PROJECT_DIR
runs=0

# gate_run NAME STATUS VERDICT ARGUMENTS...   all outputs are validated, and
# compared with each other; the text is in $text, the JSON in $json. Tenure is
# run by $under, a command.
under=
gate_run() {
    name=$1 wanted=$2 verdict=$3
    shift 3
    runs=$((runs + 1))
    out=$scratch/$name
    mkdir -p "$out"
    chmod 777 "$out"
    # Several words on purpose.
    # shellcheck disable=SC2086
    $under "$tenure" check -o "junit:$out/junit" -o "sarif:$out/sarif" \
        -o "json:$out/json" -o "gitlab:$out/gitlab" -o "text:$out/text" \
        -o "openmetrics:$out/openmetrics" -o "github:$out/github" \
        -o "markdown:$out/markdown" "$@" >"$out/out" 2>"$out/err" </dev/null
    status=$?
    text=$out/text json=$out/json
    [ "$status" -eq "$wanted" ] ||
        fail "$name: status $status, not $wanted: $(cat "$out/err")"
    agree
}

# agree: the outputs of this run, with each other and with its status.
agree() {
    for format in junit sarif json gitlab openmetrics github markdown text; do
        [ -f "$out/$format" ] || { fail "$name: no $format"; return; }
        validate "$format" "$out/$format" || fail "$name: $format"
    done
    [ "$(jq -r .verdict "$json")" = "$verdict" ] ||
        fail "$name: verdict $(jq -r .verdict "$json"), not $verdict"
    [ "$(jq .status "$json")" -eq "$status" ] || fail "$name: JSON's status"
    reason=$(jq -r '.reasons[0]' "$json")
    head -n 1 "$text" | grep -qF "$verdict: $reason" ||
        fail "$name: the text begins with $(head -n 1 "$text")"
    head -n 3 "$out/markdown" | tail -n 1 | tr -d '\134' | grep -qF "$reason" ||
        fail "$name: the summary begins with $(head -n 3 "$out/markdown")"
    grep -qF "tenure_check_verdict{verdict=\"$verdict\"} 1" \
        "$out/openmetrics" || fail "$name: OpenMetrics differ"
    failing=$(jq '[.findings[] | select(.state == "fails")] | length' "$json")
    shown=$(jq '[.findings[] | select(.state == "fails" and
        .leader == .id)] | length' "$json")
    [ "$(jq '[.runs[0].results[] | select(.level == "error")] | length' \
        "$out/sarif")" -eq "$shown" ] || fail "$name: SARIF differs"
    case $verdict in
    leak)
        [ "$failing" -gt 0 ] || fail "$name: a leak without a finding"
        grep -q '<failure type="leak"' "$out/junit" || fail "$name: JUnit"
        [ "$(jq length "$out/gitlab")" -eq "$shown" ] ||
            fail "$name: GitLab differs"
        [ "$(grep -c '^::error' "$out/github")" -eq "$shown" ] ||
            fail "$name: GitHub differs"
        ;;
    clean)
        [ "$failing" -eq 0 ] || fail "$name: clean with a finding"
        [ "$(jq length "$out/gitlab")" -eq 0 ] || fail "$name: GitLab"
        ! grep -qE '<(failure|error)' "$out/junit" || fail "$name: JUnit"
        ! grep -q '^::error' "$out/github" || fail "$name: GitHub"
        ;;
    inconclusive)
        grep -q '<error type="inconclusive"' "$out/junit" ||
            fail "$name: JUnit has no error"
        [ "$(jq '.runs[0].invocations[0].executionSuccessful' \
            "$out/sarif")" = false ] || fail "$name: SARIF succeeded"
        grep -q '^::error title=tenure check is inconclusive' \
            "$out/github" || fail "$name: GitHub has no error"
        ;;
    esac
}

# says PATTERN: in the text of the last run.
says() {
    grep -q -e "$1" "$text" || fail "$name: '$1' is not in: $(cat "$text")"
}

# first CLASS FUNCTION: what the first finding is.
first() {
    found=$(jq -r '.findings[0] | "\(.class) \(.function)"' "$json")
    [ "$found" = "$1 $2" ] || fail "$name: found $found first, not $1 $2"
}

# states LIST: the states of all findings, sorted.
states() {
    found=$(jq -r '[.findings[].state] | unique | join(" ")' "$json")
    [ "$found" = "$1" ] || fail "$name: states $found, not $1"
}

victim=$victims/plain/victim

# What it finds.
gate_run clean 0 clean -- "$victim" 6
says '^clean: nothing fails in 7 snapshots of 1 process'
[ -z "$(ls tmp)" ] || fail "clean: snapshots stay"
gate_run leaking 1 leak -- "$victim" 6 keep
first leak new_item
says 'To accept it, suppress it by: leak:^new_item\$'
says 'warning: the snapshots are in '
says '^leak: leak in new_item at .*victim.c:[0-9]*: '
gate_run from_files 1 leak tmp/*/
first leak new_item
# One line with two calls is one finding, with the sum of both.
gate_run one_line 1 leak -- "$victim" 6 twice
first leak new_item
[ "$(jq -c '[.findings[].blocks]' "$json")" = '[48]' ] ||
    fail "one_line: blocks $(jq -c '[.findings[].blocks]' "$json")"
[ "$(jq '[.sites[] | select(.class == "leak")] | length' "$json")" -eq 2 ] ||
    fail "one_line: not both sites in the JSON"
gate_run lost 1 leak -- "$victim" 6 lose
first lost lose_item
gate_run grown 1 leak -- "$victim" 6 grow
first grown grow_buffer
says 'grown by realloc at'
gate_run exit_code 23 leak --exit-code=23 -- "$victim" 6 keep
gate_run moment_lost 1 leak --min-snapshots=1 -- "$victim" 1 quiet lose
first lost lose_item
[ "$(jq '.snapshots[-1].lost_bytes' "$json")" -eq 2800 ] ||
    fail "moment_lost: the snapshot's lost bytes in the JSON"
grep -q '^tenure_lost_bytes 2800$' "$out/openmetrics" ||
    fail "moment_lost: $(grep '^tenure_lost' "$out/openmetrics")"
gate_run moment_clean 0 clean --min-snapshots=1 -- "$victim" 1 quiet keep

# Rounds.
gate_run rounds_leak 1 leak --repeat=4 -- "$victim" 1 round quiet keep
first leak new_item
says 'alive at the end of rounds 1 to 4: 4, 8, 12, 16 blocks'
gate_run rounds_clean 0 clean --repeat=4 -- "$victim" 1 round quiet
gate_run rounds_alike 3 inconclusive --repeat=4 -- "$victim" 1 quiet keep
says 'the rounds do not differ'

# Policy.
gate_run not_this_class 0 clean --fail-on=lost -- "$victim" 6 keep
states allowed
gate_run below_min 0 clean --min-bytes=1M -- "$victim" 6 keep lose
states allowed
gate_run within_max_lost 0 clean --max-lost=1M -- "$victim" 6 lose
gate_run over_max_lost 1 leak --max-lost=10 -- "$victim" 6 lose
gate_run warmup 3 inconclusive --warmup=4 -- "$victim" 6

# Suppressions.
echo 'leak:^new_item$' >own.supp
gate_run suppressed 0 clean --suppressions=own.supp -- "$victim" 6 keep
states suppressed
grep -q '<skipped message="suppressed: leak:^new_item' "$out/junit" ||
    fail "suppressed: not skipped"
[ "$(jq -r '[.sites[].suppressed_by | strings][0]' "$json")" = \
    'leak:^new_item$' ] || fail "suppressed: not in the JSON"
echo 'leak:^new_item$ # until=2020-01-31' >own.supp
gate_run expired 1 leak --suppressions=own.supp -- "$victim" 6 keep
says 'leak:^new_item\$ (own.supp:1) ended on 2020-01-31'
printf '# max=1K\nleak:^new_item$\n' >own.supp
gate_run over_ceiling 1 leak --suppressions=own.supp -- "$victim" 6 keep
says 'allows 1.0 KiB'
echo 'leak:no_such_function' >own.supp
gate_run unused 0 clean --suppressions=own.supp -- "$victim" 6
says 'warning: the suppression leak:no_such_function .* matched nothing'
printf '{\n a\n Memcheck:Leak\n fun:calloc\n fun:new_item\n}\n' >own.supp
gate_run valgrind 0 clean --suppressions=own.supp -- "$victim" 6 keep
states suppressed

gate_run own_suppressions 0 clean -- "$victims/suppresses/victim" 6 keep
states suppressed
says 'leak:^new_item\$ (victim:1)'

# Baselines.
run "$tenure" check -q --baseline=main.json --update-baseline -- "$victim" 6 \
    keep
expect 0 ""
gate_run same 0 clean --baseline=main.json -- "$victim" 6 keep
states known
gate_run new_leak 1 leak --baseline=main.json -- "$victim" 6 keep more
first leak keep_more
states 'fails known'
gate_run fixed 0 clean --baseline=main.json -- "$victim" 6
says '^1 fixed since the baseline'
for other in renamed moved inlined; do
    gate_run "$other" 0 clean --baseline=main.json -- \
        "$victims/$other/victim" 6 keep
    states known
done
run "$tenure" check -q --min-snapshots=1 --baseline=lost.json \
    --update-baseline -- "$victim" 1 quiet lose
expect 0 ""
gate_run same_lost 0 clean --min-snapshots=1 --baseline=lost.json -- \
    "$victim" 1 quiet lose
states known
gate_run more_lost 1 leak --min-snapshots=1 --baseline=lost.json -- \
    "$victim" 30 quiet lose
says 'it got worse: was 2.7 KiB, is 82.0 KiB'
mkdir main
run "$tenure" run --dir=main -- "$victim" 6 keep
gate_run series_as_baseline 0 clean --baseline=main -- "$victim" 6 keep
states known
gate_run report_as_baseline 0 clean "--baseline=$scratch/leaking/json" -- \
    "$victim" 6 keep
states known

# The command's own failure wins.
gate_run child_fails 7 inconclusive -- "$victim" 6 fail
says 'victim failed with status 7'
gate_run child_fails_leaking 7 leak -- "$victim" 6 keep fail
gate_run child_killed 137 inconclusive -- "$victim" 6 kill
says 'ended by signal 9'
gate_run not_found 127 inconclusive -- ./no/such/program
gate_run not_executable 126 inconclusive -- /etc/passwd

# Never green by mistake.
gate_run one_snapshot 3 inconclusive -- "$victim" 1 quiet
says '0 of 4 snapshots that a verdict needs; .* add --min-snapshots=1 to judge'
gate_run two_snapshots 3 inconclusive -- "$victim" 2
gate_run no_sample 3 inconclusive --sample=1G -- "$victim" 6 keep
says '^inconclusive: no allocation was sampled: use a smaller --sample'
says 'lost blocks of less than 3.0 GiB, and growth of less than 8.0 GiB'
gate_run no_sample_at_end 3 inconclusive --sample=1G --min-snapshots=1 -- \
    "$victim" 6 quiet lose
says 'no allocation was sampled'
gate_run no_traffic 3 inconclusive -- "$victim" 6 idle
says 'saw no allocation'
gate_run static 3 inconclusive -- "$victims/static/victim" 6
says 'statically linked'
gate_run static_jemalloc 3 inconclusive -- "$victims/jemalloc/victim" 6
says 'blocks of victim are not seen, nor what it frees'
cat >deepbind.py <<EOF
import ctypes, os
leaky = ctypes.CDLL("$leaky", mode=os.RTLD_NOW | os.RTLD_DEEPBIND)
for i in range(1000):
    leaky.call_from_python()
EOF
python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
gate_run deepbind 3 inconclusive -- env LEAK=1 "$python" deepbind.py
says '^inconclusive: .* blocks of libleaky.so are not seen'
says 'accept that by --ignore-unseen=libleaky.so$'
gate_run deepbind_accepted 0 clean --ignore-unseen=libleaky.so -- \
    env LEAK=1 "$python" deepbind.py
gate_run became_static 3 inconclusive -- "$victim" 6 exec \
    "$victims/static/victim" 1
says 'went on without the agent'
mkdir -m 700 private
gate_run unwritten 3 inconclusive --dir=private -- "$victim" 6 worker keep
says 'snapshots of it, or of processes that it forked, could not be written'
gate_run no_agent 3 inconclusive -- env -u LD_PRELOAD "$victim" 6

# Nor where a shell, make or ctest is between us and the program.
under_shell() {
    name=$1 wanted=$2 verdict=$3 script=$4
    shift 4
    gate_run "$name" "$wanted" "$verdict" --min-snapshots=1 "$@" -- \
        sh -c "$script; true" sh "$victim" "$victims/static/victim"
}
under_shell below_static 3 inconclusive '"$2" 6'
says 'inconclusive: victim was not seen: the agent was not in it'
under_shell below_both 3 inconclusive '"$2" 6; "$1" 6'
says 'inconclusive: victim was not seen'
under_shell below_cleared 3 inconclusive 'env -i "$1" 6'
says 'inconclusive: victim was not seen'
under_shell below_spawned 3 inconclusive \
    "python3 -c 'import os, sys
os.waitpid(os.posix_spawn(sys.argv[1], [\"x\"], {}), 0)' \"\$1\""
says 'inconclusive: victim was not seen'
under_shell below_killed 3 inconclusive '"$1" 1 quiet kill'
says 'inconclusive: victim ended without a last snapshot'
under_shell below_judged 0 clean '"$1" 6 kill'
says 'warning: victim ended without a last snapshot (killed?) and is judged'
under_shell below_judged_lost 1 leak '"$1" 6 lose kill'
under_shell below_outliving 3 inconclusive 'sleep 9 & :'
says 'inconclusive: sleep still runs, without a last snapshot'
under_shell below_late 1 leak '(sleep .5; exec "$1" 1 quiet lose) & :'
first lost lose_item
under_shell below_many 3 inconclusive 'for i in 1 2 3; do "$2" 1; done'
says 'victim (3 times) was not seen'
under_shell below_ignored 0 clean '"$2" 6; "$1" 6' --ignore-unseen=x,victim
under_shell below_usual 0 clean \
    'ls | cat; (exit 1); ./none; (./none; "$1" 6); true & wait; exec "$1" 6'
# The same of snapshots that are given as files.
"$tenure" run --dir=killed --major -- "$victim" 6 kill 2>/dev/null
gate_run killed_judged 0 clean killed
says 'warning: victim (PID .*) ended without a last snapshot (killed?) and is'
"$tenure" run --dir=killed_early --major -- "$victim" 1 kill 2>/dev/null
gate_run killed_early 3 inconclusive killed_early
says 'victim (PID .*) ended without a last snapshot (killed, or by a raw exit)'
(ulimit -f 0; "$tenure" run --dir=main_full --major -- "$victim" 6 2>/dev/null)
[ -n "$(find main_full -name '*.failed')" ] || fail "a full disk left no name"
"$tenure" run --dir=full --major -- "$victim" 6
cp main_full/*.failed full
gate_run full_to_the_end 3 inconclusive full
says '^inconclusive: full/victim.*failed: the latest snapshot of that process'
rm full/*.failed
full_file=$(find full -name '*.0001.tenure')
touch "${full_file%.0001.tenure}.failed"
gate_run full_file 3 inconclusive "$full_file"
says '^inconclusive: full/victim.*failed: the latest snapshot of that process'
gate_run no_snapshots 2 inconclusive main/none.tenure
mkdir empty
gate_run empty_directory 2 inconclusive empty
first_file=$(find main -name '*.0001.tenure')
head -c 500 "$first_file" >cut.tenure
gate_run truncated 2 inconclusive cut.tenure
cp "$first_file" damaged.tenure
printf 'x' | dd of=damaged.tenure bs=1 seek=300 conv=notrunc 2>/dev/null
gate_run damaged 2 inconclusive damaged.tenure
mkdir cut
cp cut.tenure cut/
gate_run truncated_directory 2 inconclusive cut
! grep -q 'write -- before it' "$text" || fail "a directory is no program"
gate_run foreign 2 inconclusive "$victim"
says 'write -- before it'

gate_run control 0 clean --self-test -- "$victim" 6
says 'the positive control of --self-test, found'
# An agent that was told of the control and did not make it.
env "LD_PRELOAD=${tenure%/bin/tenure}/lib/tenure/libtenure.so" \
    "TENURE_OPTIONS=dir=$scratch/blind:major:self-test=0" "$victim" 6
gate_run control_fails 3 inconclusive blind
says 'the leak that --self-test makes was not found'
XDG_CACHE_HOME=$scratch/cache
export XDG_CACHE_HOME
"$make_series" made cache
gate_run dropped 3 inconclusive --fail-on=lost made/server.4242.0001.tenure \
    made/server.4242.0002.tenure made/server.4242.0003.tenure \
    made/server.4242.0004.tenure made/dropped.tenure
says 'the agent dropped 1200 records'
unset XDG_CACHE_HOME
echo 'laek:x' >own.supp
gate_run bad_suppressions 2 inconclusive --suppressions=own.supp -- "$victim" 6
says 'own.supp:1: no suppression'
gate_run no_baseline 2 inconclusive --baseline=no.json -- "$victim" 6

# Where it runs. Nobody is a user without a home or a directory of its own.
chmod 755 "$scratch"
chmod 1777 tmp
under=$no_ptrace
gate_run no_ptrace_clean 0 clean -- "$victim" 6
gate_run no_ptrace_lost 1 leak -- "$victim" 6 lose
first lost lose_item
if [ "$(id -u)" -eq 0 ]; then
    under='setpriv --reuid=65534 --regid=65534 --clear-groups env -u HOME'
else
    under='env -u HOME'
fi
cp "$victim" "$scratch/product/victim"
cd /
gate_run nobody_clean 0 clean -- "$scratch/product/victim" 6
gate_run nobody_leaking 1 leak -- "$scratch/product/victim" 6 keep
first leak new_item
if [ "$(id -u)" -eq 0 ]; then
    cp "$victim" "$scratch/product/set_user"
    chmod 4755 "$scratch/product/set_user"
    gate_run set_user 3 inconclusive -- "$scratch/product/set_user" 6
    says 'gains privileges (setuid)'
fi
cd "$scratch" || exit 1
cat >read_only <<EOF
#!/bin/sh
# All but the test's own directory, as far as we may.
unshare -rm true 2>/dev/null || exec "\$@"
exec unshare -rm sh -c 'mount --bind $scratch $scratch &&
    mount -o remount,bind,ro / && exec "\$@"' sh "\$@"
EOF
chmod +x read_only
under=$scratch/read_only
gate_run read_only_clean 0 clean -- "$victim" 6
gate_run read_only_lost 1 leak -- "$victim" 6 lose
under='timeout 100'
gate_run timeout_clean 0 clean -- "$victim" 6
under=
"$tenure" check -q -- "$victim" 6 keep <&- >&- 2>&-
[ $? -eq 1 ] || fail "with closed streams: not 1"
clean=''
leaking=''
for i in 1 2 3 4; do
    "$tenure" check -q -- "$victim" 6 &
    clean="$clean $!"
    "$tenure" check -q -- "$victim" 6 keep &
    leaking="$leaking $!"
done
for i in $clean; do
    wait "$i" || fail "in parallel: a clean one ended with $?"
done
for i in $leaking; do
    wait "$i"
    status=$?
    [ "$status" -eq 1 ] || fail "in parallel: a leaking one ended with $status"
done

run "$tenure" check --dormant -- "$victim" 6
expect 2 '--dormant is for tenure run'

# Usage: one line, nothing written, nothing run.
for wrong in "--fail-on=cache main" "--output=pdf:x main" "" \
    "--update-baseline main" "--exit-code=300 main"; do
    # Several words on purpose.
    # shellcheck disable=SC2086
    run "$tenure" check $wrong
    expect 2 .
done
run "$tenure" check -o junit:main -q main
expect 2 'main is a directory'

echo "$runs runs of the gate"
finish
