/*
 * The table of sampled blocks.
 *
 * Births claim an entry, deaths clear its value; the fold visits all that
 * are alive, by address.
 */
#include "agent/samples.h"

#include <errno.h>

#include "agent/ranges.h"

struct sample {
    uint64_t address;
    uint64_t value;
};

#define PAGE_BITS 8 /* entries that a region starts among */
#define PAGES_MAX (TENURE_SAMPLES_MAX >> PAGE_BITS)
#define PER_REGION_BITS 6 /* samples of a region, on average */
#define WINDOW 128        /* entries in which a block may lie */

/* Live heap for which there is room four times over. */
#define HEAP_BITS 36

static struct sample *table;
static uint64_t mask; /* entries - 1 */
static uint32_t region_shift;
static uint8_t page_used[PAGES_MAX]; /* the others were never touched */

int tenure__samples_open(uint64_t sample_bytes)
{
    uint32_t rate_bits = 63 - (uint32_t)__builtin_clzll(sample_bytes);
    uint64_t entries = TENURE_SAMPLES_MAX;
    if (rate_bits > HEAP_BITS + 2 - PAGE_BITS)
        entries = 1u << PAGE_BITS;
    else if (entries > 1ull << (HEAP_BITS + 2 - rate_bits))
        entries = 1ull << (HEAP_BITS + 2 - rate_bits);
    region_shift = rate_bits + PER_REGION_BITS;
    if (region_shift > TENURE_ADDRESS_BITS)
        region_shift = TENURE_ADDRESS_BITS;
    mask = entries - 1;
    table = tenure__os_map(entries * sizeof *table);
    if (table == NULL)
        return -ENOMEM;
    tenure__blocks.odd |= TENURE_ODD_SAMPLES;
    return 0;
}

#define GOLDEN 0x9E3779B97F4A7C15u

static uint64_t place_of(uint64_t address)
{
    uint64_t page = (address >> region_shift) * GOLDEN >> 32;
    uint64_t within = (address >> 3) * GOLDEN >> (64 - PAGE_BITS);
    return page << PAGE_BITS | within;
}

/* An entry that nobody ever claimed ends the search: what was put behind it
 * was put there when it was claimed. */
tenure__slot *tenure__samples_slot(uint64_t address)
{
    uint64_t place = place_of(address);
    for (uint64_t i = 0; i < WINDOW; i++) {
        struct sample *sample = &table[(place + i) & mask];
        uint64_t value = __atomic_load_n(&sample->value, __ATOMIC_ACQUIRE);
        uint64_t owner = __atomic_load_n(&sample->address, __ATOMIC_RELAXED);
        if (value > TENURE_SLOT_VACANT && owner == address)
            return (tenure__slot *)&sample->value;
        if (value == 0 && owner == 0)
            return NULL;
    }
    return NULL;
}

tenure__slot *tenure__samples_slot_new(uint64_t address)
{
    tenure__slot *present = tenure__samples_slot(address);
    uint64_t place = place_of(address);
    for (uint64_t i = 0; i < WINDOW && present == NULL; i++) {
        uint64_t at = (place + i) & mask, empty = 0;
        struct sample *sample = &table[at];
        if (!__atomic_compare_exchange_n(&sample->value, &empty,
                                         TENURE_SLOT_VACANT, 0,
                                         __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
            continue;
        __atomic_store_n(&page_used[at >> PAGE_BITS], 1, __ATOMIC_RELAXED);
        __atomic_store_n(&sample->address, address, __ATOMIC_RELAXED);
        present = (tenure__slot *)&sample->value;
    }
    return present;
}

/* ---- walking ----------------------------------------------------------- */

typedef void visit_sample(struct sample *sample, uint64_t address, void *with);

static void each_living(visit_sample *visit, void *with)
{
    for (uint64_t at = 0; at <= mask; at++) {
        if (!__atomic_load_n(&page_used[at >> PAGE_BITS], __ATOMIC_RELAXED)) {
            at |= (1u << PAGE_BITS) - 1;
            continue;
        }
        struct sample *sample = &table[at];
        if (__atomic_load_n(&sample->value, __ATOMIC_ACQUIRE) >
            TENURE_SLOT_VACANT)
            visit(sample, __atomic_load_n(&sample->address, __ATOMIC_RELAXED),
                  with);
    }
}

static void count(struct sample *sample, uint64_t address, void *with)
{
    (void)sample;
    (void)address;
    ++*(uint32_t *)with;
}

/* A range of which only the start is an address. */
static void list(struct sample *sample, uint64_t address, void *with)
{
    struct tenure__ranges *living = with;
    if (living->count < living->capacity)
        living->range[living->count++] =
            (struct tenure__range){address, (uint64_t)sample};
}

static void visit_listed(const struct tenure__range *listed,
                         tenure__block_visit *visit, void *with)
{
    struct sample *sample = (struct sample *)listed->end;
    uint64_t value = __atomic_load_n(&sample->value, __ATOMIC_ACQUIRE);
    if (value > TENURE_SLOT_VACANT &&
        __atomic_load_n(&sample->address, __ATOMIC_RELAXED) == listed->start)
        visit(listed->start, (tenure__slot *)&sample->value, value, with);
}

void tenure__samples_each(tenure__block_visit *visit, void *with,
                          _Atomic(uint64_t) *at_address)
{
    struct tenure__ranges living;
    uint32_t room = 0;
    each_living(count, &room);
    /* Blocks born from here on are of the next fold. */
    if (tenure__ranges_open(&living, room + WINDOW) != 0)
        return;
    each_living(list, &living);
    tenure__ranges_order(&living);
    for (uint32_t i = 0; i < living.count; i++) {
        if (at_address != NULL)
            __atomic_store_n((uint64_t *)at_address, living.range[i].start,
                             __ATOMIC_RELAXED);
        visit_listed(&living.range[i], visit, with);
    }
    tenure__ranges_drop(&living);
}
