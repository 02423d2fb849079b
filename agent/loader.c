/*
 * Walks _r_debug.r_map with reads that cannot fault.
 */
#include "agent/loader.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <sys/uio.h>

#include "agent/limits.h"
#include "agent/os.h"

int tenure__loader_read(void *to, uint64_t from, size_t bytes)
{
    struct iovec local = {to, bytes}, remote = {(void *)from, bytes};
    long got = tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(),
                                (long)&local, 1, (long)&remote, 1, 0);
    if (got == -ENOSYS || got == -EPERM) {
        memcpy(to, (const void *)from, bytes); /* refused: trust the list */
        return 0;
    }
    return got == (long)bytes ? 0 : -EFAULT;
}

int tenure__loader_copy(void *to, uint64_t from, size_t bytes)
{
    memcpy(to, (const void *)from, bytes);
    return 0;
}

/* A string of unknown length, without reading past its last page. */
static void safe_string(char *to, size_t room, uint64_t from)
{
    size_t used = 0;
    to[0] = 0;
    while (from != 0 && used < room - 1) {
        size_t piece = 64 - (from + used) % 64;
        if (piece > room - 1 - used)
            piece = room - 1 - used;
        if (tenure__loader_read(to + used, from + used, piece) != 0)
            break;
        if (memchr(to + used, 0, piece) != NULL)
            return;
        used += piece;
    }
    to[used] = 0;
}

/* The program's headers may lie anywhere; the kernel tells where. Those of
 * the others follow the ELF header at the load address. */
static int read_headers(const struct link_map *map, bool program,
                        ElfW(Phdr) * segments, struct dl_phdr_info *info)
{
    ElfW(Ehdr) header;
    uint64_t at;
    size_t count;
    if (program) {
        at = tenure__os_auxiliary(3 /* AT_PHDR */);
        count = tenure__os_auxiliary(5 /* AT_PHNUM */);
    } else {
        if (tenure__loader_read(&header, map->l_addr, sizeof header) != 0 ||
            memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
            return -ENOEXEC;
        at = map->l_addr + header.e_phoff;
        count = header.e_phnum;
    }
    if (count > TENURE_LOADER_SEGMENTS_MAX)
        count = TENURE_LOADER_SEGMENTS_MAX;
    if (tenure__loader_read(segments, at, count * sizeof *segments) != 0)
        return -EFAULT;
    info->dlpi_addr = map->l_addr;
    info->dlpi_phdr = segments;
    info->dlpi_phnum = (ElfW(Half))count;
    return 0;
}

int tenure__loader_each(int (*visit)(struct dl_phdr_info *info, size_t bytes,
                                     void *with),
                        void *with)
{
    static char path[4096]; /* one thread at a time */
    static ElfW(Phdr) segments[TENURE_LOADER_SEGMENTS_MAX];
    uint64_t at = (uint64_t)_r_debug.r_map;
    for (int i = 0; at != 0; i++) {
        struct link_map map = {0};
        struct dl_phdr_info info = {0};
        if (i == TENURE_LOADER_OBJECTS_MAX ||
            tenure__loader_read(&map, at, sizeof map) != 0)
            return -EAGAIN;
        if (read_headers(&map, i == 0, segments, &info) == 0) {
            safe_string(path, sizeof path, (uint64_t)map.l_name);
            info.dlpi_name = path;
            int result = visit(&info, sizeof info, with);
            if (result != 0)
                return result;
        }
        at = (uint64_t)map.l_next;
    }
    return _r_debug.r_state == RT_CONSISTENT ? 0 : -EAGAIN;
}
