/*
 * Names of code that a JIT compiler made: /tmp/perf-PID.map, one line
 * "START SIZE name" in hexadecimal (Linux tools/perf, jit-interface.txt).
 *
 * Addresses are used again, and the file only grows: the last line that
 * covers an address wins. The file is in a directory that everyone may write
 * to, so its owner must be us, or root.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/symbolize_lookup.h"

static bool trusted(int fd, const struct tenure_process *process)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (st.st_uid != geteuid() && st.st_uid != 0 && geteuid() != 0)
        return false;
    return (uint64_t)st.st_mtim.tv_sec >= process->started_unix_ns / 1000000000;
}

/* "JS:*read /srv/app.js:12:5" (V8; the sign is the compiler) and
 * "py::read:/srv/app.py" (CPython 3.12) name a file as well. */
static void split_name(char *name, char **file, uint32_t *line)
{
    static const char *const scripts[] = {
        "JS:", "LazyCompile:", "Function:", "Eval:", "Script:"};
    *file = NULL;
    *line = 0;
    char *space = NULL, *colon;
    if (strncmp(name, "py::", 4) == 0) {
        memmove(name, name + 4, strlen(name + 4) + 1);
        if ((colon = strchr(name, ':'))) {
            *colon = 0;
            *file = colon + 1;
        }
        return;
    }
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        size_t bytes = strlen(scripts[i]);
        if (strncmp(name, scripts[i], bytes) != 0)
            continue;
        bytes += strspn(name + bytes, "~^*+");
        memmove(name, name + bytes, strlen(name + bytes) + 1);
        space = strchr(name, ' ');
        break;
    }
    if (!space)
        return;
    *space = 0;
    *file = space + 1;
    if ((colon = strrchr(*file, ':'))) /* column */
        *colon = 0;
    if ((colon = strrchr(*file, ':'))) {
        *colon = 0;
        *line = (uint32_t)strtoul(colon + 1, NULL, 10);
    }
}

static void use_line(char *text, struct tenure_lookups *lookups)
{
    char *at;
    uint64_t start = strtoull(text, &at, 16);
    uint64_t bytes = *at == ' ' ? strtoull(at, &at, 16) : 0;
    if (*at != ' ' || bytes == 0)
        return;
    char *name = at + 1, *file = NULL;
    name[strcspn(name, "\n")] = 0;
    size_t low = 0, high = lookups->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lookups->at[middle].address < start)
            low = middle + 1;
        else
            high = middle;
    }
    struct tenure_frame *frame = NULL;
    for (; low < lookups->count && lookups->at[low].address - start < bytes;
         low++) {
        if (!frame) {
            uint32_t line;
            split_name(name, &file, &line);
            frame = tenure_arena_take(lookups->arena, 1, sizeof *frame);
            *frame = (struct tenure_frame){
                tenure_lookup_text(lookups, *name ? name : "(anonymous)"),
                file ? tenure_lookup_text(lookups, file) : "", line,
                TENURE_FRAME_JIT, 0};
        }
        lookups->at[low].frames = (struct tenure_frames){frame, 1};
    }
}

void tenure_lookup_jit(struct tenure_lookups *lookups,
                       const struct tenure_process *process)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/perf-%u.map", process->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    FILE *file = trusted(fd, process) ? fdopen(fd, "r") : NULL;
    if (!file) {
        close(fd);
        return;
    }
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) > 0)
        use_line(line, lookups);
    free(line);
    fclose(file);
}
