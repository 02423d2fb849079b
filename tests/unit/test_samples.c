/*
 * The table of sampled blocks: what is put is found until it is taken, the
 * walk is by address, a full neighbourhood refuses, and threads do not get
 * into each other's way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>

#include "agent/samples.h"

static int open_table(void **state)
{
    (void)state;
    tenure__blocks = (struct tenure__blocks){.granule_shift = 5};
    return tenure__samples_open(512 << 10);
}

static void put(uint64_t address, uint32_t bytes)
{
    tenure__slot *slot = tenure__block_slot_new(address);
    assert_non_null(slot);
    *slot = tenure__slot_make(7, 1, bytes);
}

static uint32_t bytes_at(uint64_t address)
{
    tenure__slot *slot = tenure__block_slot(address);
    return slot != NULL ? (uint32_t)*slot & TENURE_SLOT_SIZE_MAX : 0;
}

static void a_sample_is_found_until_it_dies(void **state)
{
    (void)state;
    assert_null(tenure__block_slot(0x5000000010));
    put(0x5000000010, 48);
    assert_int_equal(bytes_at(0x5000000010), 48);
    assert_null(tenure__block_slot(0x5000000030));
    *tenure__block_slot(0x5000000010) = 0;
    assert_null(tenure__block_slot(0x5000000010));
    put(0x5000000010, 64);
    assert_int_equal(bytes_at(0x5000000010), 64);
    *tenure__block_slot(0x5000000010) = 0;
}

static void a_claimed_entry_is_no_sample_yet(void **state)
{
    (void)state;
    tenure__slot *slot = tenure__block_slot_new(0x6000000010);
    assert_true(*slot == TENURE_SLOT_VACANT);
    assert_null(tenure__block_slot(0x6000000010));
    *slot = 0;
}

#define MANY 5000

static uint64_t nth(uint64_t i)
{
    return 0x7f0000000010 + i * 0x9E3779B1 % (1ull << 31) / 32 * 32;
}

struct walk {
    uint64_t last, count;
    _Atomic(uint64_t) at;
};

static void note(uint64_t address, tenure__slot *slot, uint64_t value,
                 void *with)
{
    struct walk *walk = with;
    assert_true(address > walk->last);
    assert_true(walk->at == address);
    assert_true(*slot == value);
    walk->last = address;
    walk->count++;
}

static void the_walk_goes_by_address(void **state)
{
    struct walk walk = {0};
    (void)state;
    for (uint64_t i = 0; i < MANY; i++)
        put(nth(i), (uint32_t)i + 1);
    for (uint64_t i = 0; i < MANY; i++)
        assert_int_equal(bytes_at(nth(i)), i + 1);
    tenure__blocks_each(note, &walk, &walk.at);
    assert_int_equal(walk.count, MANY);
    for (uint64_t i = 0; i < MANY; i++)
        *tenure__block_slot(nth(i)) = 0;
    walk.count = 0;
    tenure__blocks_each(note, &walk, &walk.at);
    assert_int_equal(walk.count, 0);
}

static void a_full_neighbourhood_refuses(void **state)
{
    uint64_t at = 0x300000000010, count = 0;
    (void)state;
    tenure__slot *slot;
    while ((slot = tenure__block_slot_new(at + 32 * count)) != NULL) {
        *slot = tenure__slot_make(7, 1, 1);
        assert_true(++count < 1 << 16);
    }
    assert_true(count > 128);
    for (uint64_t i = 0; i < count; i++)
        *tenure__block_slot(at + 32 * i) = 0;
}

#define THREADS 4
#define ROUNDS 3000
#define HELD 16

/* Addresses next to the other threads', so that they share entries. */
static void *churn(void *with)
{
    uint64_t own = (uint64_t)with;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < HELD; i++) {
            uint64_t at =
                0x400000000010 + ((round + i) % 40 * THREADS + own) * 32;
            put(at, (uint32_t)(at >> 5 & 0xffff));
        }
        for (uint64_t i = 0; i < HELD; i++) {
            uint64_t at =
                0x400000000010 + ((round + i) % 40 * THREADS + own) * 32;
            if (bytes_at(at) != (at >> 5 & 0xffff))
                return "a sample was lost";
            __atomic_store_n((uint64_t *)tenure__block_slot(at), 0,
                             __ATOMIC_RELEASE);
            if (tenure__block_slot(at) != NULL)
                return "a sample is left over";
        }
    }
    return NULL;
}

static void threads_find_their_own(void **state)
{
    pthread_t thread[THREADS];
    (void)state;
    for (uint64_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) {
        void *complaint;
        pthread_join(thread[i], &complaint);
        assert_null(complaint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sample_is_found_until_it_dies),
        cmocka_unit_test(a_claimed_entry_is_no_sample_yet),
        cmocka_unit_test(the_walk_goes_by_address),
        cmocka_unit_test(a_full_neighbourhood_refuses),
        cmocka_unit_test(threads_find_their_own),
    };
    return cmocka_run_group_tests(tests, open_table, NULL);
}
