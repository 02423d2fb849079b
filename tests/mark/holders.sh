#!/bin/sh
# Does a report say who holds blocks, by which way, and what they retain?
#
#   sh holders.sh TENURE AGENT PROGRAM CXX_PROGRAM
set -eu

tenure=$1
agent=$2
program=$3
cxx=$4
work=$(mktemp -d /tmp/tenure-holders-XXXXXX)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME="$work"
wrong=0

# expect WHAT PATTERN FOUND: a pattern of the shell
expect() {
    # shellcheck disable=SC2254 # it is one
    case $3 in
    $2) ;;
    *)
        printf '%s: expected\n%s\nfound\n%s\n' "$1" "$2" "$3" >&2
        wrong=$((wrong + 1))
        ;;
    esac
}

# take HOLDER [PROGRAM]: the site of born() in the third snapshot.
take() {
    timeout 60 env TENURE_OPTIONS=dir="$work/$1":major LD_PRELOAD="$agent" \
        "${2:-$program}" "$1"
    last=$(find "$work/$1" -name '*.0003.tenure')
    "$tenure" show --format=json "$last" |
        jq '[.sites[] | select(any(.stack[]; .function == "born"))] |
            sort_by(-.live_bytes[0]) | .[0]' >"$work/site"
    id=$(jq -r .id "$work/site")
    "$tenure" retainers "$last" "$id" >"$work/text"
}

# way NUMBER: "kind: what | ..." of one way, shares in per cent before roots.
way() {
    jq -r --argjson way "$1" '[.retainer[] | select(.way == $way) |
        (if .kind | . == "block" or . == "table" or . == "blocks" or
            . == "chain" then ""
         else "\(.share * 100 | round) " end) + "\(.kind): \(.what)" +
        (if .member == "" then "" else " = \(.member)" end)] |
        join(" | ")' "$work/site"
}

said() {
    grep -c "$1" "$work/text" || :
}

take global
expect "a list in a global" \
    '100 global: global `registry` (holders) = registry.list\[2\].first | chain: block of node_new = struct node.value' \
    "$(way 0)"
expect "a list retains its values" 5000 "$(jq .retained_bytes "$work/site")"
expect "the text has the member" 1 "$(said 'global `registry.list\[2\].first`')"
"$tenure" show --format=json "$last" | jq '.sites[] |
    select(any(.stack[]; .function == "node_new")) |
    .retained_bytes' >"$work/nodes"
expect "nodes retain what they hold" 5800 "$(cat "$work/nodes")"

take array
expect "an array" '100 global: global `slots` (holders) = slots*' "$(way 0)"
expect "its words are one step" 1 "$(said 'global `slots`, many of its words')"

take two
expect "most" '80 global: global `slots` (holders)*' "$(way 0)"
expect "the rest" \
    '20 global: global `registry` (holders) = registry.list\[1\].first | chain: block of node_new = struct node.value' \
    "$(way 1)"

take typed
expect "types along the way" \
    '100 global: global `typed` (holders) | block: block of by_typed = struct typed.order.of\[1\] | table: block of by_typed = struct node \*\[\] | blocks: block of node_new = struct node.value' \
    "$(way 0)"
expect "a table by its type" 1 \
    "$(said 'one block of by_typed, many of its words (struct node \*\[\])')"
take untyped
expect "none where a pointer is into something else" \
    '100 global: global `ring` (holders) = ring.next | chain: block of add_item' \
    "$(way 0)"
take by_vector "$cxx"
expect "a vector" \
    '100 global: global `server` (*) = server.sessions._M_impl._M_start | table: block of by_vector = unique_ptr<...>._M_t._M_t._M_head_impl' \
    "$(way 0)"
take by_unique "$cxx"
expect "a map that a pointer owns" \
    '* global: global `registry` (*) = registry._M_t._M_t._M_head_impl | *: block of by_unique = map<...>._M_t._M_impl._M_header._M_* | *: block of by_unique' \
    "$(way 0)"
take by_map "$cxx"
expect "a map in a structure" \
    '* global: global `server` (*) = server.by_id | *: block of by_map*' \
    "$(way 0)"
expect "its words are one member" 1 "$(said 'global `server.by_id` (')"

take thread_local
expect "thread-local" '[19]* tls: thread-local `own` of thread holders (*)' \
    "$(way 0)"
take thread_local_of_thread
expect "thread-local" '[19]* tls: thread-local `own` of thread holders (*)' \
    "$(way 0)"
take frame
expect "a frame" '[19]* stack: stack of thread holders (*), in by_frame' \
    "$(way 0)"
take frame_of_thread
expect "a frame" '[19]* stack: stack of thread holders (*), in by_frame' \
    "$(way 0)"
take mapping
expect "a mapping" '[19]* mapping: mapped memory of by_mapping' "$(way 0)"
take unforked
expect "a mapping that is not forked" \
    '[19]* mapping: mapped memory kept from children (MADV_DONTFORK)*' \
    "$(way 0)"
take kernel
expect "the kernel" '[19]* kernel: the kernel (epoll data)' "$(way 0)"
for name in key key_of_thread; do
    take $name
    expect "a key" "100 tls: descriptor (pthread_setspecific) of thread \
holders (*) | table: block of by_key" "$(way 0)"
    expect "a table retains its own" 5000 "$(jq .retained_bytes "$work/site")"
done
take list_of_key
expect "a list of a key, and not what passes on the stack" \
    "100 tls: descriptor (pthread_setspecific) of thread holders (*) | \
block: block of by_list_of_key | chain: block of node_new" "$(way 0)"
take register
expect "a register that the agent has kept in its frame" \
    '100 stack: stack of thread holders (*), in by_register | chain: block of node_new' \
    "$(way 0)"
take waiting
expect "a register that the C library has kept in its frame" \
    '[19]* stack: stack of thread holders (*), in wait_with | *: block of node_new*' \
    "$(way 0)"
take threads
expect "a thread-local variable of several threads" \
    '100 tls: thread-local `own_list` of 4 threads | blocks: block of node_new = struct node.value' \
    "$(way 0)"
take handlers
expect "a list that two places fill" \
    '100 global: global `registry` (holders) = registry.list\[2\].first | chain: block of node_new = struct node.value' \
    "$(way 0)"

# check HOLDER OPTIONS: its status, and what it says.
judge() {
    holder=$1
    shift
    status=0
    "$tenure" check "$@" "$work/$holder"/*.000[1-8].tenure >"$work/said" ||
        status=$?
}

take cache
judge cache
expect "a cache that is not full passes" 0 "$status"
expect "but not unsaid" 1 "$(grep -c '^warning: unbounded in born' \
    "$work/said")"
expect "why" 1 "$(grep -c 'one container that was there before them, 400 of '\
'its 512 words' "$work/said")"
expect "held by" 1 "$(grep -c 'held by global .registry.list.0..unused. '\
'(holders) -> one block of by_cache, many of its words' "$work/said")"
judge cache --fail-on=lost,grown,leak,unbounded
expect "a cache that is not full" 1 "$status"

take list
judge list
expect "a list fails" 1 "$status"
expect "with its holder" 1 "$(grep -c 'Held by global .registry.list.2..first'\
'. (holders) -> ' "$work/said")"
expect "of nodes and values, what kind of holder" 2 "$(grep -c 'held by one '\
'container, which leads to some of them' "$work/said")"

[ "$wrong" = 0 ] || cat "$work/said" "$work/text" >&2
[ "$wrong" = 0 ]
