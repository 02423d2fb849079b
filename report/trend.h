/*
 * A series of numbers as one word: a sparkline.
 */
#ifndef TENURE_REPORT_TREND_H
#define TENURE_REPORT_TREND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of a sparkline at most; longer series are shown by their
 * evenly spaced members, first and last included. */
#define TENURE_TREND_COLUMNS 24u
#define TENURE_TREND_BYTES (TENURE_TREND_COLUMNS * 3 + 1)

/* Does the locale of the environment print UTF-8? Reads LC_ALL, LC_CTYPE and
 * LANG, in this order, as setlocale() would. */
bool tenure_trend_utf8(void);

/* Bars from 0 to the largest value, in block characters or in ASCII, where
 * 0 is a blank; returns `text`. */
const char *tenure_trend_draw(const uint64_t *values, uint32_t count, bool utf8,
                              char text[TENURE_TREND_BYTES]);

#endif
