/*
 * Opening snapshot files: every way a file can be unusable has its own line.
 *
 * A path comes from the command line; a checked, read-only image leaves. A
 * regular file is mapped, so that a long series costs address space and not
 * memory; standard input is read to its end.
 */
#include "report/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* Above any agent's limit; ids index arrays here. */
enum { NODE_ID_MAX = 1 << 26 };

static int use(struct tenure_snapshot *s, struct tenure_why *why)
{
    if (s->bytes == 0)
        return tenure_because(why,
                              "%s is empty; was the disk full when it was "
                              "written?",
                              s->path);
    int error = tenure_format_check(s->data, s->bytes);
    if (error != 0)
        return tenure_because(why, "%s %s", s->path,
                              tenure_format_error_text(error));
    uint64_t count;
#define X(record, table, section)                                              \
    s->table = tenure_format_section(s->data, TENURE_SECTION_##section,        \
                                     &s->table##_count);
    TENURE_SNAPSHOT_TABLES(X)
#undef X
    s->process = tenure_format_section(s->data, TENURE_SECTION_PROCESS, &count);
    s->strings = tenure_format_section(s->data, TENURE_SECTION_STRINGS, &count);
    tenure_format_section(s->data, TENURE_SECTION_EDGES, &count);
    s->objects = tenure_format_section(s->data, TENURE_SECTION_OBJECTS,
                                       &s->objects_only_bytes);
    s->objects_bytes = s->objects_only_bytes + count;
    if (s->nodes_count > 0 && s->nodes[s->nodes_count - 1].id > NODE_ID_MAX)
        return tenure_because(why,
                              "%s is damaged (a call tree node out of "
                              "range)",
                              s->path);
    return 0;
}

static int read_all(struct tenure_snapshot *s, int fd, struct tenure_why *why)
{
    size_t room = 0;
    for (;;) {
        if (s->bytes == room) {
            room = room ? 2 * room : 1 << 20;
            void *more = realloc(s->data, room);
            if (!more)
                return tenure_because(why,
                                      "%s is too large for the memory "
                                      "here",
                                      s->path);
            s->data = more;
        }
        ssize_t got = read(fd, (char *)s->data + s->bytes, room - s->bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tenure_because(why, "cannot read %s: %s", s->path,
                                  strerror(errno));
        if (got == 0)
            return 0;
        s->bytes += (size_t)got;
    }
}

static int map(struct tenure_snapshot *s, int fd, struct tenure_why *why)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return tenure_because(why, "cannot read %s: %s", s->path,
                              strerror(errno));
    if (S_ISDIR(st.st_mode))
        return tenure_because(why,
                              "%s is a directory; name the snapshots in "
                              "it: %s/*.tenure",
                              s->path, s->path);
    if (!S_ISREG(st.st_mode))
        return tenure_because(why,
                              "%s is not a regular file; give - to read "
                              "a snapshot from a pipe",
                              s->path);
    s->bytes = (size_t)st.st_size;
    if (s->bytes == 0)
        return 0;
    s->data = mmap(NULL, s->bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (s->data == MAP_FAILED) {
        s->data = NULL;
        return tenure_because(why, "cannot read %s: %s", s->path,
                              strerror(errno));
    }
    s->mapped = true;
    return 0;
}

static int open_path(struct tenure_snapshot *s, struct tenure_why *why)
{
    if (strcmp(s->path, "-") == 0) {
        s->path = "standard input";
        return read_all(s, STDIN_FILENO, why);
    }
    /* O_NONBLOCK: a FIFO without a writer must not hang us. */
    int fd = open(s->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return tenure_because(why, "cannot open %s: %s", s->path,
                              strerror(errno));
    int error = map(s, fd, why);
    close(fd);
    return error;
}

int tenure_snapshot_open(struct tenure_snapshot *snapshot, const char *path,
                         struct tenure_why *why)
{
    *snapshot = (struct tenure_snapshot){.path = path};
    int error = open_path(snapshot, why);
    if (error == 0)
        error = use(snapshot, why);
    if (error != 0)
        tenure_snapshot_close(snapshot);
    return error;
}

int tenure_snapshot_use(struct tenure_snapshot *snapshot, const char *path,
                        const void *data, size_t bytes, struct tenure_why *why)
{
    *snapshot = (struct tenure_snapshot){.path = path, .bytes = bytes};
    union {
        const void *in;
        void *kept;
    } data_of = {data};
    snapshot->data = data_of.kept;
    int error = use(snapshot, why);
    snapshot->data = NULL; /* not ours to free */
    return error;
}

void tenure_snapshot_close(struct tenure_snapshot *snapshot)
{
    if (snapshot->mapped)
        munmap(snapshot->data, snapshot->bytes);
    else
        free(snapshot->data);
    *snapshot = (struct tenure_snapshot){.path = snapshot->path};
}

const char *tenure_snapshot_string(const struct tenure_snapshot *snapshot,
                                   uint32_t at)
{
    return snapshot->strings + at;
}

uint64_t tenure_snapshot_value(const struct tenure_snapshot *snapshot,
                               uint32_t key)
{
    for (uint64_t i = 0; i < snapshot->values_count; i++)
        if (snapshot->values[i].key == key)
            return snapshot->values[i].value;
    return 0;
}

bool tenure_snapshot_is_only(const struct tenure_snapshot *snapshot)
{
    const struct tenure_process *process = snapshot->process;
    return process->seq == 1 && process->trigger == TENURE_TRIGGER_EXIT &&
           !(process->flags & TENURE_PROCESS_DIRTY_MARK);
}

uint64_t tenure_snapshot_total(const struct tenure_snapshot *snapshot,
                               uint32_t key)
{
    bool blocks = key == TENURE_VALUE_LOST_BLOCKS;
    uint64_t sum = 0;
    if ((!blocks && key != TENURE_VALUE_LOST_BYTES) ||
        !tenure_snapshot_is_only(snapshot))
        return tenure_snapshot_value(snapshot, key);
    for (uint64_t i = 0; i < snapshot->marks_count; i++)
        sum += blocks ? snapshot->marks[i].unreached_blocks
                      : snapshot->marks[i].unreached_bytes;
    return sum;
}

struct tenure_leak_kinds
tenure_snapshot_kinds(const struct tenure_snapshot *snapshot)
{
    struct tenure_leak_kinds sum = {0};
    for (uint64_t i = 0; i < snapshot->marks_count; i++) {
        const struct tenure_mark *mark = &snapshot->marks[i];
        sum.possible_blocks += mark->possible_blocks;
        sum.possible_bytes += mark->possible_bytes;
        sum.unreached_blocks += mark->unreached_blocks;
        sum.unreached_bytes += mark->unreached_bytes;
    }
    bool lost = tenure_snapshot_total(snapshot, TENURE_VALUE_LOST_BLOCKS) > 0;
    for (uint64_t i = 0; lost && i < snapshot->losses_count; i++) {
        sum.indirect_blocks += snapshot->losses[i].indirect_blocks;
        sum.indirect_bytes += snapshot->losses[i].indirect_bytes;
    }
    return sum;
}

enum value_kind { TOTAL, QUALITY, DROPPED };

uint64_t tenure_snapshot_dropped(const struct tenure_snapshot *snapshot)
{
    uint64_t sum = 0;
#define X(name, key, text, kind)                                               \
    if (kind == DROPPED)                                                       \
        sum += tenure_snapshot_value(snapshot, key);
    TENURE_VALUES(X)
#undef X
    return sum;
}

const struct tenure_node *
tenure_snapshot_node(const struct tenure_snapshot *snapshot, uint32_t id)
{
    uint64_t low = 0, high = snapshot->nodes_count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (snapshot->nodes[middle].id < id)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == snapshot->nodes_count || snapshot->nodes[low].id != id)
        return NULL;
    return &snapshot->nodes[low];
}

const struct tenure_module *
tenure_snapshot_exe(const struct tenure_snapshot *snapshot)
{
    const char *exe = tenure_snapshot_string(snapshot, snapshot->process->exe);
    for (uint64_t i = 0; i < snapshot->modules_count; i++)
        if (strcmp(tenure_snapshot_string(snapshot, snapshot->modules[i].path),
                   exe) == 0)
            return &snapshot->modules[i];
    return NULL;
}
