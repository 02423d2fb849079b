#!/bin/sh
# show and diff of what is not a snapshot, or not of the same process: one
# line that names cause and remedy, status 2, nothing on stdout.
# sh snapshots.sh TENURE MAKE_SERIES
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(absolute "$1")
make_series=$(absolute "$2")
enter
XDG_CACHE_HOME="$scratch/cache"
export XDG_CACHE_HOME
"$make_series" . cache || exit 1
mv server.4242.0001.tenure a.tenure
mv server.4242.0002.tenure b.tenure

# refused TEXT ARGUMENTS...
refused() {
    text=$1
    shift
    run "$tenure" "$@"
    expect 2 "$text"
    [ ! -s .out ] || fail "$*: wrote a report all the same"
}

# Every file that is not whole.
bytes=$(wc -c <a.tenure)
at=0
while [ "$at" -lt "$bytes" ]; do
    head -c "$at" a.tenure >cut.tenure
    case $at in
    0) refused "cut.tenure is empty" show cut.tenure ;;
    [1-7]) refused "cut.tenure is too short" show cut.tenure ;;
    *) refused "cut.tenure is truncated; copy it again" show cut.tenure ;;
    esac
    at=$((at < 80 ? at + 7 : at + 397))
done
at=8
while [ "$at" -lt "$bytes" ]; do
    head -c "$at" a.tenure >flipped.tenure
    tail -c +$((at + 1)) a.tenure | head -c 1 | tr '\000-\377' \
        '\001-\377\000' >>flipped.tenure
    tail -c +$((at + 2)) a.tenure >>flipped.tenure
    refused "flipped.tenure " diff flipped.tenure b.tenure
    at=$((at + 487))
done
{
    head -c 8 a.tenure
    printf '\143\000\000\000'
    tail -c +13 a.tenure
} >newer.tenure
refused "newer.tenure was written by a newer tenure; update" show newer.tenure
printf '\177ELF and so on, long enough to be read as a header ......' >elf
refused "elf is not a tenure snapshot" show elf
refused "missing: No such file" show missing
mkdir dir
refused "dir is a directory; name the snapshots in it: dir/\*.tenure" show dir
mkfifo fifo
refused "fifo is not a regular file; give -" show fifo
refused "/dev/null is not a regular file" show /dev/null
if [ "$(id -u)" -ne 0 ]; then
    cp a.tenure secret.tenure
    chmod 0 secret.tenure
    refused "secret.tenure: Permission denied" show secret.tenure
fi

# Files that do not belong together.
refused "a.tenure is of server (PID 4242, started .*, but \
other_process.tenure is of other (PID 77, .*); give snapshots of one process" \
    diff a.tenure other_process.tenure
refused "a.tenure and other_build.tenure come from two builds of \
/srv/bin/server" diff a.tenure other_build.tenure
refused "are the same snapshot (number 1)" diff a.tenure b.tenure a.tenure

# Arguments.
refused "two or more snapshots" diff a.tenure
refused "no snapshot given" show
refused "one snapshot at a time; tenure diff" show a.tenure b.tenure
refused "unknown option '--nosuch'; see tenure diff --help" diff --nosuch a b
refused "unknown option '-z'" show -z a.tenure
refused "option '--top' needs a value" diff a.tenure b.tenure --top
refused "--top wants a whole number, not 'all'" diff --top=all a.tenure b
refused "--sort wants one of delta, bytes, count, not 'size'" diff \
    --sort=size a.tenure b.tenure
refused "unknown command 'dif'; did you mean 'diff'?" dif a.tenure b.tenure
refused "no command given"

# Help is an answer, not a mistake.
for command in show diff; do
    run "$tenure" "$command" --help
    expect 0 ""
    expect_out "^Usage: tenure $command "
    run "$tenure" help "$command"
    expect 0 ""
    expect_out "^Usage: tenure $command "
done
run "$tenure" --help
expect 0 ""
expect_out "^  diff  "
run "$tenure" --version
expect 0 ""
expect_out "^tenure [0-9]"

# Streams: standard input, a full disk, no home, a cache that is no use.
"$tenure" show - <a.tenure >from_stdin || fail "show - failed"
"$tenure" show a.tenure >from_file
sed 's/standard input/a.tenure/' from_stdin | cmp -s - from_file ||
    fail "standard input gives another report"
if [ -e /dev/full ]; then
    "$tenure" diff a.tenure b.tenure >/dev/full 2>.err
    [ $? -eq 2 ] || fail "a full disk is not noticed"
    grep -q "cannot write the result: No space left" .err ||
        fail "a full disk is not named: $(cat .err)"
fi
for home in missing dir a.tenure /proc/nothing; do
    # shellcheck disable=SC2069
    env -u XDG_CACHE_HOME HOME="$home" "$tenure" show a.tenure >.out 2>.err ||
        fail "show needs a home directory: $(cat .err)"
done
for damage in "not a cache" "tenure-symbols 1 1 0123456789abcdef
10f 99999999" "tenure-symbols 1 1 zzzz" ""; do
    echo "$damage" >cache/tenure/00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee
    run "$tenure" show a.tenure
    expect 0 ""
    expect_out "server (not found on disk)"
done

# A directory is what is in it, if that is of one process.
mkdir one_process
cp a.tenure one_process/server.4242.0001.tenure
cp b.tenure one_process/server.4242.0002.tenure
"$tenure" diff a.tenure b.tenure | sed 's/[^ ]*tenure$//' >named
"$tenure" diff one_process | sed 's/[^ ]*tenure$//' >listed
cmp -s named listed || fail "diff of a directory: $(diff named listed)"
cp a.tenure one_process/other.7.0001.tenure
refused "snapshots of 2 processes: other.7 (1), server.4242 (2); name those" \
    diff one_process
mkdir none
refused "none has no snapshot in it" diff none

# The report is the same on every call, and a terminal is not assumed.
"$tenure" diff --format=json a.tenure b.tenure >one
"$tenure" diff --format=json b.tenure a.tenure >two
cmp -s one two || fail "two calls, two reports"
jq -e '.schema == 1 and (.sites | length) == 6' one >/dev/null ||
    fail "JSON is not whole"
"$tenure" diff --color=always a.tenure b.tenure | grep -q "$(printf '\033')" ||
    fail "--color=always gives no colour"
"$tenure" diff a.tenure b.tenure | grep -q "$(printf '\033')" &&
    fail "colour without a terminal"
finish
