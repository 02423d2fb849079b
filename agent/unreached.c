/*
 * A sorted array in shared memory.
 */
#include "agent/unreached.h"

#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include "agent/os.h"

int tenure__unreached_open(struct tenure__unreached *set, uint64_t capacity)
{
    long at = tenure__syscall6(
        SYS_mmap, 0, (long)((capacity + 1) * 8), PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    *set = (struct tenure__unreached){0};
    if (at < 0 && at > -4096)
        return -ENOMEM;
    tenure__os_mine((uint64_t)at, (capacity + 1) * 8);
    set->key = (uint64_t *)at;
    set->capacity = capacity;
    return 0;
}

void tenure__unreached_close(struct tenure__unreached *set)
{
    if (set->key != NULL)
        tenure__os_unmap(set->key, (set->capacity + 1) * 8);
    *set = (struct tenure__unreached){0};
}

static uint64_t key_of(uint64_t address, uint32_t generation)
{
    return address >> 3 << 19 | (generation & 0x7ffff);
}

void tenure__unreached_add(struct tenure__unreached *set, uint64_t address,
                           uint32_t generation)
{
    if (set->count < set->capacity)
        set->key[set->count++] = key_of(address, generation);
}

bool tenure__unreached_has(const struct tenure__unreached *set,
                           uint64_t address, uint32_t generation)
{
    uint64_t key = key_of(address, generation);
    uint64_t first = 0, last = set->count;
    while (first < last) {
        uint64_t middle = first + (last - first) / 2;
        if (set->key[middle] == key)
            return true;
        if (set->key[middle] < key)
            first = middle + 1;
        else
            last = middle;
    }
    return false;
}
