/*
 * Copies the living records of resized blocks and sorts them.
 */
#include "agent/growths.h"

#include <errno.h>
#include <string.h>

#include "agent/fold.h"
#include "agent/heap.h"
#include "agent/records.h"

static void sift_down(struct tenure_growth *growth, size_t at, size_t count)
{
    struct tenure_growth moved = growth[at];
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            break;
        if (child + 1 < count &&
            growth[child].record < growth[child + 1].record)
            child++;
        if (growth[child].record <= moved.record)
            break;
        growth[at] = growth[child];
        at = child;
    }
    growth[at] = moved;
}

/* Heapsort: in place, no recursion, and the same time whatever comes. */
static void sort_by_record(struct tenure_growth *growth, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        sift_down(growth, i, count);
    for (size_t end = count; end-- > 1;) {
        struct tenure_growth largest = growth[0];
        growth[0] = growth[end];
        growth[end] = largest;
        sift_down(growth, 0, end);
    }
}

/* A record that is given back and taken again meanwhile may be copied half
 * old, half new: its id then changes, and it is left out. */
static int copy(const struct tenure__record *record, uint32_t generation,
                struct tenure_growth *growth)
{
    uint64_t id = __atomic_load_n(&record->id, __ATOMIC_ACQUIRE);
    uint32_t floor = tenure__fold_floor(generation);
    *growth = (struct tenure_growth){
        .record = id,
        .site = record->site,
        .generation = record->generation < floor ? floor : record->generation,
        .birth_bytes = record->birth_bytes,
        .bytes = record->bytes,
        .grown_site = record->grown_site,
        .resizes = record->resizes};
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return id != 0 && growth->resizes > 0 && growth->site != 0 &&
           growth->generation <= generation &&
           __atomic_load_n(&record->id, __ATOMIC_RELAXED) == id;
}

int tenure__growths_gather(struct tenure__growths *growths, uint32_t generation)
{
    uint32_t count = tenure__records_count();
    growths->count = 0;
    growths->growth = tenure__heap_new(count * sizeof *growths->growth);
    if (growths->growth == NULL)
        return -ENOMEM;
    for (uint32_t i = 1; i <= count; i++)
        if (copy(tenure__record_at(i), generation,
                 &growths->growth[growths->count]))
            growths->count++;
    sort_by_record(growths->growth, growths->count);
    return 0;
}

void tenure__growths_drop(struct tenure__growths *growths)
{
    tenure__heap_free(growths->growth);
    memset(growths, 0, sizeof *growths);
}
