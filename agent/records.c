/*
 * A reserved array of records with striped lock-free stacks of free ones.
 *
 * Each stack's head carries a tag in its upper half against the ABA problem;
 * records that were never used are handed out by a counter.
 */
#include "agent/records.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "agent/limits.h"
#include "agent/os.h"

#define STRIPES 16

static struct {
    uint64_t head; /* tag << 32 | index */
    char apart[56];
} stripes[STRIPES] __attribute__((aligned(64)));

static struct tenure__record *records;
static uint32_t limit;
static uint32_t used;

int tenure__records_open(uint64_t budget_bytes)
{
    uint64_t count = budget_bytes / sizeof *records;
    limit = count < TENURE_RECORDS_MAX ? (uint32_t)count : TENURE_RECORDS_MAX;
    records = tenure__os_reserve((uint64_t)(limit + 1) * sizeof *records);
    return records != NULL ? 0 : -ENOMEM;
}

static uint32_t pop(uint64_t *place)
{
    uint64_t head = __atomic_load_n(place, __ATOMIC_ACQUIRE), next;
    uint32_t index;
    do {
        index = (uint32_t)head;
        if (index == 0)
            return 0;
        next = ((head >> 32) + 1) << 32 |
               __atomic_load_n(&records[index].next_free, __ATOMIC_RELAXED);
    } while (!__atomic_compare_exchange_n(place, &head, next, 1,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
    return index;
}

/* Records become writable in pieces, by whoever is first to need one. */
#define PIECE 16384u

static uint32_t writable;

static bool make_writable(uint32_t index)
{
    uint32_t now = __atomic_load_n(&writable, __ATOMIC_ACQUIRE);
    if (index < now)
        return true;
    uint32_t end = index / PIECE * PIECE + PIECE;
    if (end > limit + 1)
        end = limit + 1;
    if (tenure__os_commit(&records[now], (end - now) * sizeof *records) != 0)
        return false;
    while (now < end &&
           !__atomic_compare_exchange_n(&writable, &now, end, 0,
                                        __ATOMIC_RELEASE, __ATOMIC_RELAXED))
        continue;
    return true;
}

uint32_t tenure__record_take(uint32_t stripe)
{
    uint32_t index = records ? pop(&stripes[stripe % STRIPES].head) : 0;
    if (index != 0 || records == NULL)
        return index;
    if (__atomic_load_n(&used, __ATOMIC_RELAXED) < limit) {
        index = __atomic_add_fetch(&used, 1, __ATOMIC_RELAXED);
        if (index <= limit && make_writable(index))
            return index;
        index = 0; /* the number is lost, which only shortens the table */
    }
    for (uint32_t i = 0; i < STRIPES && index == 0; i++)
        index = pop(&stripes[i].head);
    return index;
}

void tenure__record_release(uint32_t index, uint32_t stripe)
{
    uint64_t *place = &stripes[stripe % STRIPES].head;
    uint64_t head = __atomic_load_n(place, __ATOMIC_ACQUIRE), next;
    __atomic_store_n(&records[index].id, 0, __ATOMIC_RELEASE);
    do {
        __atomic_store_n(&records[index].next_free, (uint32_t)head,
                         __ATOMIC_RELAXED);
        next = ((head >> 32) + 1) << 32 | index;
    } while (!__atomic_compare_exchange_n(place, &head, next, 1,
                                          __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE));
}

struct tenure__record *tenure__record_at(uint32_t index)
{
    return &records[index];
}

uint32_t tenure__records_count(void)
{
    uint32_t count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
    return count < limit ? count : limit;
}
