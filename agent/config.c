/*
 * TENURE_OPTIONS to struct tenure__config, by one table of options.
 */
#include "agent/config.h"

#include <stddef.h>
#include <string.h>

#include "agent/text.h"

static bool parse_unit(const char **at, uint64_t *factor,
                       const char *const *names, const uint64_t *factors)
{
    for (int i = 0; names[i] != NULL; i++) {
        size_t length = strlen(names[i]);
        if (strcmp(*at, names[i]) == 0) {
            *at += length;
            *factor = factors[i];
            return true;
        }
    }
    return false;
}

static bool parse_scaled(const char *text, uint64_t *value,
                         const char *const *names, const uint64_t *factors)
{
    uint64_t factor;
    if (!tenure__text_parse_number(&text, value) ||
        !parse_unit(&text, &factor, names, factors) || *value == 0)
        return false;
    return !__builtin_mul_overflow(*value, factor, value);
}

/* 512K, 10M, 10MiB, 1G; a bare number is bytes. */
static bool parse_bytes(const char *text, uint64_t *bytes)
{
    static const char *const names[] = {"",    "B",  "K", "KiB", "KB", "M",
                                        "MiB", "MB", "G", "GiB", "GB", NULL};
    static const uint64_t factors[] = {1,        1,        1u << 10, 1u << 10,
                                       1u << 10, 1u << 20, 1u << 20, 1u << 20,
                                       1u << 30, 1u << 30, 1u << 30};
    return parse_scaled(text, bytes, names, factors);
}

/* 100ms, 30s, 5m, 1h. */
static bool parse_duration(const char *text, uint64_t *ns)
{
    static const char *const names[] = {"ms", "s", "m", "min", "h", NULL};
    static const uint64_t factors[] = {1000000u, 1000000000u, 60000000000u,
                                       60000000000u, 3600000000000u};
    return parse_scaled(text, ns, names, factors) && *ns <= INT64_MAX;
}

/* `5m` is five minutes, `5M` five mebibytes. */
static bool set_every(struct tenure__config *config, const char *text)
{
    uint64_t ns, bytes;
    if (parse_duration(text, &ns)) {
        uint64_t least = TENURE_PERIOD_MIN_MS * 1000000u;
        config->every_ns = ns < least ? least : ns;
        return true;
    }
    if (parse_bytes(text, &bytes)) {
        config->every_bytes = bytes;
        return true;
    }
    return false;
}

static bool set_path(char *to, const char *text)
{
    size_t bytes = strlen(text);
    if (bytes == 0 || bytes >= TENURE_PATH_BYTES)
        return false;
    memcpy(to, text, bytes + 1);
    return true;
}

static bool set_dir(struct tenure__config *config, const char *text)
{
    return set_path(config->dir, text);
}

static bool set_trace(struct tenure__config *config, const char *text)
{
    return set_path(config->trace, text);
}

static bool set_ledger(struct tenure__config *config, const char *text)
{
    return set_path(config->ledger, text);
}

static bool set_sample(struct tenure__config *config, const char *text)
{
    uint64_t bytes;
    if (!parse_bytes(text, &bytes) || bytes > TENURE_SAMPLE_MAX)
        return false;
    config->sample_bytes = bytes;
    return true;
}

static bool parse_u32(const char *text, uint32_t least, uint32_t most,
                      uint32_t *value)
{
    uint64_t number;
    if (!tenure__text_parse_number(&text, &number) || *text != 0 ||
        number < least || number > most)
        return false;
    *value = (uint32_t)number;
    return true;
}

static bool set_depth(struct tenure__config *config, const char *text)
{
    return parse_u32(text, 1, TENURE_DEPTH_LIMIT, &config->depth);
}

static bool set_verify(struct tenure__config *config, const char *text)
{
    return parse_u32(text, 0, UINT32_MAX, &config->verify_every);
}

static bool set_leader(struct tenure__config *config, const char *text)
{
    return parse_u32(text, 1, UINT32_MAX, &config->leader);
}

static bool set_follow(struct tenure__config *config, const char *text)
{
    config->follow_children = strcmp(text, "children") == 0;
    return config->follow_children || strcmp(text, "none") == 0;
}

static const struct {
    const char *name;
    bool (*set)(struct tenure__config *config, const char *text);
    size_t flag; /* offset of a bool, where set is NULL */
} options_known[] = {
    {"dir", set_dir, 0},
    {"trace", set_trace, 0},
    {"ledger", set_ledger, 0},
    {"every", set_every, 0},
    {"sample", set_sample, 0},
    {"depth", set_depth, 0},
    {"verify", set_verify, 0},
    {"leader", set_leader, 0},
    {"follow", set_follow, 0},
    {"major", NULL, offsetof(struct tenure__config, major)},
    {"objects", NULL, offsetof(struct tenure__config, objects)},
    {"dormant", NULL, offsetof(struct tenure__config, dormant)},
    {"self-test", NULL, offsetof(struct tenure__config, self_test)},
    {"urgent", NULL, offsetof(struct tenure__config, urgent)},
};

static bool set_flag(bool *flag, const char *value)
{
    *flag = value == NULL || strcmp(value, "1") == 0;
    return *flag || strcmp(value, "0") == 0;
}

static bool apply(struct tenure__config *config, const char *name,
                  const char *value)
{
    size_t count = sizeof options_known / sizeof options_known[0];
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, options_known[i].name) != 0)
            continue;
        if (options_known[i].set == NULL)
            return set_flag((bool *)((char *)config + options_known[i].flag),
                            value);
        return value != NULL && options_known[i].set(config, value);
    }
    return false;
}

/* Counted, and noted for the report: "depth=0, nonsense". */
static void refuse(struct tenure__config *config, const char *from,
                   size_t bytes)
{
    size_t used = strlen(config->bad_text), comma = used > 0 ? 2 : 0;
    config->bad_options++;
    if (used + comma + bytes >= sizeof config->bad_text)
        return;
    memcpy(config->bad_text + used, ", ", comma);
    char *to = config->bad_text + used + comma;
    for (size_t i = 0; i < bytes; i++)
        to[i] = from[i] >= ' ' && from[i] < 127 ? from[i] : '?';
}

static void parse_one(struct tenure__config *config, const char *from,
                      size_t bytes)
{
    char item[TENURE_PATH_BYTES + 32];
    if (bytes == 0)
        return;
    if (bytes >= sizeof item) {
        refuse(config, from, bytes);
        return;
    }
    memcpy(item, from, bytes);
    item[bytes] = 0;
    char *value = strchr(item, '=');
    if (value != NULL)
        *value++ = 0;
    if (!apply(config, item, value))
        refuse(config, from, bytes);
}

void tenure__config_parse(struct tenure__config *config, const char *options)
{
    memset(config, 0, sizeof *config);
    memcpy(config->dir, "tenure.out", 11);
    config->depth = TENURE_DEPTH_DEFAULT;
    config->follow_children = true;
    while (options != NULL && *options != 0) {
        const char *end = strchr(options, ':');
        size_t bytes = end ? (size_t)(end - options) : strlen(options);
        parse_one(config, options, bytes);
        options = end ? end + 1 : NULL;
    }
}
