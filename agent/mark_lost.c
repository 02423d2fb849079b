/*
 * From the marks to rows: unreached, lost, indirect, possible.
 *
 * In come the flags of all blocks and the set of the mark before.
 * Which lost block is direct is found by two floods over the lost blocks:
 * the first makes a block that no flood before it has met the start of one;
 * the second goes through those starts backwards, and whoever is not met
 * then leads a group that nobody else leads to.
 */
#include "agent/mark_lost.h"

#include <errno.h>
#include <sys/mman.h>

#include "agent/mark_words.h"
#include "agent/os.h"

#define ROWS_FIRST 1024u

/* What is kept of a block that was not reached; by its number, so that it
 * costs memory only where there are some. */
struct orphan {
    uint64_t bytes;
    uint32_t row;
    uint32_t generation;
};

struct losing {
    struct tenure__mark *mark;
    const struct tenure__unreached *before;
    struct tenure__losses *losses;
    struct orphan *orphan;
    uint64_t *met;       /* a bit for each block: by the flood going on */
    uint32_t *stack;     /* the list of the mark, which is empty */
    uint32_t generation; /* the last one that counts */
    int error;
};

/* ---- sets -------------------------------------------------------------- */

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

static bool is_in(const struct tenure__unreached *set, uint64_t key)
{
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

/* ---- rows: open addressing while they are gathered; 0 is no generation - */

static uint32_t row_hash(uint32_t site, uint32_t generation)
{
    uint64_t key = (uint64_t)site << 32 | generation;
    return (uint32_t)(key * 0x9e3779b97f4a7c15u >> 32);
}

static uint32_t find_row(const struct tenure_mark *row, uint32_t capacity,
                         uint32_t site, uint32_t generation)
{
    uint32_t at = row_hash(site, generation) & (capacity - 1);
    while (row[at].generation != 0 &&
           (row[at].site != site || row[at].generation != generation))
        at = (at + 1) & (capacity - 1);
    return at;
}

static bool grow_rows(struct tenure__losses *losses)
{
    uint32_t capacity =
        losses->row_capacity != 0 ? losses->row_capacity * 2 : ROWS_FIRST;
    struct tenure_mark *row = tenure__os_map(capacity * sizeof *row);
    if (row == NULL)
        return false;
    for (uint32_t i = 0; i < losses->row_capacity; i++) {
        const struct tenure_mark *old = &losses->row[i];
        if (old->generation != 0)
            row[find_row(row, capacity, old->site, old->generation)] = *old;
    }
    if (losses->row != NULL)
        tenure__os_unmap(losses->row, losses->row_capacity * sizeof *row);
    losses->row = row;
    losses->row_capacity = capacity;
    return true;
}

/* The row of a site and generation, made if it is new; NULL: no memory. */
static struct tenure_mark *row_of(struct tenure__losses *losses, uint32_t site,
                                  uint32_t generation)
{
    if (losses->row_count * 2 >= losses->row_capacity && !grow_rows(losses))
        return NULL;
    struct tenure_mark *row = &losses->row[find_row(
        losses->row, losses->row_capacity, site, generation)];
    losses->row_count += row->generation == 0;
    row->site = site;
    row->generation = generation;
    return row;
}

static bool row_before(const struct tenure_mark *a, const struct tenure_mark *b)
{
    return a->site != b->site ? a->site < b->site
                              : a->generation < b->generation;
}

static void sift_down(struct tenure_mark *row, uint32_t at, uint32_t count)
{
    for (uint32_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && row_before(&row[child], &row[child + 1]))
            child++;
        if (!row_before(&row[at], &row[child]))
            return;
        struct tenure_mark moving = row[at];
        row[at] = row[child];
        row[child] = moving;
    }
}

/* Moves the rows to the front and sorts them (heapsort: no memory). */
static void sort_rows(struct tenure__losses *losses)
{
    struct tenure_mark *row = losses->row;
    uint32_t count = 0;
    for (uint32_t i = 0; i < losses->row_capacity; i++)
        if (row[i].generation != 0)
            row[count++] = row[i];
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(row, i, count);
    for (uint32_t last = count; last-- > 1;) {
        struct tenure_mark moving = row[0];
        row[0] = row[last];
        row[last] = moving;
        sift_down(row, 0, last);
    }
}

void tenure__losses_close(struct tenure__losses *losses)
{
    if (losses->row != NULL)
        tenure__os_unmap(losses->row,
                         losses->row_capacity * sizeof *losses->row);
    *losses = (struct tenure__losses){0};
}

/* ---- gathering --------------------------------------------------------- */

static void make_row(const struct tenure__mark_block *block, void *with)
{
    struct losing *losing = with;
    uint32_t flags = tenure__mark_flags(losing->mark, block->number);
    bool reached = flags & TENURE__BLOCK_REACHED;
    if (block->generation > losing->generation ||
        (reached && (flags & TENURE__BLOCK_POSSIBLE) == 0))
        return;
    struct tenure_mark *row =
        row_of(losing->losses, block->site, block->generation);
    if (row == NULL) {
        losing->error = -ENOMEM;
        return;
    }
    if (reached) {
        row->possible_blocks++;
        row->possible_bytes += block->bytes;
    } else {
        row->unreached_blocks++;
        row->unreached_bytes += block->bytes;
    }
}

