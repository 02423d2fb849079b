#!/bin/sh
# What cppcheck finds in the product: sh cppcheck.sh [ROOT]
set -eu
cd "${1:-.}"
# Suppressed: it takes a pointer into a heap array that a local struct holds
# for a pointer to that struct, and an array that a callee fills for one that
# the callee reads (gcc finds the real ones). The results of at_quick_exit()
# and its like need not be looked at.
exec cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
    --enable=warning,performance,portability \
    --suppress=missingIncludeSystem --suppress=returnDanglingLifetime \
    --suppress=uninitvar --suppress=ctuuninitvar \
    --suppress=ignoredReturnValue \
    -D_GNU_SOURCE -D__x86_64__ -D__ELF__ -I. agent preload report
