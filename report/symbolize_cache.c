/*
 * What was found stays found: one file per build-id in
 * $XDG_CACHE_HOME/tenure, or ~/.cache/tenure.
 *
 *     tenure-symbols 1 <with debug information: 0|1> <XXH64 of the rest>
 *     4f3a 2                        address, frames
 *     1 120 0\tzmalloc\t/src/zmalloc.c    kind, line, past; innermost first
 *     0 88 0\tcreateObject\t/src/object.c
 *
 * Texts hold no control characters, so tabs and line ends are free. A file
 * that is damaged, somebody else's, or was made without the debug file that
 * is here now does not count. Written under another name and renamed, so
 * readers see the old one or the new one.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/symbolize_lookup.h"

enum { BUILD_ID_MAX = 128, HEADER_MAX = 64, FRAMES_MAX = 64 };
static const off_t cache_bytes_max = 256 << 20;

static bool is_build_id(const char *text)
{
    size_t bytes = 0;
    while (isxdigit((unsigned char)text[bytes]))
        bytes++;
    return bytes > 0 && bytes <= BUILD_ID_MAX && text[bytes] == 0;
}

/* The cache directory, made if it is not there; false without a home. */
static bool directory(char *path, size_t bytes)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int used;
    if (cache && cache[0] == '/')
        used = snprintf(path, bytes, "%s", cache);
    else if (home && home[0] == '/')
        used = snprintf(path, bytes, "%s/.cache", home);
    else
        return false;
    if (used < 0 || (size_t)used + sizeof "/tenure" > bytes)
        return false;
    mkdir(path, 0700);
    strcpy(path + used, "/tenure");
    return mkdir(path, 0700) == 0 || errno == EEXIST;
}

static uint64_t sum_of(const char *text, size_t bytes)
{
    struct tenure_checksum sum;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, text, bytes);
    return tenure_checksum_end(&sum);
}

/* The whole file as text, or NULL; free() it. */
static char *slurp(const char *path)
{
    struct stat st;
    char *text = NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        st.st_size < cache_bytes_max) {
        size_t size = (size_t)st.st_size, got = 0;
        text = tenure_zeroed(size + 1, 1);
        ssize_t more;
        while (got < size && (more = read(fd, text + got, size - got)) > 0)
            got += (size_t)more;
    }
    close(fd);
    return text;
}

/* Where the entries of an undamaged and still useful text begin. */
static char *entries_of(char *text, const char *build_id)
{
    char debug[4096];
    unsigned version;
    int with_debug, header_bytes = 0;
    uint64_t sum;
    if (sscanf(text, "tenure-symbols %u %d %" SCNx64 "%n", &version,
               &with_debug, &sum, &header_bytes) != 3 ||
        version != 1 || text[header_bytes] != '\n')
        return NULL;
    char *entries = text + header_bytes + 1;
    if (sum_of(entries, strlen(entries)) != sum)
        return NULL;
    if (!with_debug && tenure_debug_file(build_id, debug, sizeof debug))
        return NULL;
    return entries;
}

static struct tenure_lookup *find(const struct tenure_lookups *lookups,
                                  uint64_t address)
{
    size_t low = 0, high = lookups->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lookups->at[middle].address < address)
            low = middle + 1;
        else
            high = middle;
    }
    return low < lookups->count && lookups->at[low].address == address
               ? &lookups->at[low]
               : NULL;
}

/* Cuts the text at the next `end` and moves behind it; NULL if none. */
static char *field(char **at, char end)
{
    char *start = *at, *stop = strchr(start, end);
    if (!stop)
        return NULL;
    *stop = 0;
    *at = stop + 1;
    return start;
}

static bool read_frame(char **at, struct tenure_frame *frame)
{
    char *numbers = field(at, '\t'), *function, *file;
    if (!numbers || !(function = field(at, '\t')) || !(file = field(at, '\n')))
        return false;
    if (sscanf(numbers, "%" SCNu32 " %" SCNu32 " %" SCNu64, &frame->kind,
               &frame->line, &frame->past) != 3)
        return false;
    frame->function = function;
    frame->file = file;
    return frame->kind <= TENURE_FRAME_UNKNOWN;
}

