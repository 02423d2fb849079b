/*
 * The facade, called as the hooks call it: what is born is known until it
 * dies, what realloc resizes stays what it was, and where the agent cannot
 * keep up it counts and lets the block pass.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "agent/blocks.h"
#include "agent/config.h"
#include "agent/control.h"
#include "agent/counters.h"
#include "agent/generations.h"
#include "agent/mappings.h"
#include "agent/records.h"
#include "agent/sites.h"
#include "agent/threads.h"
#include "agent/track.h"

#define HEAP 0x500000000000u
#define RACERS 4
#define BLOCKS 5000u
#define RECORDS 4

static int open_tables(void **state)
{
    (void)state;
    int error = tenure__blocks_open(5, false);
    error |= tenure__records_open(RECORDS * sizeof(struct tenure__record));
    error |= tenure__sites_open(UINT64_C(4) << 20);
    error |= tenure__threads_open();
    error |= tenure__unwind_open(64, 0);
    tenure__tracking =
        TENURE_TRACK_READY | TENURE_TRACK_BIRTHS | TENURE_TRACK_DEATHS;
    return error;
}

static __attribute__((noinline)) void birth(uint64_t at, size_t bytes)
{
    tenure__track_birth((void *)at, bytes, TENURE_START);
}

static __attribute__((noinline)) void resize(uint64_t known, uint64_t old,
                                             uint64_t at, size_t bytes)
{
    struct tenure__start start = {TENURE_START};
    tenure__track_resize(known, (void *)old, (void *)at, bytes, &start);
}

static uint64_t slot(uint64_t at)
{
    tenure__slot *place = tenure__block_slot(at);
    uint64_t value = place != NULL ? *place : 0;
    return value != TENURE_SLOT_VACANT ? value : 0;
}

static struct tenure__thread_counts counts(void)
{
    return tenure__local.thread->counts;
}

static void a_block_is_known_from_its_birth_to_its_death(void **state)
{
    (void)state;
    birth(HEAP + 0x40, 100);
    uint64_t known = slot(HEAP + 0x40);
    assert_int_not_equal(tenure__slot_site(known), 0);
    assert_int_equal(known & TENURE_SLOT_SIZE_MAX, 100);
    assert_int_equal(tenure__slot_generation(known, tenure__generation()),
                     tenure__generation());
    struct tenure__thread_counts before = counts();
    tenure__track_death((void *)(HEAP + 0x40));
    assert_int_equal(slot(HEAP + 0x40), 0);
    assert_int_equal(counts().freed_blocks, before.freed_blocks + 1);
    assert_int_equal(counts().freed_bytes, before.freed_bytes + 100);
}

static void two_calls_of_one_place_are_one_site(void **state)
{
    (void)state;
    volatile uint64_t times = 2; /* one call, whatever the compiler does */
    for (uint64_t i = 0; i < times; i++)
        birth(HEAP + 0x80 + 0x20 * i, 10);
    birth(HEAP + 0xc0, 10);
    uint32_t site = tenure__slot_site(slot(HEAP + 0x80));
    assert_int_equal(tenure__slot_site(slot(HEAP + 0xa0)), site);
    assert_int_not_equal(tenure__slot_site(slot(HEAP + 0xc0)), site);
}

static void the_death_of_a_block_nobody_knows_is_counted(void **state)
{
    (void)state;
    uint64_t before = counts().untracked_frees;
    tenure__track_death((void *)(HEAP + 0x100));
    assert_int_equal(counts().untracked_frees, before + 1);
    tenure__track_death(NULL);
}

static void a_birth_where_a_block_lives_counts_a_missed_free(void **state)
{
    (void)state;
    birth(HEAP + 0x140, 10);
    uint64_t before = counts().missed_frees;
    birth(HEAP + 0x140, 20);
    assert_int_equal(counts().missed_frees, before + 1);
    assert_int_equal(slot(HEAP + 0x140) & TENURE_SLOT_SIZE_MAX, 20);
}

static void a_realloc_that_fails_leaves_the_block_as_it_was(void **state)
{
    (void)state;
    birth(HEAP + 0x180, 10);
    uint64_t was = slot(HEAP + 0x180);
    uint64_t known = tenure__track_take((void *)(HEAP + 0x180));
    assert_int_equal(slot(HEAP + 0x180), 0);
    tenure__track_put_back((void *)(HEAP + 0x180), known);
    assert_int_equal(slot(HEAP + 0x180), was);
    tenure__track_death((void *)(HEAP + 0x180));
}

