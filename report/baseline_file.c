/*
 * Baselines as files: JSON with the fields of a report's sites, of which only
 * the accused matter. A whole report (tenure diff or check --format=json) is
 * one, and so is a series of snapshots.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/baseline.h"
#include "report/json.h"
#include "report/judge.h"
#include "report/replace.h"

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static uint64_t count_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

static uint64_t last_of(const json_t *object, const char *key)
{
    const json_t *array = json_object_get(object, key);
    size_t count = json_array_size(array);
    json_int_t value =
        count ? json_integer_value(json_array_get(array, count - 1)) : 0;
    return value > 0 ? (uint64_t)value : 0;
}

static bool class_of(const char *name, enum tenure_site_class *class)
{
    for (int c = 0; c < TENURE_CLASS_COUNT; c++) {
        *class = (enum tenure_site_class)c;
        if (strcmp(tenure_class_name(*class), name) == 0)
            return true;
    }
    return false;
}

/* A site of the file as a charge; its texts are the file's. */
static void add_site(struct tenure_baseline *baseline, const json_t *site,
                     uint64_t work)
{
    enum tenure_site_class class;
    const json_t *stack = json_object_get(site, "stack");
    size_t depth = json_array_size(stack);
    if (!class_of(text_of(site, "class"), &class) ||
        !tenure_class_accuses(class))
        return;
    struct tenure_charge_frame *frames =
        tenure_zeroed(depth + 1, sizeof *frames);
    for (size_t i = 0; i < depth; i++) {
        const json_t *frame = json_array_get(stack, i);
        frames[i].function = text_of(frame, "function");
        frames[i].module = text_of(frame, "module");
        frames[i].file = "";
    }
    bool lost = class == TENURE_CLASS_LOST;
    bool own = json_object_get(site, "bytes") != NULL;
    uint64_t title = count_of(site, "title");
    struct tenure_charge charge = {
        .id = strtoull(text_of(site, "id"), NULL, 16),
        .class = class,
        .stack = {frames, (uint32_t)depth,
                  (uint32_t)(title < depth ? title : 0)},
        .thread = text_of(site, "thread"),
        .bytes = own    ? count_of(site, "bytes")
                 : lost ? count_of(site, "lost_bytes")
                        : last_of(site, "live_bytes"),
        .blocks = own    ? count_of(site, "blocks")
                  : lost ? count_of(site, "lost_blocks")
                         : last_of(site, "live_blocks"),
        .work = own ? count_of(site, "work") : work,
        .rate =
            json_number_value(json_object_get(site, "rate_bytes_per_second"))};
    tenure_baseline_add(baseline, &charge);
    free(frames);
}

static int read_json(struct tenure_baseline *baseline, const char *path,
                     struct tenure_why *why)
{
    json_error_t error;
    json_t *root = json_load_file(path, 0, &error);
    const json_t *sites = json_object_get(root, "sites");
    if (!root)
        return tenure_because(why,
                              "%s:%d: %s; --baseline wants snapshots or "
                              "a report as JSON",
                              path, error.line, error.text);
    if (json_integer_value(json_object_get(root, "schema")) != 1 ||
        !json_is_array(sites)) {
        json_decref(root);
        return tenure_because(why,
                              "%s is no report of tenure, or one of "
                              "another version; make it again with "
                              "--update-baseline",
                              path);
    }
    const json_t *snapshots = json_object_get(root, "snapshots");
    size_t last = json_array_size(snapshots);
    uint64_t work =
        last ? count_of(json_array_get(snapshots, last - 1), "allocated_blocks")
             : 0;
    for (size_t i = 0; i < json_array_size(sites); i++)
        add_site(baseline, json_array_get(sites, i), work);
    json_decref(root);
    return 0;
}

static int read_snapshots(struct tenure_baseline *baseline, const char *path,
                          struct tenure_why *why)
{
    struct tenure_cases cases;
    char *paths[] = {(char *)path};
    if (tenure_cases_open(&cases, paths, 1, 0, why) < 0)
        return -1;
    for (size_t i = 0; i < cases.count; i++)
        for (uint32_t k = 0; k < cases.at[i]->charge_count; k++)
            tenure_baseline_add(baseline, &cases.at[i]->charges[k]);
    tenure_cases_drop(&cases);
    return 0;
}

static bool begins_as_json(FILE *file)
{
    int c;
    do {
        c = fgetc(file);
    } while (c == ' ' || c == '\n' || c == '\t' || c == '\r');
    return c == '{';
}

int tenure_baseline_read(struct tenure_baseline *baseline, const char *path,
                         struct tenure_why *why)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return tenure_because(why,
                              "the baseline %s: %s; make it with "
                              "--update-baseline",
                              path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return read_snapshots(baseline, path, why);
    FILE *file = fopen(path, "re");
    if (!file)
        return tenure_because(why, "the baseline %s: %s", path,
                              strerror(errno));
    bool json = begins_as_json(file);
    fclose(file);
    return json ? read_json(baseline, path, why)
                : read_snapshots(baseline, path, why);
}

static void write_site(struct tenure_json *json,
                       const struct tenure_charge *charge)
{
    char id[32];
    const struct tenure_charge_stack *stack = &charge->stack;
    snprintf(id, sizeof id, "%016" PRIx64, charge->id);
    tenure_json_object(json, NULL);
    tenure_json_text(json, "id", id);
    tenure_json_text(json, "class", tenure_class_name(charge->class));
    tenure_json_count(json, "bytes", charge->bytes);
    tenure_json_count(json, "blocks", charge->blocks);
    tenure_json_count(json, "work", charge->work);
    tenure_json_real(json, "rate_bytes_per_second", charge->rate);
    tenure_json_text(json, "thread", charge->thread);
    tenure_json_count(json, "title", stack->title);
    tenure_json_array(json, "stack");
    for (uint32_t i = 0; i < stack->depth; i++) {
        const char *slash = strrchr(stack->at[i].module, '/');
        tenure_json_object(json, NULL);
        tenure_json_text(json, "function", stack->at[i].function);
        tenure_json_text(json, "module",
                         slash ? slash + 1 : stack->at[i].module);
        tenure_json_end_object(json);
    }
    tenure_json_end_array(json);
    tenure_json_end_object(json);
}

int tenure_baseline_write(const char *path, const struct tenure_charge *charges,
                          size_t count, struct tenure_why *why)
{
    struct tenure_replace file;
    if (tenure_replace_begin(&file, path, why) < 0)
        return -1;
    int fd = dup(file.fd);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    struct tenure_json json = {.to = to, .lines = 4};
    if (!to) {
        tenure_replace_abandon(&file);
        return tenure_because(why, "%s: %s", path, strerror(errno));
    }
    tenure_json_object(&json, NULL);
    tenure_json_count(&json, "schema", 1);
    tenure_json_text(&json, "tool", "tenure " TENURE_VERSION);
    tenure_json_text(&json, "command", "baseline");
    tenure_json_array(&json, "sites");
    for (size_t i = 0; i < count; i++)
        if (charges[i].state != TENURE_CHARGE_SUPPRESSED)
            write_site(&json, &charges[i]);
    tenure_json_end_array(&json);
    tenure_json_end_object(&json);
    bool failed = ferror(to);
    if (fclose(to) != 0 || failed) {
        int error = errno;
        tenure_replace_abandon(&file);
        return tenure_because(why, "%s: %s", path, strerror(error));
    }
    return tenure_replace_commit(&file, why);
}
