#!/bin/sh
# Are the C files as clang-format 14 leaves them? sh format.sh [ROOT], and
# with FIX=1 in the environment they are made so.
set -eu
cd "${1:-.}"
arguments='--dry-run -Werror'
[ -z "${FIX:-}" ] || arguments=-i
# Several words on purpose.
# shellcheck disable=SC2086
find agent preload report samples tests \( -name '*.[ch]' -o -name '*.cc' \
    -o -name '*.cpp' \) -exec clang-format $arguments {} +
