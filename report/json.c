/*
 * A JSON emitter (RFC 8259).
 */
#include "report/json.h"

#include <inttypes.h>
#include <math.h>

static void line(struct tenure_json *json)
{
    if (json->depth > json->lines)
        return;
    fputc('\n', json->to);
    for (int i = 0; i < json->depth; i++)
        fputs("  ", json->to);
}

/* Bytes of the well-formed UTF-8 sequence at `at`, or 0. */
static int sequence(const unsigned char *at)
{
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

static void quoted(FILE *to, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    fputc('"', to);
    while (*at) {
        int bytes = *at < 0x80 ? 1 : sequence(at);
        if (*at == '"' || *at == '\\')
            fprintf(to, "\\%c", *at);
        else if (*at < ' ')
            fprintf(to, "\\u%04x", *at);
        else if (bytes == 0)
            fputs("\\ufffd", to);
        else
            fwrite(at, 1, (size_t)bytes, to);
        at += bytes ? bytes : 1;
    }
    fputc('"', to);
}

static void begin(struct tenure_json *json, const char *key)
{
    if (json->filled[json->depth])
        fputc(',', json->to);
    if (json->filled[json->depth] && json->depth > json->lines)
        fputc(' ', json->to);
    json->filled[json->depth] = true;
    if (json->depth > 0)
        line(json);
    if (key) {
        quoted(json->to, key);
        fputs(": ", json->to);
    }
}

static void open_container(struct tenure_json *json, const char *key, char c)
{
    begin(json, key);
    fputc(c, json->to);
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
    fputc(c, json->to);
    if (json->depth == 0)
        fputc('\n', json->to);
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
    fprintf(json->to, "%" PRIu64, value);
}

void tenure_json_signed(struct tenure_json *json, const char *key,
                        int64_t value)
{
    begin(json, key);
    fprintf(json->to, "%" PRId64, value);
}

void tenure_json_real(struct tenure_json *json, const char *key, double value)
{
    begin(json, key);
    fprintf(json->to, "%.6g", isfinite(value) ? value : 0.0);
}

void tenure_json_null(struct tenure_json *json, const char *key)
{
    begin(json, key);
    fputs("null", json->to);
}
