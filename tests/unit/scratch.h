/*
 * A directory of its own for a group of tests, gone when they are done:
 *
 *   return cmocka_run_group_tests(tests, scratch_make, scratch_remove);
 *
 * Included once by a test; its path is in `scratch`, it has no blanks.
 */
#ifndef TENURE_TESTS_SCRATCH_H
#define TENURE_TESTS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

static char scratch[] = "/tmp/tenure_unit_XXXXXX";

static inline int scratch_make(void **state)
{
    (void)state;
    return mkdtemp(scratch) ? 0 : -1;
}

static inline int scratch_remove(void **state)
{
    char command[64];
    (void)state;
    snprintf(command, sizeof command, "rm -rf %s", scratch);
    return system(command);
}

#endif
