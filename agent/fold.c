/*
 * Walks the side metadata and sums the blocks of each cohort.
 */
#include "agent/fold.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "agent/blocks.h"
#include "agent/heap.h"
#include "agent/limits.h"
#include "agent/records.h"
#include "agent/sampling.h"

uint32_t tenure__fold_generation;
_Atomic(uint64_t) tenure__fold_address;

/* ---- rows -------------------------------------------------------------- */

static uint64_t key_of(const struct tenure_row *row)
{
    return (uint64_t)row->site << 32 | row->generation;
}

static size_t hash_of(uint64_t key)
{
    key *= 0x9E3779B97F4A7C15u;
    return (size_t)(key >> 20 ^ key >> 44);
}

static struct tenure_row *place_of(struct tenure__rows *rows, uint64_t key)
{
    size_t mask = rows->capacity - 1;
    size_t at = hash_of(key) & mask;
    while (rows->row[at].site != 0 && key_of(&rows->row[at]) != key)
        at = (at + 1) & mask;
    return &rows->row[at];
}

static bool make_room(struct tenure__rows *rows)
{
    struct tenure__rows old = *rows;
    if (rows->count < rows->capacity / 2)
        return true;
    rows->capacity = old.capacity > 0 ? 2 * old.capacity : 1024;
    rows->row = tenure__heap_new(rows->capacity * sizeof *rows->row);
    if (rows->row == NULL) {
        *rows = old;
        rows->error = -ENOMEM;
        return false;
    }
    for (size_t i = 0; i < old.capacity; i++)
        if (old.row[i].site != 0)
            *place_of(rows, key_of(&old.row[i])) = old.row[i];
    tenure__heap_free(old.row);
    return true;
}

struct tenure_row *tenure__rows_at(struct tenure__rows *rows, uint32_t site,
                                   uint32_t generation)
{
    struct tenure_row wanted = {site, generation, 0, 0};
    if (!make_room(rows))
        return NULL;
    struct tenure_row *row = place_of(rows, key_of(&wanted));
    if (row->site == 0) {
        *row = wanted;
        rows->count++;
    }
    return row;
}

void tenure__rows_add(struct tenure__rows *rows, uint32_t site,
                      uint32_t generation, uint64_t blocks, uint64_t bytes)
{
    struct tenure_row *row = tenure__rows_at(rows, site, generation);
    if (row == NULL)
        return;
    row->blocks += blocks;
    row->bytes += bytes;
}

/* One stable pass of a byte-wise radix sort. */
static void sort_by_byte(const struct tenure_row *from, struct tenure_row *to,
                         size_t count, unsigned shift)
{
    size_t start[257] = {0};
    for (size_t i = 0; i < count; i++)
        start[(key_of(&from[i]) >> shift & 255) + 1]++;
    for (int i = 0; i < 256; i++)
        start[i + 1] += start[i];
    for (size_t i = 0; i < count; i++)
        to[start[key_of(&from[i]) >> shift & 255]++] = from[i];
}

void tenure__rows_sort(struct tenure__rows *rows)
{
    size_t kept = 0;
    uint64_t differ = 0;
    for (size_t i = 0; i < rows->capacity; i++)
        if (rows->row[i].site != 0)
            rows->row[kept++] = rows->row[i];
    for (size_t i = 1; i < kept; i++)
        differ |= key_of(&rows->row[i]) ^ key_of(&rows->row[0]);
    struct tenure_row *spare = tenure__heap_new(rows->capacity * sizeof *spare);
    if (spare == NULL) {
        rows->count = 0;
        rows->error = -ENOMEM;
        return;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 255) == 0)
            continue;
        sort_by_byte(rows->row, spare, kept, shift);
        struct tenure_row *swap = rows->row;
        rows->row = spare;
        spare = swap;
    }
    tenure__heap_free(spare);
}

void tenure__rows_drop(struct tenure__rows *rows)
{
    tenure__heap_free(rows->row);
    memset(rows, 0, sizeof *rows);
}

/* ---- the walk ---------------------------------------------------------- */

struct folding {
    struct tenure__folded *folded;
    uint32_t generation, floor;
};

uint32_t tenure__fold_floor(uint32_t generation)
{
    return generation > TENURE_GENERATIONS_KEPT
               ? generation - TENURE_GENERATIONS_KEPT
               : 0;
}

/* Lifts a slot to the floor before its 14 bits would come round again. The
 * owner may clear it meanwhile: then nothing is lifted. */
