/*
 * A sentence put together piece by piece in a buffer of the caller. What does
 * not fit is left out; the text is always terminated.
 */
#ifndef TENURE_REPORT_WORDS_H
#define TENURE_REPORT_WORDS_H

#include <stddef.h>

struct tenure_words {
    char *text;
    size_t room, used;
};

/* An empty sentence in text[room]; room is at least 1. */
struct tenure_words tenure_words_in(char *text, size_t room);

__attribute__((format(printf, 2, 3))) void
tenure_say(struct tenure_words *words, const char *format, ...);

/* "97.7 KiB", "-3 B" */
void tenure_say_bytes(struct tenure_words *words, double bytes);

/* "90 s", "14 min", "30 h", "12 days" */
void tenure_say_span(struct tenure_words *words, double seconds);

#endif
