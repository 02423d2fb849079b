/*
 * Formatting and parsing of the little text that the agent handles: option
 * lists, file names, control replies.
 */
#include "agent/text.h"

#include <string.h>

void tenure__text_start(struct tenure__text *text, char *at, size_t room)
{
    text->at = at;
    text->room = room;
    text->used = 0;
    at[0] = 0;
}

void tenure__text_add_bytes(struct tenure__text *text, const char *what,
                            size_t bytes)
{
    size_t left = text->room - 1 - text->used;
    if (bytes > left)
        bytes = left;
    memcpy(text->at + text->used, what, bytes);
    text->used += bytes;
    text->at[text->used] = 0;
}

void tenure__text_add(struct tenure__text *text, const char *what)
{
    tenure__text_add_bytes(text, what, strlen(what));
}

void tenure__text_number(struct tenure__text *text, uint64_t number,
                         unsigned digits_min)
{
    char digits[24];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    while (sizeof digits - at < digits_min && at > 0)
        digits[--at] = '0';
    tenure__text_add_bytes(text, digits + at, sizeof digits - at);
}

void tenure__text_hex(struct tenure__text *text, const uint8_t *bytes,
                      size_t count)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < count; i++) {
        char pair[2] = {digit[bytes[i] >> 4], digit[bytes[i] & 15]};
        tenure__text_add_bytes(text, pair, 2);
    }
}

bool tenure__text_parse_number(const char **at, uint64_t *number)
{
    const char *from = *at;
    uint64_t value = 0;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        uint64_t digit = (uint64_t)(**at - '0');
        if (value > (UINT64_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *number = value;
    return *at != from;
}
