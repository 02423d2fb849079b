/*
 * A JSON emitter (RFC 8259).
 */
#include "report/json.h"

#include <math.h>

static void line(struct tenure_json *json)
{
    if (json->depth > json->lines)
        return;
    putc_unlocked('\n', json->to);
    for (int i = 0; i < json->depth; i++)
        fputs("  ", json->to);
}

int tenure_utf8_bytes(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    if (at[0] < 0x80)
        return 1;
    int bytes = at[0] >= 0xc2 && at[0] <= 0xdf   ? 2
                : at[0] >= 0xe0 && at[0] <= 0xef ? 3
                : at[0] >= 0xf0 && at[0] <= 0xf4 ? 4
                                                 : 0;
    for (int i = 1; i < bytes; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f) ||
        (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f))
        return 0; /* overlong, surrogate, beyond Unicode */
    return bytes;
}

/* May the byte stand for itself? */
static bool is_plain(unsigned char c)
{
    return c >= ' ' && c < 0x80 && c != '"' && c != '\\';
}

static void quoted(FILE *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    putc_unlocked('"', to);
    while (*at) {
        size_t plain = 0;
        while (is_plain(at[plain]))
            plain++;
        fwrite_unlocked(at, 1, plain, to);
        at += plain;
        if (!*at)
            break;
        int bytes = tenure_utf8_bytes((const char *)at);
        if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at < ' ')
            fprintf(to, "\\u%04x", *at);
        else if (bytes == 0)
            fputs("\\ufffd", to);
        else
            fwrite_unlocked(at, 1, (size_t)bytes, to);
        at += bytes ? bytes : 1;
    }
    putc_unlocked('"', to);
}

static void digits(FILE *to, uint64_t value)
{
    char text[20];
    size_t at = sizeof text;
    do
        text[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    fwrite_unlocked(text + at, 1, sizeof text - at, to);
}

static void begin(struct tenure_json *json, const char *key)
{
    if (json->filled[json->depth])
        putc_unlocked(',', json->to);
    if (json->filled[json->depth] && json->depth > json->lines)
        putc_unlocked(' ', json->to);
    json->filled[json->depth] = true;
    if (json->depth > 0)
        line(json);
    if (key) {
        quoted(json->to, key);
        fwrite_unlocked(": ", 1, 2, json->to);
    }
}

static void open_container(struct tenure_json *json, const char *key, char c)
{
    begin(json, key);
    putc_unlocked(c, json->to);
    json->filled[++json->depth] = false;
}

static void close_container(struct tenure_json *json, char c)
{
    bool filled = json->filled[json->depth];
    if (filled && json->depth <= json->lines) {
        json->depth--;
        line(json);
    } else {
        json->depth--;
    }
    putc_unlocked(c, json->to);
    if (json->depth == 0)
        putc_unlocked('\n', json->to);
}

void tenure_json_object(struct tenure_json *json, const char *key)
{
    open_container(json, key, '{');
}

void tenure_json_array(struct tenure_json *json, const char *key)
{
    open_container(json, key, '[');
}

void tenure_json_end_object(struct tenure_json *json)
{
    close_container(json, '}');
}

void tenure_json_end_array(struct tenure_json *json)
{
    close_container(json, ']');
}

void tenure_json_text(struct tenure_json *json, const char *key,
                      const char *text)
{
    begin(json, key);
    quoted(json->to, text);
}

void tenure_json_count(struct tenure_json *json, const char *key,
                       uint64_t value)
{
    begin(json, key);
    digits(json->to, value);
}

void tenure_json_signed(struct tenure_json *json, const char *key,
                        int64_t value)
{
    begin(json, key);
    if (value < 0)
        putc_unlocked('-', json->to);
    digits(json->to, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void tenure_json_real(struct tenure_json *json, const char *key, double value)
{
    begin(json, key);
    if (value == 0 || !isfinite(value))
        putc_unlocked('0', json->to);
    else
        fprintf(json->to, "%.6g", value);
}

void tenure_json_truth(struct tenure_json *json, const char *key, bool value)
{
    begin(json, key);
    fputs(value ? "true" : "false", json->to);
}

void tenure_json_null(struct tenure_json *json, const char *key)
{
    begin(json, key);
    fputs("null", json->to);
}
