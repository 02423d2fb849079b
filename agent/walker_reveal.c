/*
 * Makes readable, in the walker's copy, what the service has hidden from
 * itself for the time being by mprotect(PROT_NONE): pointers in it count.
 *
 * In come the mappings of the walker; it changes them before anybody looks.
 * Large reservations hold nothing as a rule, and to ask of each page whether
 * it exists takes time: they stay as they are.
 */
#include <sys/mman.h>

#include "agent/limits.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/walker.h"

void tenure__walker_reveal(void)
{
    char buffer[8192];
    struct tenure__maps maps;
    struct tenure__map map;
    uint64_t left = TENURE_HIDDEN_BYTES_MAX;
    if (tenure__maps_open(&maps, buffer, sizeof buffer) != 0)
        return;
    while (tenure__maps_next(&maps, &map)) {
        uint64_t bytes = map.end - map.start;
        if (map.readable || map.shared || map.inode != 0 ||
            map.name[0] == '[' || bytes > TENURE_HIDDEN_MAX || bytes > left)
            continue;
        left -= bytes;
        tenure__syscall3(SYS_mprotect, map.start, bytes,
                         PROT_READ | (map.writable ? PROT_WRITE : 0));
    }
    tenure__maps_close(&maps);
}
