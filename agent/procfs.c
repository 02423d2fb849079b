/*
 * What the kernel says about this process.
 */
#include "agent/procfs.h"

#include <fcntl.h>
#include <string.h>

#include "agent/os.h"
#include "agent/text.h"

static int open_read(const char *path)
{
    return (int)tenure__syscall4(SYS_openat, AT_FDCWD, path,
                                 O_RDONLY | O_CLOEXEC, 0);
}

long tenure__read_file(const char *path, char *to, size_t room)
{
    int fd = open_read(path);
    size_t used = 0;
    long got = fd;
    to[0] = 0;
    if (fd < 0)
        return fd;
    while (used < room - 1 && (got = tenure__syscall3(SYS_read, fd, to + used,
                                                      room - 1 - used)) > 0)
        used += (size_t)got;
    tenure__syscall1(SYS_close, fd);
    to[used] = 0;
    return got < 0 ? got : (long)used;
}

uint64_t tenure__field(const char *text, const char *name)
{
    size_t length = strlen(name);
    while (text != NULL && *text != 0) {
        if (strncmp(text, name, length) == 0) {
            const char *at = text + length;
            uint64_t number;
            while (*at == ' ' || *at == '\t' || *at == ':')
                at++;
            return tenure__text_parse_number(&at, &number) ? number : 0;
        }
        text = strchr(text, '\n');
        text = text != NULL ? text + 1 : NULL;
    }
    return 0;
}

int tenure__maps_open(struct tenure__maps *maps, char *buffer, size_t room)
{
    *maps =
        (struct tenure__maps){open_read("/proc/self/maps"), buffer, room, 0, 0};
    return maps->fd < 0 ? maps->fd : 0;
}

void tenure__maps_close(struct tenure__maps *maps)
{
    tenure__syscall1(SYS_close, maps->fd);
}

/* The next whole line, its newline made a zero; NULL at the end. */
static char *next_line(struct tenure__maps *maps)
{
    for (;;) {
        char *from = maps->buffer + maps->at;
        char *end = memchr(from, '\n', maps->used - maps->at);
        if (end != NULL) {
            *end = 0;
            maps->at = (size_t)(end + 1 - maps->buffer);
            return from;
        }
        memmove(maps->buffer, from, maps->used - maps->at);
        maps->used -= maps->at;
        maps->at = 0;
        long got = maps->used < maps->room
                       ? tenure__syscall3(SYS_read, maps->fd,
                                          maps->buffer + maps->used,
                                          maps->room - maps->used)
                       : 0;
        if (got <= 0)
            return NULL;
        maps->used += (size_t)got;
    }
}

static uint64_t parse_hex(const char **at)
{
    uint64_t value = 0;
    for (;; ++*at) {
        char c = **at;
        if (c >= '0' && c <= '9')
            value = value << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        else
            return value;
    }
}

static void skip_field(const char **at)
{
    while (**at != 0 && **at != ' ')
        ++*at;
    while (**at == ' ')
        ++*at;
}

/* "7f00-7f10 rw-p 00000000 fe:01 1234    /path" */
bool tenure__maps_next(struct tenure__maps *maps, struct tenure__map *map)
{
    const char *at = next_line(maps);
    if (at == NULL)
        return false;
    map->start = parse_hex(&at);
    at++;
    map->end = parse_hex(&at);
    skip_field(&at);
    map->readable = at[0] == 'r';
    map->writable = at[1] == 'w';
    map->executable = at[2] == 'x';
    map->shared = at[3] == 's';
    skip_field(&at);
    map->offset = parse_hex(&at);
    skip_field(&at);
    skip_field(&at);
    if (!tenure__text_parse_number(&at, &map->inode))
        map->inode = 0;
    while (*at == ' ')
        at++;
    map->name = at;
    return true;
}

uint64_t tenure__resident_pages(int fd, uint64_t start, uint64_t end)
{
    uint64_t entries[256], pages = 0;
    uint64_t page_bytes = tenure__os_page_bytes();
    while (start < end) {
        uint64_t count = (end - start) / page_bytes;
        if (count > 256)
            count = 256;
        long got = tenure__syscall4(SYS_pread64, fd, entries, count * 8,
                                    start / page_bytes * 8);
        if (count == 0 || got <= 0)
            return pages;
        for (long i = 0; i < got / 8; i++)
            pages += entries[i] >> 63;
        start += (uint64_t)(got / 8) * page_bytes;
    }
    return pages;
}