static void a_block_that_realloc_moves_keeps_site_and_birth(void **state)
{
    (void)state;
    birth(HEAP + 0x1c0, 10);
    uint64_t was = slot(HEAP + 0x1c0);
    tenure__generation_now++;
    uint64_t known = tenure__track_take((void *)(HEAP + 0x1c0));
    resize(known, HEAP + 0x1c0, HEAP + 0x200, 1000);
    uint64_t is = slot(HEAP + 0x200);
    assert_int_equal(tenure__slot_site(is), tenure__slot_site(was));
    assert_int_equal(tenure__slot_generation(is, tenure__generation()),
                     tenure__generation() - 1);
    assert_true(is & TENURE_SLOT_EXT);
    struct tenure__record *record =
        tenure__record_at((uint32_t)is & TENURE_SLOT_SIZE_MAX);
    assert_int_equal(record->bytes, 1000);
    assert_int_equal(record->birth_bytes, 10);
    assert_int_equal(record->resizes, 1);
    assert_int_not_equal(record->grown_site, 0);
    tenure__track_death((void *)(HEAP + 0x200));
    assert_int_equal(record->id, 0);
}

static void realloc_of_a_block_nobody_knows_is_no_birth(void **state)
{
    (void)state;
    birth(HEAP + 0x900, 10);
    struct tenure__thread_counts before = counts();
    assert_int_equal(tenure__track_take((void *)(HEAP + 0x940)), 0);
    resize(0, HEAP + 0x940, HEAP + 0x980, 400);
    assert_int_equal(slot(HEAP + 0x980), 0);
    /* Nor where the allocator has called malloc by its name meanwhile. */
    birth(HEAP + 0x9c0, 400);
    resize(0, HEAP + 0x940, HEAP + 0x9c0, 400);
    assert_int_equal(slot(HEAP + 0x9c0), 0);
    assert_int_equal(counts().untracked_frees, before.untracked_frees + 1);
    assert_int_equal(counts().allocated_blocks, before.allocated_blocks + 3);
    assert_int_equal(counts().freed_blocks, before.freed_blocks + 3);
    assert_int_equal(counts().freed_bytes - before.freed_bytes,
                     counts().allocated_bytes - before.allocated_bytes);
}

/* Whether one of a hundred large ones is taken. */
static bool draws(void)
{
    for (uint64_t i = 0; i < 100; i++) {
        resize(0, HEAP + 0xa00, HEAP + 0xa00, 1 << 20);
        if (slot(HEAP + 0xa00) != 0) {
            tenure__track_death((void *)(HEAP + 0xa00));
            return true;
        }
    }
    return false;
}

static void a_sample_draws_again_unless_births_went_by_unseen(void **state)
{
    (void)state;
    struct tenure__config config = {.dormant = false};
    tenure__sampling_open(4096, 0, NULL);
    tenure__control_open(&config);
    tenure__local.thread->bytes_left = 0;
    bool from_the_start = draws();
    config.dormant = true;
    tenure__control_open(&config);
    bool after_a_late_start = draws();
    tenure__local.thread->bytes_left = INT64_MAX;
    config.dormant = false;
    tenure__control_open(&config);
    tenure__sampling_open(0, 0, NULL);
    assert_true(from_the_start);
    assert_false(after_a_late_start);
}

static void a_huge_block_has_its_size_in_a_record(void **state)
{
    (void)state;
    birth(HEAP + 0x240, (size_t)1 << 30);
    uint64_t known = slot(HEAP + 0x240);
    assert_true(known & TENURE_SLOT_EXT);
    uint64_t before = counts().freed_bytes;
    tenure__track_death((void *)(HEAP + 0x240));
    assert_int_equal(counts().freed_bytes - before, UINT64_C(1) << 30);
}

static void a_realloc_that_calls_malloc_by_name_misses_no_free(void **state)
{
    (void)state;
    struct tenure__thread_counts before = counts();
    birth(HEAP + 0x240, 100);
    tenure__hooks_code = (struct tenure__code){0, UINT64_MAX};
    birth(HEAP + 0x240, 100);
    tenure__hooks_code = (struct tenure__code){0, 0};
    assert_int_equal(counts().missed_frees, before.missed_frees);
    assert_int_equal(counts().allocated_blocks - counts().freed_blocks,
                     before.allocated_blocks - before.freed_blocks + 1);
    birth(HEAP + 0x240, 100);
    assert_int_equal(counts().missed_frees, before.missed_frees + 1);
    tenure__track_death((void *)(HEAP + 0x240));
}

