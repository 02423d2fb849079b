/*
 * Looks at the snapshots that a victim left, through `tenure show`.
 *
 * In go a directory and what was promised. Of each process the first, the
 * last and some snapshots in between are read (a byte-driven run may leave
 * hundreds); the last one of the first process is held against the promises.
 */
#include "snapshots.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { FILES_MAX = 20000, READ_PER_PROCESS = 6, PATH_BYTES = 600 };

struct file {
    long pid, seq;
    char name[256];
};

struct files {
    struct file *entries;
    int count;
};

static int by_process(const void *left, const void *right)
{
    const struct file *a = left, *b = right;
    if (a->pid != b->pid)
        return a->pid < b->pid ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* EXE.PID.NNNN.tenure; EXE may hold dots itself. */
static int parse_name(struct file *file, const char *name)
{
    const char *dots[3];
    const char *at = name + strlen(name);
    for (int i = 0; i < 3; i++) {
        while (at > name && *--at != '.')
            continue;
        dots[i] = at;
    }
    if (at == name || strcmp(dots[0], ".tenure") != 0)
        return -1;
    file->seq = strtol(dots[1] + 1, NULL, 10);
    file->pid = strtol(dots[2] + 1, NULL, 10);
    snprintf(file->name, sizeof file->name, "%s", name);
    return file->seq > 0 && file->pid > 0 ? 0 : -1;
}

/* Says that the last snapshot could not be written (agent/file.h). */
static bool is_failure(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && strcmp(dot, ".failed") == 0;
}

static int list(struct files *files, const char *directory, bool may_fail)
{
    int wrong = 0;
    struct dirent *entry;
    DIR *stream = opendir(directory);
    files->entries = calloc(FILES_MAX, sizeof *files->entries);
    files->count = 0;
    while (stream && (entry = readdir(stream))) {
        if (entry->d_name[0] == '.' || files->count == FILES_MAX)
            continue;
        if (entry->d_type != DT_REG || (may_fail && is_failure(entry->d_name)))
            continue;
        if (parse_name(&files->entries[files->count], entry->d_name) == 0) {
            files->count++;
            continue;
        }
        fprintf(stderr, "left behind: %s\n", entry->d_name);
        wrong++;
    }
    if (stream)
        closedir(stream);
    qsort(files->entries, (size_t)files->count, sizeof *files->entries,
          by_process);
    return wrong;
}

static json_t *show(const char *tenure, const char *path)
{
    char command[2 * PATH_BYTES];
    json_error_t error;
    snprintf(command, sizeof command, "'%s' show --format=json '%s'", tenure,
             path);
    FILE *pipe = popen(command, "r");
    if (!pipe)
        return NULL;
    json_t *root = json_loadf(pipe, 0, &error);
    if (!root)
        fprintf(stderr, "%s: not JSON: %s\n", path, error.text);
    int status = pclose(pipe);
    if (status != 0) {
        fprintf(stderr, "tenure show %s: exit status %d\n", path,
                WEXITSTATUS(status));
        json_decref(root);
        root = NULL;
    }
    return root;
}

static long long last_of(json_t *numbers)
{
    if (json_is_integer(numbers))
        return json_integer_value(numbers);
    size_t count = json_array_size(numbers);
    return count == 0 ? 0
                      : json_integer_value(json_array_get(numbers, count - 1));
}

/* Whether `name` is `function`, or a C++ overload of it. */
static bool is_function(const char *name, const char *function)
{
    size_t length = strlen(function);
    return name && strncmp(name, function, length) == 0 &&
           (name[length] == 0 || name[length] == '(');
}

static bool is_below(json_t *site, const char *function)
{
    size_t i;
    json_t *frame;
    json_array_foreach(json_object_get(site, "stack"), i, frame)
    {
        json_t *name = json_object_get(frame, "function");
        if (is_function(json_string_value(name), function))
            return true;
    }
    return false;
}

/* The sum of a number over the sites below a function. */
static long long sum_below(json_t *root, const char *function, const char *key)
{
    long long sum = 0;
    size_t i;
    json_t *site;
    json_array_foreach(json_object_get(root, "sites"), i, site)
    {
        if (is_below(site, function))
            sum += last_of(json_object_get(site, key));
    }
    return sum;
}

static int check_live(json_t *root, const struct expect_live *live)
{
    long long blocks = sum_below(root, live->function, "live_blocks");
    long long bytes = sum_below(root, live->function, "live_bytes");
    if ((live->blocks == EXPECT_ANY ? blocks > 0 : blocks == live->blocks) &&
        (live->bytes == EXPECT_ANY || bytes == live->bytes))
        return 0;
    fprintf(stderr, "live below %s: %lld blocks, %lld bytes (not %ld, %ld)\n",
            live->function, blocks, bytes, live->blocks, live->bytes);
    return 1;
}

static int check_held(json_t *root, json_t *snapshot,
                      const struct expect_live *held)
{
    const char *label = json_string_value(json_object_get(snapshot, "label"));
    if (!label || strcmp(label, "held") != 0)
        return 0;
    long long blocks = sum_below(root, held->function, "live_blocks");
    if (blocks >= held->blocks)
        return 0;
    fprintf(stderr, "held below %s: %lld blocks (not %ld)\n", held->function,
            blocks, held->blocks);
    return 1;
}

static int check_allocated(json_t *snapshot, long expected)
{
    long long got = last_of(json_object_get(snapshot, "allocated_blocks"));
    long long off = got > expected ? got - expected : expected - got;
    if (off * 1000 <= expected)
        return 0;
    fprintf(stderr, "allocated_blocks: %lld, not %ld\n", got, expected);
    return 1;
}

static int check_nodes(json_t *snapshot, long most)
{
    long long got = last_of(json_object_get(snapshot, "sites"));
    if (most == EXPECT_ANY || (got > 0 && got <= most))
        return 0;
    fprintf(stderr, "%lld nodes, more than %ld\n", got, most);
    return 1;
}

/* Every stack was right, and no block was seen to be born twice. */
static int check_quality(json_t *quality, const char *path,
                         const struct expect *expect)
{
    static const char *const names[] = {"mismatched_stacks", "bad_options",
                                        "failed_snapshots", "missed_frees"};
    size_t count_of = sizeof names / sizeof names[0] - expect->may_miss;
    int wrong = 0;
    for (size_t i = 0; i < count_of; i++) {
        long long count = last_of(json_object_get(quality, names[i]));
        if (count == 0)
            continue;
        fprintf(stderr, "%s: %lld %s\n", path, count, names[i]);
        wrong++;
    }
    long long cut = last_of(json_object_get(quality, "truncated_stacks"));
    if (expect->whole && cut != 0) {
        fprintf(stderr, "%s: %lld truncated_stacks\n", path, cut);
        wrong++;
    }
    return wrong;
}

/* A snapshot before it was loaded knows of none. */
static int check_unseen(json_t *snapshot, const char *path, const char *name,
                        bool is_last)
{
    json_t *list = json_object_get(snapshot, "unseen_module_paths");
    if (is_last && *name && json_array_size(list) == 0) {
        fprintf(stderr, "%s: blocks of %s are not unseen\n", path, name);
        return 1;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *unseen = json_string_value(json_array_get(list, i));
        if (*name && strstr(unseen, name))
            continue;
        fprintf(stderr, "%s: blocks of %s are unseen\n", path, unseen);
        return 1;
    }
    return 0;
}

static int check_any(json_t *snapshot, const char *path,
                     const struct expect *expect)
{
    int wrong =
        check_quality(json_object_get(snapshot, "quality"), path, expect);
    long long dropped = last_of(json_object_get(snapshot, "dropped"));
    if (!json_is_integer(json_object_get(snapshot, "live_blocks"))) {
        fprintf(stderr, "%s: no live_blocks\n", path);
        wrong++;
    }
    if (dropped != 0 && !expect->may_drop) {
        fprintf(stderr, "%s: %lld records dropped\n", path, dropped);
        wrong++;
    }
    return wrong;
}

/* Remembers allocated_blocks of the labelled snapshots. */
static void note_labels(json_t *snapshot, long long counts[2])
{
    const char *label = json_string_value(json_object_get(snapshot, "label"));
    long long now = last_of(json_object_get(snapshot, "allocated_blocks"));
    if (label && strcmp(label, "before") == 0)
        counts[0] = now;
    if (label && strcmp(label, "after") == 0)
        counts[1] = now;
}

static int check_counted(const long long counts[2], long expected)
{
    if (expected == EXPECT_ANY || counts[1] - counts[0] == expected)
        return 0;
    fprintf(stderr, "%lld calls between the labels, not %ld\n",
            counts[1] - counts[0], expected);
    return 1;
}

static int check_file(const char *directory, const struct file *file,
                      bool is_last, const char *tenure,
                      const struct expect *expect, long long counts[2])
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", directory, file->name);
    json_t *root = show(tenure, path);
    if (!root)
        return 1;
    json_t *snapshot = json_array_get(json_object_get(root, "snapshots"), 0);
    int wrong = check_any(snapshot, path, expect);
    note_labels(snapshot, counts);
    wrong += check_held(root, snapshot, &expect->held);
    for (int i = 0; is_last && i < expect->live_count; i++)
        wrong += check_live(root, &expect->live[i]);
    if (is_last && expect->allocated != EXPECT_ANY)
        wrong += check_allocated(snapshot, expect->allocated);
    wrong += check_unseen(snapshot, path, expect->unseen, is_last);
    if (is_last)
        wrong += check_nodes(snapshot, expect->nodes);
    if (wrong && is_last)
        fprintf(stderr, "(the last snapshot is %s)\n", path);
    json_decref(root);
    return wrong;
}

