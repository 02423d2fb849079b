#!/bin/sh
# C files: lines of at most 80 columns, at most 500 of them, and no note that
# says that something is still to be done: sh limits.sh [ROOT]
set -eu
cd "${1:-.}"

list=$(find agent preload report samples tests \( -name '*.[ch]' \
    -o -name '*.cc' -o -name '*.cpp' -o -name '*.def' \) -type f | sort)

# The names are made by us: no blanks in them.
# shellcheck disable=SC2086
awk '
    length($0) > 80 { print FILENAME ":" FNR ": longer than 80"; bad++ }
    /[[:blank:]]$/ { print FILENAME ":" FNR ": blanks at its end"; bad++ }
    /(TO)DO|(FIX)ME/ { print FILENAME ":" FNR ": unfinished"; bad++ }
    FNR == 501 { print FILENAME ": more than 500 lines"; bad++ }
    END { exit bad > 0 }' $list >&2