static uint32_t lift(const struct folding *folding, tenure__slot *slot,
                     uint64_t value)
{
    uint64_t mask = (uint64_t)TENURE_SLOT_GENERATION_MASK
                    << TENURE_SLOT_GENERATION_SHIFT;
    uint64_t lifted = (value & ~mask) | tenure__slot_make(0, folding->floor, 0);
    __atomic_compare_exchange_n((uint64_t *)slot, &value, lifted, 0,
                                __ATOMIC_RELAXED, __ATOMIC_RELAXED);
    return folding->floor;
}

/* Rows of a sampled run are summed in these fractions of a block and of a
 * byte, then rounded. */
#define FRACTIONS 1024

static void add_spread(struct tenure__rows *rows, uint32_t site, uint32_t born,
                       double p, double bytes)
{
    struct tenure_row *row = tenure__rows_at(rows, site, born);
    struct tenure_spread spread;
    if (row == NULL)
        return;
    memcpy(&spread, row, sizeof spread);
    spread.blocks_variance += (1 - p) / (p * p);
    spread.bytes_variance += (1 - p) / (p * p) * bytes * bytes;
    memcpy(row, &spread, sizeof spread);
}

/* Each block is unbiased before it is summed (jemalloc,
 * PROFILING_INTERNALS). */
static void count_block(const struct folding *folding, uint32_t site,
                        uint32_t born, uint64_t bytes)
{
    struct tenure__folded *folded = folding->folded;
    if (!tenure__sampling_on()) {
        tenure__rows_add(&folded->rows, site, born, 1, bytes);
        return;
    }
    double p = tenure__sample_probability(bytes);
    tenure__rows_add(&folded->rows, site, born, (uint64_t)(FRACTIONS / p),
                     (uint64_t)((double)bytes * FRACTIONS / p));
    add_spread(&folded->spread, site, born, p, (double)bytes);
}

static void round_rows(struct tenure__rows *rows)
{
    for (size_t i = 0; i < rows->count; i++) {
        rows->row[i].blocks = (rows->row[i].blocks + FRACTIONS / 2) / FRACTIONS;
        rows->row[i].bytes = (rows->row[i].bytes + FRACTIONS / 2) / FRACTIONS;
    }
}

static void fold_block(uint64_t address, tenure__slot *slot, uint64_t value,
                       void *with)
{
    struct folding *folding = with;
    /* The clock has moved on by one. */
    uint32_t born = tenure__slot_generation(value, folding->generation + 1);
    uint64_t bytes = value & TENURE_SLOT_SIZE_MAX;
    tenure__cells_add(&folding->folded->cells, address);
    if (born < folding->floor)
        born = lift(folding, slot, value);
    if (value & TENURE_SLOT_EXT) {
        struct tenure__record *record = tenure__record_at((uint32_t)bytes);
        uint32_t seen = __atomic_exchange_n(
            &record->folded, folding->generation, __ATOMIC_RELAXED);
        if (seen == folding->generation)
            return;
        bytes = __atomic_load_n(&record->bytes, __ATOMIC_RELAXED);
    }
    count_block(folding, tenure__slot_site(value), born, bytes);
}

/* Blocks that were between two addresses when their slots were visited. */
static void fold_movers(struct folding *folding)
{
    uint32_t count = tenure__records_count();
    for (uint32_t i = 1; i <= count; i++) {
        struct tenure__record *record = tenure__record_at(i);
        if (__atomic_load_n(&record->id, __ATOMIC_ACQUIRE) == 0 ||
            record->folded == folding->generation)
            continue;
        uint32_t born = record->generation < folding->floor
                            ? folding->floor
                            : record->generation;
        record->folded = folding->generation;
        count_block(folding, record->site, born, record->bytes);
    }
}

void tenure__fold(uint32_t generation, struct tenure__folded *folded)
{
    struct folding folding = {.folded = folded,
                              .generation = generation,
                              .floor = tenure__fold_floor(generation)};
    memset(folded, 0, sizeof *folded);
    __atomic_store_n((uint64_t *)&tenure__fold_address, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&tenure__fold_generation, generation, __ATOMIC_SEQ_CST);
    tenure__blocks_each(fold_block, &folding, &tenure__fold_address);
    fold_movers(&folding);
    __atomic_store_n(&tenure__fold_generation, 0, __ATOMIC_RELEASE);
    tenure__rows_sort(&folded->rows);
    tenure__rows_sort(&folded->spread);
    if (tenure__sampling_on())
        round_rows(&folded->rows);
}