/* The files of one process: entries [first, first + count). */
static int check_process(const char *directory, const struct file *first,
                         int count, bool is_main, const char *tenure,
                         const struct expect *expect)
{
    int wrong = 0;
    long long counts[2] = {0, 0};
    bool labels = expect->counted != EXPECT_ANY || expect->held.blocks > 0;
    int step = labels ? 1 : count / READ_PER_PROCESS + 1;
    for (int i = 0; i < count; i++) {
        bool is_last = i == count - 1;
        if (i % step == 0 || is_last)
            wrong += check_file(directory, &first[i], is_main && is_last,
                                tenure, expect, counts);
    }
    return wrong + (is_main ? check_counted(counts, expect->counted) : 0);
}

int snapshots_check(const char *directory, pid_t pid, const char *tenure,
                    const struct expect *expect)
{
    struct files files;
    int processes = 0, of_main = 0;
    int wrong = list(&files, directory, expect->may_drop);
    for (int i = 0, count; i < files.count; i += count) {
        const struct file *first = &files.entries[i];
        for (count = 1; i + count < files.count; count++)
            if (files.entries[i + count].pid != first->pid)
                break;
        processes++;
        if (first->pid == pid)
            of_main = count;
        if (processes <= expect->processes || first->pid == pid)
            wrong += check_process(directory, first, count, first->pid == pid,
                                   tenure, expect);
    }
    if (!expect->no_snapshots && of_main == 0)
        fprintf(stderr, "no snapshot of process %d\n", (int)pid), wrong++;
    if (processes < expect->processes) {
        fprintf(stderr, "snapshots of %d processes, not %d\n", processes,
                expect->processes);
        wrong++;
    }
    free(files.entries);
    return wrong;
}
