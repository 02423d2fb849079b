#!/bin/sh
# Is there every file of ours that README.md names? A `path` in backquotes
# counts where its first part is a folder of this tree, or where it is a bare
# file name of C; * stands for anything.
#
#   sh readme_paths.sh [ROOT]
set -euf
cd "${1:-.}"
missing=0

# paths: candidates, one a line. Commands may have arguments behind.
paths() {
    # The backquotes are README's.
    # shellcheck disable=SC2016
    grep -o '`[^`]*`' README.md | tr -d '`' | tr ' ' '\n' |
        grep -E '^((agent|preload|report|samples|tests)/|[a-z_*]+\.(c|h|def)$)' |
        sort -u
}

[ "$(paths | wc -l)" -gt 20 ] || {
    echo "README.md names hardly any file: is this still its form?" >&2
    exit 1
}
for path in $(paths); do
    case $path in
    */*) found=$(find . -path "./${path%/}" | head -n 1) ;;
    *) found=$(find agent preload report tests -name "$path" | head -n 1) ;;
    esac
    if [ -z "$found" ]; then
        echo "README.md names $path, which is not there" >&2
        missing=$((missing + 1))
    fi
done
exit "$((missing > 0))"
