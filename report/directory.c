/*
 * The snapshots in a directory, found by their names, EXE.PID.NNNN.tenure.
 */
#include "report/directory.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/words.h"

static int is_snapshot(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');
    return entry->d_name[0] != '.' && dot && strcmp(dot, ".tenure") == 0;
}

int tenure_directory_list(const char *path, char ***files,
                          struct tenure_arena *arena, struct tenure_why *why)
{
    struct dirent **entries;
    int count = scandir(path, &entries, is_snapshot, alphasort);
    if (count < 0)
        return tenure_because(why, "%s: %s", path, strerror(errno));
    *files = tenure_arena_take(arena, (size_t)count + 1, sizeof **files);
    for (int i = 0; i < count; i++) {
        char name[2 * PATH_MAX];
        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        (*files)[i] = tenure_arena_text(arena, name, strlen(name));
        free(entries[i]);
    }
    free(entries);
    if (count == 0)
        return tenure_because(why,
                              "%s has no snapshot in it; name files "
                              "*.tenure or a directory that has some",
                              path);
    return count;
}

/* Bytes of DIR/EXE.PID. */
static size_t stem_bytes(const char *file)
{
    size_t bytes = strlen(file);
    for (int dots = 0; bytes > 0 && dots < 2; bytes--)
        dots += file[bytes - 1] == '.';
    return bytes;
}

static bool same_process(const char *a, const char *b)
{
    size_t bytes = stem_bytes(a);
    return bytes == stem_bytes(b) && memcmp(a, b, bytes) == 0;
}

/* "sh.12 (1), server.14 (9)", those with most not necessarily first. */
static unsigned name_processes(char *const *files, int count,
                               struct tenure_words *words)
{
    enum { SHOWN = 8 };
    unsigned processes = 0;
    for (int i = 0; i < count;) {
        const char *slash = strrchr(files[i], '/');
        const char *name = slash ? slash + 1 : files[i];
        int same = i;
        while (same < count && same_process(files[i], files[same]))
            same++;
        if (processes++ < SHOWN)
            tenure_say(words, "%s%.*s (%d)", processes > 1 ? ", " : "",
                       (int)(stem_bytes(files[i]) - (size_t)(name - files[i])),
                       name, same - i);
        i = same;
    }
    if (processes > SHOWN)
        tenure_say(words, " and %u more", processes - SHOWN);
    return processes;
}

int tenure_directory_of_one(const char *path, char ***files,
                            struct tenure_arena *arena, struct tenure_why *why)
{
    char text[1024];
    struct tenure_words words = tenure_words_in(text, sizeof text);
    int count = tenure_directory_list(path, files, arena, why);
    if (count < 0)
        return -1;
    unsigned processes = name_processes(*files, count, &words);
    if (processes > 1)
        return tenure_because(why,
                              "%s has snapshots of %u processes: %s; name "
                              "those of one, or give all to tenure check",
                              path, processes, text);
    return count;
}
