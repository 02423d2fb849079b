#!/bin/sh
# Is every block of a program in a snapshot with --objects, as it is, and
# every pointer between them?
#
#   sh objects.sh TENURE AGENT PROGRAM LISTER REFUSE
set -eu

tenure=$1
agent=$2
program=$3
lister=$4
refuse=$5
work=$(mktemp -d /tmp/tenure-objects-XXXXXX)
trap 'rm -rf "$work"' EXIT
wrong=0

# check WHAT COMMAND...
check() {
    what=$1
    shift
    "$@" && return
    echo "$what: not so: $*" >&2
    wrong=$((wrong + 1))
}

# take OPTIONS [COMMAND...]: runs the program; $last is its last snapshot.
take() {
    options=$1
    shift
    rm -rf "$work/out"
    # shellcheck disable=SC2086 # a command and its arguments
    timeout 60 ${under:-} env TENURE_OPTIONS="dir=$work/out:$options" \
        LD_PRELOAD="$agent${allocator:+:$allocator}" "$program" "$@" \
        >"$work/expected"
    last=$(find "$work/out" -name 'objects.*.tenure' | sort | tail -n 1)
    "$lister" "$last" >"$work/listed"
    "$tenure" show --format=json "$last" >"$work/json"
}

# Lines of the program that the snapshot does not have; `unknown` marks are
# those of a snapshot without a mark.
missing() {
    awk -v marks="$1" '
        NR == FNR && $1 == "block" {
            block[$2 " " $3 " " $4 " " $5] = $6
            next
        }
        NR == FNR && $1 == "edge" { edge[$0]; next }
        NR == FNR && $1 == "root" { if ($2 == 1) root[$5]; next }
        NR == FNR { next }
        $1 == "block" {
            key = $2 " " $3 " " (marks ? $4 : "unknown") " " $5
            if (!(key in block))
                print
            else if ($6 in caller && caller[$6] != block[key])
                print "another caller:", $0
            else
                caller[$6] = block[key]
        }
        marks && $1 == "edge" && !($0 in edge)
        marks && $1 == "root" && !($2 in root)
        END {
            if (caller["node"] == caller["branch"])
                print "node and branch are one caller"
        }' "$work/listed" "$work/expected"
}

number() {
    jq -r ".snapshots[0]$1" "$work/json"
}

# As many edges between blocks of the program as it has made, no more.
edges_made() {
    awk 'NR == FNR { if ($1 == "block") ours[$2]; next }
        $1 == "edge" && $2 in ours && $4 in ours' \
        "$work/expected" "$work/listed" | sort >"$work/found"
    grep '^edge' "$work/expected" | sort | cmp -s - "$work/found"
}

marked() {
    check "$1" [ -z "$(missing 1)" ]
    missing 1
    check "$1, edges" edges_made
    check "$1, blocks" [ "$(number .objects.blocks)" -ge \
        "$(number .live_blocks)" ]
    check "$1, is marked" [ "$(number .objects.marked)" = true ]
}

unmarked() {
    check "$1" [ -z "$(missing 0)" ]
    missing 0
    check "$1, no edges" [ "$(number .objects.edges)" = 0 ]
    check "$1, is not marked" [ "$(number .objects.marked)" = false ]
}

take major:objects
marked "stopped by ptrace"
check "shown" grep -q '^  objects: .* edges: .* bytes an object on disk' <<EOT
$("$tenure" show "$last")
EOT

under="$refuse fail" && take major:objects && under=
marked "stopped by signal"

take objects
unmarked "a minor snapshot"
check "said" grep -q 'without marks and edges: this is a minor snapshot' <<EOT
$("$tenure" show "$last")
EOT

allocator=libjemalloc.so.2
take major:objects
marked "jemalloc"
take objects
unmarked "jemalloc, a minor snapshot"
allocator=

take major
check "nothing without the option" [ "$(number .objects)" = null ]
for format in text json; do
    status=0
    "$tenure" show --objects --format=$format "$last" >"$work/text" \
        2>"$work/error" || status=$?
    check "$format without, status" [ "$status" = 2 ]
    check "$format without, nothing on stdout" [ ! -s "$work/text" ]
    check "$format without, what to do" grep -q \
        'no list of its blocks; tenure snap --major --objects' "$work/error"
done

take major:objects:sample=1
check "sampled" grep -q 'objects: .* samples, edges' <<EOT
$("$tenure" show "$last")
EOT

# 100000 blocks of many sizes at many stacks.
take major:objects many 100000
check "24 bytes a block, and its edges" [ "$(number .objects.file_bytes)" -le \
    $(($(number .objects.blocks) * 24)) ]
check "all of them" [ "$(number .objects.blocks)" -ge 100001 ]
check "their edges" [ "$(number .objects.edges)" -ge 200000 ]

# No room for them: all else is there, and the note.
(ulimit -f 1500 && take major:objects many 100000)
last=$(find "$work/out" -name 'objects.*.tenure' | sort | tail -n 1)
"$tenure" show "$last" >"$work/text"
check "no room" grep -q 'objects: none, though asked for: the file would be' \
    "$work/text"
check "no room, counted" grep -q '[12] snapshots without the blocks that' \
    "$work/text"
check "no room, marked" grep -q 'mark: ptrace' "$work/text"
check "nothing left behind" [ -z "$(find "$work/out" -name '*.partial')" ]

# Into the caller's own file, and through a pipe of the caller's.
env TENURE_OPTIONS="dir=$work/out" LD_PRELOAD="$agent" sleep 60 &
service=$!
trap 'kill $service; rm -rf "$work"' EXIT
# It may be asked before it has allocated anything.
until "$tenure" snap --major --objects -o "$work/file" $service \
    >"$work/text" 2>&1 &&
    "$tenure" show --format=json "$work/file" >"$work/json" &&
    [ "$(number .objects.blocks)" -gt 0 ]; do
    kill -0 $service
    sleep 0.1
done
"$tenure" snap --major --objects -o - $service | cat >"$work/piped"
for last in "$work/file" "$work/piped"; do
    "$tenure" show --format=json "$last" >"$work/json"
    check "$last is marked" [ "$(number .objects.marked)" = true ]
    check "$last has blocks" [ "$(number .objects.blocks)" -gt 0 ]
done

# One bit wrong in the blocks is one line.
take major:objects
bytes=$(stat -c %s "$last")
printf '\377\377\377\377' |
    dd of="$last" bs=1 seek=$((bytes / 4)) conv=notrunc 2>"$work/dd"
status=0
"$tenure" show "$last" >"$work/text" 2>"$work/error" || status=$?
check "damaged, status" [ "$status" = 2 ]
check "damaged, one line" [ "$(wc -l <"$work/error")" = 1 ]

[ "$wrong" = 0 ]