static void take_all_records(uint32_t index[RECORDS])
{
    uint32_t taken = 0;
    index[0] = tenure__local.thread->spare;
    tenure__local.thread->spare = 0;
    for (taken = index[0] != 0; taken < RECORDS; taken++)
        index[taken] = tenure__record_take(0);
}

static void give_records_back(const uint32_t index[RECORDS])
{
    for (int i = 0; i < RECORDS; i++)
        tenure__record_release(index[i], 0);
}

static uint64_t id_of_a_resized_block(uint64_t address)
{
    birth(address, 10);
    resize(tenure__track_take((void *)address), address, address, 20);
    uint64_t known = slot(address);
    assert_true(known & TENURE_SLOT_EXT);
    uint64_t id = tenure__record_at((uint32_t)known & TENURE_SLOT_SIZE_MAX)->id;
    tenure__track_death((void *)address);
    return id;
}

static void *id_in_another_thread(void *id)
{
    *(uint64_t *)id = id_of_a_resized_block(HEAP + 0xb40);
    return NULL;
}

static void a_record_that_serves_again_has_an_id_of_its_own(void **state)
{
    (void)state;
    uint64_t id[3];
    pthread_t thread;
    id[0] = id_of_a_resized_block(HEAP + 0xb00);
    id[1] = id_of_a_resized_block(HEAP + 0xb00);
    assert_int_equal(
        pthread_create(&thread, NULL, id_in_another_thread, &id[2]), 0);
    pthread_join(thread, NULL);
    assert_true(id[0] != 0 && id[1] != 0 && id[2] != 0);
    assert_true(id[0] != id[1] && id[0] != id[2] && id[1] != id[2]);
}

static void without_a_record_a_huge_block_is_dropped_and_counted(void **state)
{
    (void)state;
    uint32_t index[RECORDS];
    take_all_records(index);
    uint64_t before = tenure__counter[TENURE_VALUE_DROPPED_NO_RECORD];
    birth(HEAP + 0x280, (size_t)1 << 30);
    assert_true(slot(HEAP + 0x280) <= TENURE_SLOT_VACANT);
    assert_int_equal(tenure__counter[TENURE_VALUE_DROPPED_NO_RECORD],
                     before + 1);
    give_records_back(index);
}

static void without_a_record_growth_is_counted_as_unrecorded(void **state)
{
    (void)state;
    uint32_t index[RECORDS];
    take_all_records(index);
    uint64_t before = tenure__counter[TENURE_VALUE_UNRECORDED_GROWTH];
    birth(HEAP + 0x2c0, 10);
    uint64_t known = tenure__track_take((void *)(HEAP + 0x2c0));
    resize(known, HEAP + 0x2c0, HEAP + 0x2c0, 500);
    assert_int_equal(tenure__counter[TENURE_VALUE_UNRECORDED_GROWTH],
                     before + 1);
    assert_int_equal(slot(HEAP + 0x2c0) & TENURE_SLOT_SIZE_MAX, 500);
    give_records_back(index);
}

static void an_address_beyond_the_tables_is_dropped_and_counted(void **state)
{
    (void)state;
    uint64_t before = tenure__counter[TENURE_VALUE_DROPPED_NO_TABLE];
    birth(UINT64_C(1) << TENURE_ADDRESS_BITS, 10);
    assert_int_equal(tenure__counter[TENURE_VALUE_DROPPED_NO_TABLE],
                     before + 1);
    tenure__track_death((void *)(UINT64_C(1) << TENURE_ADDRESS_BITS));
}

static void an_allocation_inside_the_agent_passes_and_is_counted(void **state)
{
    (void)state;
    uint64_t before = counts().nested;
    tenure__guard_begin();
    birth(HEAP + 0x300, 10);
    tenure__guard_end();
    assert_int_equal(slot(HEAP + 0x300), 0);
    assert_int_equal(counts().nested, before + 1);
}

/* A signal handler interrupted a hook deep on the stack and left by
 * siglongjmp(): the mark it left is no reason to pass blocks by for ever. */
static void a_mark_left_behind_by_longjmp_is_found_out(void **state)
{
    (void)state;
    tenure__local.busy = 1;
    tenure__local.busy_sp = (uint64_t)__builtin_frame_address(0) - 65536;
    birth(HEAP + 0x340, 10);
    assert_int_not_equal(slot(HEAP + 0x340), 0);
    assert_int_equal(tenure__local.busy, 0);
}

