/*
 * Small text without stdio: bounded, always zero-terminated, cut silently
 * at the end of the buffer. Async-signal-safe; allocates nothing.
 */
#ifndef TENURE_AGENT_TEXT_H
#define TENURE_AGENT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tenure__text {
    char *at;
    size_t room; /* including the zero */
    size_t used;
};

void tenure__text_start(struct tenure__text *text, char *at, size_t room);
void tenure__text_add(struct tenure__text *text, const char *what);
void tenure__text_add_bytes(struct tenure__text *text, const char *what,
                            size_t bytes);
void tenure__text_number(struct tenure__text *text, uint64_t number,
                         unsigned digits_min);
void tenure__text_hex(struct tenure__text *text, const uint8_t *bytes,
                      size_t count);

/* A decimal number at *at, which moves behind it. False: none there, or it
 * does not fit. */
bool tenure__text_parse_number(const char **at, uint64_t *number);

#endif
