/*
 * Files of /proc by process and thread number, and directories of numbers.
 */
#include "agent/proc.h"

#include <fcntl.h>
#include <string.h>

#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/text.h"

#define PATH_ROOM 96

static void make_path(char *path, size_t room, int pid, int tid,
                      const char *file)
{
    struct tenure__text text;
    tenure__text_start(&text, path, room);
    tenure__text_add(&text, "/proc/");
    if (pid != 0)
        tenure__text_number(&text, (uint64_t)pid, 1);
    else
        tenure__text_add(&text, "self");
    if (tid != 0) {
        tenure__text_add(&text, "/task/");
        tenure__text_number(&text, (uint64_t)tid, 1);
    }
    tenure__text_add(&text, "/");
    tenure__text_add(&text, file);
}

int tenure__proc_open(int pid, int tid, const char *file, int flags)
{
    char path[PATH_ROOM];
    make_path(path, sizeof path, pid, tid, file);
    return (int)tenure__syscall4(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC,
                                 0);
}

long tenure__proc_read(int pid, int tid, const char *file, char *buffer,
                       size_t bytes)
{
    char path[PATH_ROOM];
    make_path(path, sizeof path, pid, tid, file);
    return tenure__read_file(path, buffer, bytes);
}

struct entry { /* struct linux_dirent64, of getdents64(2) */
    uint64_t inode;
    int64_t offset;
    uint16_t bytes;
    uint8_t type;
    char name[];
};

int tenure__proc_numbers(int directory, bool (*visit)(int number, void *with),
                         void *with)
{
    _Alignas(8) char buffer[2048];
    long got;
    bool more = true;
    while (more && (got = tenure__syscall3(SYS_getdents64, directory, buffer,
                                           sizeof buffer)) > 0) {
        for (long at = 0; at < got && more;) {
            struct entry *entry = (struct entry *)(buffer + at);
            const char *name = entry->name;
            uint64_t number;
            if (tenure__text_parse_number(&name, &number) && *name == 0)
                more = visit((int)number, with);
            at += entry->bytes;
        }
    }
    tenure__syscall1(SYS_close, directory);
    return !more || got == 0 ? 0 : (int)got;
}

bool tenure__proc_hex(const char **at, uint64_t *number)
{
    const char *text = *at;
    if (text[0] == '0' && text[1] == 'x')
        text += 2;
    const char *first = text;
    uint64_t value = 0;
    for (;; text++) {
        char c = *text;
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            break;
        value = value << 4 | (uint64_t)digit;
    }
    if (text == first)
        return false;
    *at = text;
    *number = value;
    return true;
}

const char *tenure__proc_find(const char *text, const char *key)
{
    const char *found = strstr(text, key);
    return found != NULL ? found + strlen(key) : NULL;
}
