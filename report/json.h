/*
 * JSON written as it comes, without a tree in memory: a report of 100,000
 * sites is larger than what most machines like to hold twice.
 *
 * Keys are NULL inside arrays. Texts may hold any bytes; what is not UTF-8
 * becomes U+FFFD. Numbers are exact.
 */
#ifndef TENURE_REPORT_JSON_H
#define TENURE_REPORT_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { TENURE_JSON_DEPTH_MAX = 32 };

struct tenure_json {
    FILE *to;
    int depth;
    int lines; /* containers down to this depth have a line per member */
    bool filled[TENURE_JSON_DEPTH_MAX];
};

void tenure_json_object(struct tenure_json *json, const char *key);
void tenure_json_array(struct tenure_json *json, const char *key);
void tenure_json_end_object(struct tenure_json *json);
void tenure_json_end_array(struct tenure_json *json);
void tenure_json_text(struct tenure_json *json, const char *key,
                      const char *text);
void tenure_json_count(struct tenure_json *json, const char *key,
                       uint64_t value);
void tenure_json_signed(struct tenure_json *json, const char *key,
                        int64_t value);
void tenure_json_real(struct tenure_json *json, const char *key, double value);
void tenure_json_truth(struct tenure_json *json, const char *key, bool value);
void tenure_json_null(struct tenure_json *json, const char *key);

/* Bytes of the well-formed UTF-8 character at `text` (1 at its end), or 0. */
int tenure_utf8_bytes(const char *text);

#endif
