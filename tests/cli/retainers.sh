#!/bin/sh
# Who holds what in a real program: sh retainers.sh TENURE PROGRAM
# shellcheck source=tests/cli/lib.sh
. "$(dirname "$0")/lib.sh"
tenure=$(absolute "$1")
program=$(absolute "$2")
enter
HOME="$scratch"
export HOME
unset XDG_CACHE_HOME

# id_of FUNCTION: the site whose blocks it wanted.
id_of() {
    jq -r --arg function "$1" '.sites[] |
        select(.live_blocks[-1] >= 50 and
               ([.stack[].function] | index($function))).id' all.json
}

# held FUNCTION LINES: the steps, `<` is the arrow.
held() {
    run "$tenure" retainers "$last" "$(id_of "$1")"
    expect 0 ""
    sed -n 's/([0-9][0-9]*)/(TID)/
        /-> these blocks$/d
        s/^  *[0-9.]* %  //p
        s/^  *-> /-> /p' .out >steps
    [ "$(cat steps)" = "$2" ] ||
        fail "$1: held by $(cat steps), not $2; $(cat .out)"
}

run "$tenure" run --major --dir=d -- "$program"
expect 0 ""
last=$(find d -name '*.tenure')
"$tenure" show --format=json "$last" >all.json

held push_node "global \`list_head\` (cli_retainers)"
expect_out "^   100.0 %  global"
held fill_table "global \`table.slot\`, many of its words (cli_retainers)"
held make_item "global \`the_box\` (cli_retainers)
-> one block of make_box, many of its words (struct box.item[])"
held on_stack "stack of thread holder (TID), in on_stack"
held lose_some ""
expect_out "100 of its 100 blocks (10.2 KiB) are lost"

# The same in JSON.
jq -e '[.sites[] | select([.stack[].function] | index("make_item"))][0] |
    .retainer == [
        {"what": "global `the_box` (cli_retainers)", "offset": 0, "share": 1,
         "way": 0, "kind": "global", "member": ""},
        {"what": "block of make_box", "offset": 16, "share": 1,
         "way": 0, "kind": "table", "member": "struct box.item[0]"}]' all.json \
    >/dev/null || fail "the JSON: $(jq -c '.sites[].retainer' all.json)"

run "$tenure" show "$last"
expect_out "^  mark: [a-z]*, pause [0-9.]* ms\$"

# Sites that are none, or several.
run "$tenure" retainers "$last" zz
expect 2 "no site has an id that begins with zz"
run "$tenure" retainers "$last" ""
expect 2 "more than one site"
run "$tenure" retainers "$last"
expect 2 "a snapshot and a site are needed"

# A minor snapshot knows of none.
site=$(id_of make_item)
rm -rf d
run "$tenure" run --dir=d -- "$program"
expect 0 ""
run "$tenure" retainers "$(find d -name '*.tenure')" "$site"
expect 0 ""
expect_out "This is a minor snapshot"

# Between two snapshots, also where the newer one is minor.
background "$tenure" run --dir=two -- sleep 1000
wait_for "$tenure" snap "$pid"
run "$tenure" snap --major "$pid"
expect 0 ""
run "$tenure" snap "$pid"
expect 0 ""
site=$("$tenure" show --format=json two/*.0002.tenure |
    jq -r '[.sites[] | select(.retainer != [])][0].id')
run "$tenure" diff --explain="$site" two/*.0002.tenure two/*.0003.tenure
expect_out "Held by in snapshot 2, root first"
finish
