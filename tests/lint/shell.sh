#!/bin/sh
# What shellcheck finds in our scripts: sh shell.sh [ROOT]
set -eu
cd "${1:-.}"
find samples tests -name '*.sh' -exec shellcheck -x -S warning {} +
