/*
 * What a program says of its memory: notes on blocks go with the block and
 * give their place back, regions are counted in and out, both up to a limit.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "agent/annotate.h"
#include "agent/blocks.h"
#include "agent/counters.h"
#include "agent/generations.h"
#include "agent/include/tenure.h"
#include "agent/records.h"
#include "agent/threads.h"

#define HEAP 0x500000000000u
#define RACERS 4

static int open_tables(void **state)
{
    (void)state;
    return tenure__blocks_open(5, false) |
           tenure__records_open(1000 * sizeof(struct tenure__record));
}

static void be_born(uint64_t address, uint32_t generation, uint32_t bytes)
{
    tenure__slot *slot = tenure__block_slot_new(address);
    assert_non_null(slot);
    *slot =
        tenure__slot_make(1, generation, bytes) | tenure__block_half(address);
}

static void die(uint64_t address)
{
    *tenure__block_slot(address) = 0;
}

static void a_note_is_on_one_block_of_one_generation(void **state)
{
    (void)state;
    be_born(HEAP + 32, 1, 10);
    assert_false(tenure__is_ignored(HEAP + 32, 1));
    tenure__ignore_block(HEAP + 32, 1);
    assert_true(tenure__is_ignored(HEAP + 32, 1));
    assert_false(tenure__is_ignored(HEAP + 32, 2));
    assert_false(tenure__is_ignored(HEAP + 64, 1));
}

static void an_address_inside_a_block_means_the_block(void **state)
{
    (void)state;
    uint64_t block = HEAP + 0x10000;
    be_born(block, 1, 1000);
    tenure_ignore((const void *)(block + 999));
    assert_true(tenure__is_ignored(block, 1));
}

static void an_address_behind_a_block_means_none(void **state)
{
    (void)state;
    uint64_t block = HEAP + 0x20000;
    be_born(block, 1, 100);
    tenure__ignore_around(block + 101);
    assert_false(tenure__is_ignored(block, 1));
}

static void a_block_with_a_record_is_as_large_as_its_record_says(void **state)
{
    (void)state;
    uint64_t block = HEAP + 0x30000;
    uint32_t index = tenure__record_take(0);
    struct tenure__record *record = tenure__record_at(index);
    record->bytes = 5000;
    record->generation = 1;
    be_born(block, 1, index);
    *tenure__block_slot(block) |= TENURE_SLOT_EXT;
    tenure__ignore_around(block + 4999);
    assert_true(tenure__is_ignored(block, 1));
}

/* Noted blocks that died give their places to others: a service that notes
 * and frees for ever never fills the table. */
static void notes_of_dead_blocks_make_room(void **state)
{
    (void)state;
    uint64_t heap = HEAP + TENURE_REGION_BYTES;
    be_born(heap, 1, 10);
    for (uint64_t i = 0; i < 2 * (uint64_t)TENURE_IGNORED_MAX; i++) {
        uint64_t block = heap + i % (TENURE_REGION_BYTES / 32) * 32;
        be_born(block, 1, 10);
        tenure__ignore_block(block, 1);
        assert_true(tenure__is_ignored(block, 1));
        die(block);
    }
}

static void *note_many(void *with)
{
    uint64_t from = (uint64_t)with;
    for (uint64_t i = 0; i < 2000; i++)
        tenure__ignore_block(from + 32 * i, 1);
    return NULL;
}

static void notes_of_several_threads_are_all_kept(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    uint64_t heap = HEAP + 4 * TENURE_REGION_BYTES;
    for (uint64_t i = 0; i < RACERS * 2000; i++)
        be_born(heap + 32 * i, 1, 10);
    for (uint64_t i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, note_many,
                       (void *)(heap + 32 * 2000 * i));
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    for (uint64_t i = 0; i < RACERS * 2000; i++)
        assert_true(tenure__is_ignored(heap + 32 * i, 1));
}

static void ignoring_nests_and_does_not_underflow(void **state)
{
    (void)state;
    tenure_ignore_begin();
    tenure_ignore_begin();
    tenure_ignore_end();
    assert_int_equal(tenure__local.ignoring, 1);
    tenure_ignore_end();
    tenure_ignore_end();
    assert_int_equal(tenure__local.ignoring, 0);
}

struct seen {
    uint64_t count, bytes;
};

static void see(uint64_t start, uint64_t end, void *with)
{
    struct seen *seen = with;
    seen->count++;
    seen->bytes += end - start;
}

static struct seen regions(void)
{
    struct seen seen = {0};
    tenure__regions_each(see, &seen);
    return seen;
}

static void a_region_is_there_until_it_is_removed_as_it_was_added(void **state)
{
    (void)state;
    tenure_root_add((void *)0x1000, 64);
    tenure_root_add((void *)0x2000, 100);
    assert_int_equal(regions().count, 2);
    assert_int_equal(regions().bytes, 164);
    tenure_root_remove((void *)0x2000, 64); /* another length: none such */
    assert_int_equal(regions().count, 2);
    tenure_root_remove((void *)0x2000, 100);
    tenure_root_remove((void *)0x1000, 64);
    assert_int_equal(regions().count, 0);
}

static void beyond_the_limit_regions_are_left_out_and_counted(void **state)
{
    (void)state;
    uint64_t failed = tenure__counter[TENURE_VALUE_FAILED_NOTES];
    for (uint64_t i = 1; i <= TENURE_REGIONS_MAX + 3; i++)
        tenure__region_add(i * 4096, 8);
    assert_int_equal(regions().count, TENURE_REGIONS_MAX);
    assert_int_equal(tenure__counter[TENURE_VALUE_FAILED_NOTES], failed + 3);
    for (uint64_t i = 1; i <= TENURE_REGIONS_MAX + 3; i++)
        tenure__region_remove(i * 4096, 8);
    assert_int_equal(regions().count, 0);
    tenure__region_add(4096, 8);
    assert_int_equal(regions().count, 1);
    tenure__region_remove(4096, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_note_is_on_one_block_of_one_generation),
        cmocka_unit_test(an_address_inside_a_block_means_the_block),
        cmocka_unit_test(an_address_behind_a_block_means_none),
        cmocka_unit_test(a_block_with_a_record_is_as_large_as_its_record_says),
        cmocka_unit_test(notes_of_dead_blocks_make_room),
        cmocka_unit_test(notes_of_several_threads_are_all_kept),
        cmocka_unit_test(ignoring_nests_and_does_not_underflow),
        cmocka_unit_test(a_region_is_there_until_it_is_removed_as_it_was_added),
        cmocka_unit_test(beyond_the_limit_regions_are_left_out_and_counted),
    };
    return cmocka_run_group_tests(tests, open_tables, NULL);
}