/* Rows no longer move: now each unreached block can know its own. */
static void note_orphan(const struct tenure__mark_block *block, void *with)
{
    struct losing *losing = with;
    struct tenure__losses *losses = losing->losses;
    struct tenure__index *index = &losing->mark->index;
    uint32_t number = block->number;
    if (block->generation > losing->generation ||
        tenure__mark_flags(losing->mark, number) & TENURE__BLOCK_REACHED)
        return;
    struct orphan *orphan = &losing->orphan[number];
    orphan->bytes = block->bytes;
    orphan->generation = block->generation;
    orphan->row = find_row(losses->row, losses->row_capacity, block->site,
                           block->generation);
    if (!is_in(losing->before, key_of(block->address, block->generation)))
        return;
    index->block[number].word |= TENURE__BLOCK_LOST;
    struct tenure_mark *row = &losses->row[orphan->row];
    row->lost_blocks++;
    row->lost_bytes += block->bytes;
    losses->lost_blocks++;
    losses->lost_bytes += block->bytes;
}

/* By number, so by address: sorted. */
static void write_set(const struct losing *losing,
                      struct tenure__unreached *now)
{
    const struct tenure__mark *mark = losing->mark;
    for (uint32_t i = 0; i < mark->index.count; i++) {
        if (tenure__mark_flags(mark, i) & TENURE__BLOCK_REACHED)
            continue;
        uint32_t generation = losing->orphan[i].generation;
        if (generation != 0 && now->count < now->capacity)
            now->key[now->count++] =
                key_of(tenure__index_address(&mark->index, i), generation);
    }
}

/* ---- direct and indirect ----------------------------------------------- */

static bool is_lost(const struct losing *losing, uint32_t block)
{
    return tenure__mark_flags(losing->mark, block) & TENURE__BLOCK_LOST;
}

/* Meets a block for the first time in this flood. */
static bool meet(struct losing *losing, uint32_t block)
{
    uint64_t bit = 1ull << block % 64, *word = &losing->met[block / 64];
    bool first = (*word & bit) == 0;
    *word |= bit;
    return first;
}

struct below {
    uint64_t blocks, bytes;
};

/* Meets all that a block leads to and nobody has met yet; what that is. */
static struct below flood(struct losing *losing, uint32_t from)
{
    const struct tenure__index *index = &losing->mark->index;
    struct below below = {0, 0};
    uint32_t depth = 0;
    losing->stack[depth++] = from;
    while (depth > 0) {
        uint32_t block = losing->stack[--depth];
        struct tenure__words words = tenure__words_of(index, block);
        while (tenure__words_next(index, &words))
            for (uint64_t i = 0; i < words.count; i++) {
                uint32_t to = tenure__index_find(
                    index, tenure__mark_address(words.word[i]));
                if (to == TENURE__NO_BLOCK || !is_lost(losing, to) ||
                    !meet(losing, to))
                    continue;
                losing->stack[depth++] = to;
                below.blocks++;
                below.bytes += losing->orphan[to].bytes;
            }
    }
    return below;
}

static void forget_meetings(struct losing *losing)
{
    for (uint32_t i = 0; i <= losing->mark->index.count / 64; i++)
        if (losing->met[i] != 0)
            losing->met[i] = 0;
}

/* The starts are kept in `waiting`, which the mark no longer needs. */
static void find_direct(struct losing *losing)
{
    uint32_t *start = losing->mark->waiting, starts = 0;
    for (uint32_t i = 0; i < losing->mark->index.count; i++)
        if (is_lost(losing, i)) {
            struct tenure_mark *row =
                &losing->losses->row[losing->orphan[i].row];
            row->indirect_blocks++;
            row->indirect_bytes += losing->orphan[i].bytes;
            if (meet(losing, i)) {
                flood(losing, i);
                start[starts++] = i;
            }
        }
    forget_meetings(losing);
    while (starts-- > 0) {
        uint32_t direct = start[starts];
        if (!meet(losing, direct))
            continue;
        struct below below = flood(losing, direct);
        const struct orphan *orphan = &losing->orphan[direct];
        struct tenure_mark *row = &losing->losses->row[orphan->row];
        row->indirect_blocks--;
        row->indirect_bytes -= orphan->bytes;
        row->retained_bytes += orphan->bytes + below.bytes;
    }
}

int tenure__mark_losses(struct tenure__mark *mark, uint32_t generation,
                        const struct tenure__unreached *before,
                        struct tenure__unreached *now,
                        struct tenure__losses *losses)
{
    struct losing losing = {
        .mark = mark,
        .before = before,
        .losses = losses,
        .stack = mark->list,
        .generation = generation,
    };
    size_t orphan_bytes = (mark->index.count + 1ul) * sizeof *losing.orphan;
    size_t met_bytes = mark->index.count / 64 * 8ul + 8;
    struct tenure__mark_source source = tenure__index_source(&mark->index);
    *losses = (struct tenure__losses){0};
    losing.orphan = tenure__os_map(orphan_bytes);
    losing.met = tenure__os_map(met_bytes);
    if (losing.orphan == NULL || losing.met == NULL)
        losing.error = -ENOMEM;
    if (losing.error == 0)
        source.each(source.self, make_row, &losing);
    if (losing.error == 0 && losses->row_count > 0) {
        source.each(source.self, note_orphan, &losing);
        write_set(&losing, now);
        find_direct(&losing);
        sort_rows(losses);
    }
    if (losing.orphan != NULL)
        tenure__os_unmap(losing.orphan, orphan_bytes);
    if (losing.met != NULL)
        tenure__os_unmap(losing.met, met_bytes);
    if (losing.error != 0)
        tenure__losses_close(losses);
    return losing.error;
}
