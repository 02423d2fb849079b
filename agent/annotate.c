/*
 * Notes of the program: a hash set of blocks, and a short table of regions;
 * and the functions by which programs written for LeakSanitizer make them.
 */
#include "agent/annotate.h"

#include "agent/blocks.h"
#include "agent/counters.h"
#include "agent/generations.h"
#include "agent/include/tenure.h"
#include "agent/os.h"
#include "agent/records.h"
#include "agent/threads.h"

#define PROBES 64u
#define BACK_MAX (16u << 20) /* how far a block may start before an address */

/* address / 8 : 45 | generation : 19; 0 is free. */
static uint64_t *ignored;

static struct {
    uint64_t start, bytes; /* start 0: free */
} region[TENURE_REGIONS_MAX];

/* ---- blocks ------------------------------------------------------------ */

static uint64_t key_of(uint64_t address, uint32_t generation)
{
    return address >> 3 << 19 | (generation & 0x7ffff);
}

static uint64_t *table(void)
{
    uint64_t *present = __atomic_load_n(&ignored, __ATOMIC_ACQUIRE);
    if (present != NULL)
        return present;
    uint64_t *fresh = tenure__os_map(TENURE_IGNORED_MAX * sizeof *fresh);
    if (fresh == NULL)
        return NULL;
    if (__atomic_compare_exchange_n(&ignored, &present, fresh, 0,
                                    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        return fresh;
    tenure__os_unmap(fresh, TENURE_IGNORED_MAX * sizeof *fresh);
    return present;
}

static uint32_t place(uint64_t address, uint32_t probe)
{
    uint64_t hash = (address >> 3) * 0x9e3779b97f4a7c15u >> 40;
    return (uint32_t)(hash + probe) & (TENURE_IGNORED_MAX - 1);
}

static uint32_t birth_of(uint64_t value)
{
    if (value & TENURE_SLOT_EXT)
        return tenure__record_at((uint32_t)value & TENURE_SLOT_SIZE_MAX)
            ->generation;
    return tenure__slot_generation(value, tenure__generation());
}

/* The block of a note may be gone. */
static bool is_stale(uint64_t key)
{
    uint64_t address = key >> 19 << 3;
    tenure__slot *slot = tenure__block_slot(address);
    uint64_t value =
        slot != NULL ? __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED) : 0;
    return value <= TENURE_SLOT_VACANT ||
           (value & TENURE_SLOT_HALF) != tenure__block_half(address) ||
           key_of(address, birth_of(value)) != key;
}

void tenure__ignore_block(uint64_t address, uint32_t generation)
{
    uint64_t *set = table();
    for (uint32_t i = 0; set != NULL && i < PROBES; i++) {
        uint64_t *entry = &set[place(address, i)];
        uint64_t was = __atomic_load_n(entry, __ATOMIC_RELAXED);
        if (was != 0 && !is_stale(was))
            continue;
        if (__atomic_compare_exchange_n(entry, &was,
                                        key_of(address, generation), 0,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
    }
    tenure__count(TENURE_VALUE_FAILED_NOTES);
}

bool tenure__is_ignored(uint64_t address, uint32_t generation)
{
    uint64_t *set = __atomic_load_n(&ignored, __ATOMIC_ACQUIRE);
    uint64_t key = key_of(address, generation);
    for (uint32_t i = 0; set != NULL && i < PROBES; i++)
        if (__atomic_load_n(&set[place(address, i)], __ATOMIC_RELAXED) == key)
            return true;
    return false;
}

static uint64_t bytes_of(uint64_t value)
{
    uint32_t low = (uint32_t)value & TENURE_SLOT_SIZE_MAX;
    return value & TENURE_SLOT_EXT ? tenure__record_at(low)->bytes : low;
}

void tenure__ignore_around(uint64_t address)
{
    for (uint64_t back = 0; back < BACK_MAX; back += 8) {
        uint64_t start = (address & ~7ull) - back;
        tenure__slot *slot = tenure__block_slot(start);
        uint64_t value =
            slot != NULL ? __atomic_load_n((uint64_t *)slot, __ATOMIC_RELAXED)
                         : 0;
        bool starts_here =
            value > TENURE_SLOT_VACANT &&
            (value & TENURE_SLOT_HALF) == tenure__block_half(start) &&
            start % (tenure__blocks.granule_shift == 5 ? 16 : 8) == 0;
        if (!starts_here)
            continue;
        if (address - start <= bytes_of(value))
            tenure__ignore_block(start, birth_of(value));
        return;
    }
}

/* ---- regions ----------------------------------------------------------- */

void tenure__region_add(uint64_t start, uint64_t bytes)
{
    for (uint32_t i = 0; i < TENURE_REGIONS_MAX; i++) {
        uint64_t was = 0;
        if (__atomic_compare_exchange_n(&region[i].start, &was, start, 0,
                                        __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
            __atomic_store_n(&region[i].bytes, bytes, __ATOMIC_RELEASE);
            return;
        }
    }
    tenure__count(TENURE_VALUE_FAILED_NOTES);
}

void tenure__region_remove(uint64_t start, uint64_t bytes)
{
    for (uint32_t i = 0; i < TENURE_REGIONS_MAX; i++)
        if (__atomic_load_n(&region[i].start, __ATOMIC_ACQUIRE) == start &&
            region[i].bytes == bytes) {
            __atomic_store_n(&region[i].bytes, 0, __ATOMIC_RELEASE);
            __atomic_store_n(&region[i].start, 0, __ATOMIC_RELEASE);
            return;
        }
}

void tenure__regions_each(void (*visit)(uint64_t start, uint64_t end,
                                        void *with),
                          void *with)
{
    for (uint32_t i = 0; i < TENURE_REGIONS_MAX; i++)
        if (region[i].start != 0 && region[i].bytes != 0)
            visit(region[i].start, region[i].start + region[i].bytes, with);
}

/* ---- tenure.h, and the names of LeakSanitizer -------------------------- */

#define SHOWN __attribute__((visibility("default")))

SHOWN void tenure_ignore(const void *block)
{
    tenure__ignore_around((uint64_t)block);
}

SHOWN void tenure_ignore_begin(void)
{
    tenure__local.ignoring++;
}

SHOWN void tenure_ignore_end(void)
{
    if (tenure__local.ignoring > 0)
        tenure__local.ignoring--;
}

SHOWN void tenure_root_add(const void *start, size_t bytes)
{
    tenure__region_add((uint64_t)start, bytes);
}

SHOWN void tenure_root_remove(const void *start, size_t bytes)
{
    tenure__region_remove((uint64_t)start, bytes);
}

SHOWN int __lsan_do_recoverable_leak_check(void);
SHOWN int __lsan_do_recoverable_leak_check(void)
{
    return tenure_leak_check() != 0; /* nor clean when it could not look */
}

SHOWN void __lsan_do_leak_check(void);
SHOWN void __lsan_do_leak_check(void)
{
    tenure_leak_check();
}

#define ALIAS(declaration, of) SHOWN declaration __attribute__((alias(#of)))

ALIAS(void __lsan_ignore_object(const void *block), tenure_ignore);
ALIAS(void __lsan_disable(void), tenure_ignore_begin);
ALIAS(void __lsan_enable(void), tenure_ignore_end);
ALIAS(void __lsan_register_root_region(const void *start, size_t bytes),
      tenure_root_add);
ALIAS(void __lsan_unregister_root_region(const void *start, size_t bytes),
      tenure_root_remove);
