/*
 * Patterns of suppression files. Pure functions; thread-safe; the time is at
 * most the product of the two lengths.
 */
#ifndef TENURE_REPORT_PATTERN_H
#define TENURE_REPORT_PATTERN_H

#include <stdbool.h>

/* As LeakSanitizer: `pattern` is somewhere in `text`; `*` is any characters,
 * `^` at its start and `$` at its end are the text's own. No pattern matches
 * an empty text. */
bool tenure_pattern_in(const char *pattern, const char *text);

/* As Valgrind: `pattern` is the whole text; `*` is any characters, `?` one. */
bool tenure_pattern_is(const char *pattern, const char *text);

#endif