struct range {
    uint64_t count, bytes;
    uint32_t generation;
};

static void add_up(const struct tenure__mapping *mapping, void *with)
{
    struct range *sum = with;
    sum->count++;
    sum->bytes += mapping->end - mapping->start;
    sum->generation = mapping->generation;
}

static struct range mapped(void)
{
    struct range sum = {0};
    tenure__mappings_each(add_up, &sum);
    return sum;
}

static void a_mapping_that_moves_keeps_its_birth(void **state)
{
    (void)state;
    struct tenure__start start = {TENURE_START};
    uint32_t born = tenure__generation();
    tenure__track_map((void *)0x10000, 8192, &start);
    assert_int_equal(mapped().bytes, 8192);
    tenure__generation_now++;
    tenure__track_remap((void *)0x10000, 8192, (void *)0x40000, 16384);
    assert_int_equal(mapped().count, 1);
    assert_int_equal(mapped().bytes, 16384);
    assert_int_equal(mapped().generation, born);
    tenure__track_unmap((void *)0x40000, 16384);
    assert_int_equal(mapped().count, 0);
}

static void moving_what_is_no_mapping_of_ours_enters_none(void **state)
{
    (void)state;
    tenure__track_remap((void *)0x70000, 4096, (void *)0x80000, 8192);
    assert_int_equal(mapped().count, 0);
}

/* Each thread has its own blocks, of its own size. */
static void *live_and_die(void *number)
{
    uint64_t n = (uint64_t)number;
    uint64_t from = HEAP + TENURE_REGION_BYTES + n * BLOCKS * 32;
    for (uint64_t i = 0; i < BLOCKS; i++)
        birth(from + 32 * i, 10 + n);
    for (uint64_t i = 0; i < BLOCKS; i += 2)
        tenure__track_death((void *)(from + 32 * i));
    return NULL;
}

static void threads_do_not_lose_each_others_blocks(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    struct tenure__thread_counts before, after;
    struct tenure__unwind_counts unwind;
    tenure__threads_sum(&before, &unwind);
    for (uint64_t i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, live_and_die, (void *)i);
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    tenure__threads_sum(&after, &unwind);
    assert_int_equal(after.allocated_blocks - before.allocated_blocks,
                     RACERS * BLOCKS);
    assert_int_equal(after.freed_blocks - before.freed_blocks,
                     RACERS * BLOCKS / 2);
    uint64_t first = HEAP + TENURE_REGION_BYTES;
    for (uint64_t i = 0; i < RACERS * BLOCKS; i++)
        assert_int_equal(slot(first + 32 * i) & TENURE_SLOT_SIZE_MAX,
                         i % 2 ? 10 + i / BLOCKS : 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_known_from_its_birth_to_its_death),
        cmocka_unit_test(two_calls_of_one_place_are_one_site),
        cmocka_unit_test(the_death_of_a_block_nobody_knows_is_counted),
        cmocka_unit_test(a_birth_where_a_block_lives_counts_a_missed_free),
        cmocka_unit_test(a_realloc_that_fails_leaves_the_block_as_it_was),
        cmocka_unit_test(a_block_that_realloc_moves_keeps_site_and_birth),
        cmocka_unit_test(realloc_of_a_block_nobody_knows_is_no_birth),
        cmocka_unit_test(a_sample_draws_again_unless_births_went_by_unseen),
        cmocka_unit_test(a_huge_block_has_its_size_in_a_record),
        cmocka_unit_test(a_realloc_that_calls_malloc_by_name_misses_no_free),
        cmocka_unit_test(a_record_that_serves_again_has_an_id_of_its_own),
        cmocka_unit_test(without_a_record_a_huge_block_is_dropped_and_counted),
        cmocka_unit_test(without_a_record_growth_is_counted_as_unrecorded),
        cmocka_unit_test(an_address_beyond_the_tables_is_dropped_and_counted),
        cmocka_unit_test(an_allocation_inside_the_agent_passes_and_is_counted),
        cmocka_unit_test(a_mark_left_behind_by_longjmp_is_found_out),
        cmocka_unit_test(a_mapping_that_moves_keeps_its_birth),
        cmocka_unit_test(moving_what_is_no_mapping_of_ours_enters_none),
        cmocka_unit_test(threads_do_not_lose_each_others_blocks),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