/* The next entry of a text; frames point into it. False at the end. */
static bool read_entry(char **at, uint64_t *address,
                       struct tenure_frame *frames, uint32_t *count)
{
    if (!**at)
        return false;
    char *head = field(at, '\n');
    if (!head || sscanf(head, "%" SCNx64 " %" SCNu32, address, count) != 2 ||
        *count == 0 || *count > FRAMES_MAX)
        return false;
    for (uint32_t i = 0; i < *count; i++)
        if (!read_frame(at, &frames[i]))
            return false;
    return true;
}

void tenure_cache_read(struct tenure_lookups *lookups, const char *build_id)
{
    char path[4096];
    struct tenure_frame frames[FRAMES_MAX];
    uint64_t address;
    uint32_t count;
    if (!is_build_id(build_id) ||
        !directory(path, sizeof path - BUILD_ID_MAX - 8))
        return;
    strcat(strcat(path, "/"), build_id);
    char *text = slurp(path);
    char *at = text ? entries_of(text, build_id) : NULL;
    while (at && read_entry(&at, &address, frames, &count)) {
        struct tenure_lookup *lookup = find(lookups, address);
        if (!lookup)
            continue;
        struct tenure_frame *kept =
            tenure_arena_take(lookups->arena, count, sizeof *kept);
        for (uint32_t i = 0; i < count; i++) {
            kept[i] = frames[i];
            kept[i].function = tenure_lookup_text(lookups, frames[i].function);
            kept[i].file = tenure_lookup_text(lookups, frames[i].file);
        }
        lookup->frames = (struct tenure_frames){kept, count};
    }
    free(text);
}

static void print_entry(FILE *to, uint64_t address,
                        const struct tenure_frame *frames, uint32_t count)
{
    fprintf(to, "%" PRIx64 " %u\n", address, count);
    for (uint32_t i = 0; i < count; i++)
        fprintf(to, "%u %u %" PRIu64 "\t%s\t%s\n", frames[i].kind,
                frames[i].line, frames[i].past, frames[i].function,
                frames[i].file);
}

/* All entries: what is known now, and what the old file knew besides. */
static char *compose(const struct tenure_lookups *lookups, char *old,
                     size_t *bytes)
{
    char *text = NULL;
    struct tenure_frame frames[FRAMES_MAX];
    uint64_t address;
    uint32_t count;
    FILE *to = open_memstream(&text, bytes);
    if (!to)
        return NULL;
    for (size_t i = 0; i < lookups->count; i++)
        if (lookups->at[i].frames.count <= FRAMES_MAX)
            print_entry(to, lookups->at[i].address, lookups->at[i].frames.at,
                        lookups->at[i].frames.count);
    while (old && read_entry(&old, &address, frames, &count))
        if (!find(lookups, address))
            print_entry(to, address, frames, count);
    if (fclose(to) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

static void replace(const char *path, const char *header, const char *text,
                    size_t bytes)
{
    char temporary[4096 + 32];
    snprintf(temporary, sizeof temporary, "%s.%ld", path, (long)getpid());
    unlink(temporary);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *to = fd < 0 ? NULL : fdopen(fd, "w");
    if (!to)
        return;
    fputs(header, to);
    fwrite(text, 1, bytes, to);
    bool failed = ferror(to) != 0;
    if (fclose(to) != 0 || failed || rename(temporary, path) != 0)
        unlink(temporary);
}

void tenure_cache_write(const struct tenure_lookups *lookups,
                        const char *build_id, bool with_debug)
{
    char path[4096], header[HEADER_MAX];
    if (!is_build_id(build_id) ||
        !directory(path, sizeof path - BUILD_ID_MAX - 8))
        return;
    strcat(strcat(path, "/"), build_id);
    char *old = slurp(path);
    size_t bytes = 0;
    char *text =
        compose(lookups, old ? entries_of(old, build_id) : NULL, &bytes);
    if (text) {
        snprintf(header, sizeof header, "tenure-symbols 1 %d %016" PRIx64 "\n",
                 with_debug, sum_of(text, bytes));
        replace(path, header, text, bytes);
    }
    free(text);
    free(old);
}
