/*
 * Reading small files of /proc and /sys by raw system calls. For the helper
 * thread: no locks, no libc state. Errors are negative errno values.
 */
#ifndef TENURE_AGENT_PROCFS_H
#define TENURE_AGENT_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole file, at most room - 1 bytes, zero-terminated. Its length. */
long tenure__read_file(const char *path, char *to, size_t room);

/* The number behind the first line that starts with `name`, as in
 * "VmRSS:   123 kB"; 0 if there is none. */
uint64_t tenure__field(const char *text, const char *name);

/* /proc/self/maps, a mapping at a time, through a buffer of the caller's. */
struct tenure__map {
    uint64_t start, end, offset, inode;
    bool readable, writable, executable, shared;
    const char *name; /* "" for anonymous; valid until the next call */
};
struct tenure__maps {
    int fd;
    char *buffer;
    size_t room, used, at;
};
int tenure__maps_open(struct tenure__maps *maps, char *buffer, size_t room);
bool tenure__maps_next(struct tenure__maps *maps, struct tenure__map *map);
void tenure__maps_close(struct tenure__maps *maps);

/* How many pages of [start, end) are resident, by /proc/self/pagemap open as
 * `fd`. */
uint64_t tenure__resident_pages(int fd, uint64_t start, uint64_t end);

#endif
