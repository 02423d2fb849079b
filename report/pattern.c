/*
 * Wildcards: one loop for both syntaxes. It walks the two texts together and
 * on a mismatch goes back to the last `*` only, which is enough: what an
 * earlier `*` could give way to, the last one can take over.
 */
#include "report/pattern.h"

#include <string.h>

struct syntax {
    bool question; /* `?` is any one character */
    bool open_end; /* something may follow */
};

static bool same(char pattern, char text, const struct syntax *syntax)
{
    return pattern == text || (pattern == '?' && syntax->question);
}

static bool match(const char *pattern, size_t length, const char *text,
                  bool open_start, const struct syntax *syntax)
{
    const char *end = pattern + length, *at = pattern;
    const char *star = open_start ? pattern : NULL; /* what follows a `*` */
    const char *from = text; /* what that was tried against */
    for (;;) {
        if (at < end && *at == '*') {
            star = ++at;
            from = text;
        } else if (at == end && (syntax->open_end || !*text)) {
            return true;
        } else if (at < end && *text && same(*at, *text, syntax)) {
            at++;
            text++;
        } else if (star && *from) {
            at = star;
            text = ++from;
        } else {
            return false;
        }
    }
}

bool tenure_pattern_in(const char *pattern, const char *text)
{
    size_t length = strlen(pattern);
    bool from_start = length > 0 && *pattern == '^';
    pattern += from_start;
    length -= from_start;
    bool to_end = length > 0 && pattern[length - 1] == '$';
    length -= to_end;
    struct syntax syntax = {.open_end = !to_end};
    return *text && match(pattern, length, text, !from_start, &syntax);
}

bool tenure_pattern_is(const char *pattern, const char *text)
{
    struct syntax syntax = {.question = true};
    return match(pattern, strlen(pattern), text, false, &syntax);
}
