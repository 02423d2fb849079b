/*
 * Sparklines.
 *
 * Numbers come in, a short text goes out. The scale starts at zero: a site
 * that holds its level shall look level.
 */
#include "report/trend.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LEVELS = 9 };
static const char *const blocks[LEVELS] = {" ", "▁", "▂", "▃", "▄",
                                           "▅", "▆", "▇", "█"};
static const char *const ascii[LEVELS] = {" ", "_", ".", "-", "=",
                                          "+", "*", "%", "#"};

bool tenure_trend_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

static uint32_t level(uint64_t value, uint64_t most)
{
    if (!value)
        return 0;
    double share = (double)value / (double)most;
    uint32_t rounded = (uint32_t)(share * (LEVELS - 1) + 0.5);
    return rounded ? rounded : 1;
}

const char *tenure_trend_draw(const uint64_t *values, uint32_t count, bool utf8,
                              char text[TENURE_TREND_BYTES])
{
    uint32_t shown =
        count < TENURE_TREND_COLUMNS ? count : TENURE_TREND_COLUMNS;
    uint64_t most = 0;
    char *at = text;
    for (uint32_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    for (uint32_t i = 0; i < shown; i++) {
        uint32_t from =
            shown > 1 ? (uint32_t)((uint64_t)i * (count - 1) / (shown - 1)) : 0;
        at = stpcpy(at, (utf8 ? blocks : ascii)[level(values[from], most)]);
    }
    *at = '\0';
    return text;
}
