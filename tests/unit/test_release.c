/*
 * Pages of slots come and go while threads make and end blocks in them, and
 * hand them to each other: each death finds its block, or the helper counts
 * it; nothing is left over; what has heap or blocks stays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/blocks.h"
#include "agent/release.h"

#define HEAP_BYTES (64ull << 20)

static uint64_t heap;

static int open_heap(void **state)
{
    (void)state;
    tenure__blocks = (struct tenure__blocks){0};
    if (tenure__blocks_open(5, false) != 0)
        return -1;
    void *at = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    heap = (uint64_t)at;
    return at == MAP_FAILED ? -1 : madvise(at, HEAP_BYTES, MADV_NOHUGEPAGE);
}

static int close_heap(void **state)
{
    (void)state;
    return munmap((void *)heap, HEAP_BYTES);
}

/* As put() in track.c; false: something was left over. */
static bool birth(uint64_t address, uint64_t value)
{
    uint64_t *slot = (uint64_t *)tenure__block_slot_new(address);
    if (__atomic_load_n(slot, __ATOMIC_RELAXED) > TENURE_SLOT_VACANT)
        return false;
    __atomic_store_n(slot, value | tenure__block_half(address),
                     __ATOMIC_RELEASE);
    return true;
}

static uint64_t slot_pages(void)
{
    char line[256];
    uint64_t at = (uint64_t)tenure__block_slot_new(heap), kib = 0, from, to;
    FILE *file = fopen("/proc/self/smaps", "r");
    bool within = false;
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            within = at >= from && at < to;
        else if (within && strncmp(line, "Rss:", 4) == 0)
            sscanf(line, "Rss: %lu", &kib);
    }
    fclose(file);
    return kib / 4;
}

#define BLOCK tenure__slot_make(5, 1, 32)

static void fill(void)
{
    for (uint64_t i = 0; i < 1 << 20; i += 32)
        assert_true(birth(heap + i, BLOCK));
}

static void empty(void)
{
    for (uint64_t i = 0; i < 1 << 20; i += 32)
        assert_true(tenure__block_take(heap + i) ==
                    (BLOCK | tenure__block_half(heap + i)));
}

static void slots_go_when_heap_and_blocks_are_gone(void **state)
{
    (void)state;
    fill();
    memset((void *)heap, 1, 1 << 20);
    uint64_t full = slot_pages();
    assert_true(full >= 64);
    tenure__release();
    assert_int_equal(slot_pages(), full);
    empty();
    tenure__release();
    assert_int_equal(slot_pages(), full);
    madvise((void *)heap, 1 << 20, MADV_DONTNEED);
    tenure__release();
    assert_int_equal(slot_pages(), full - 64);
    fill();
    tenure__release();
    assert_int_equal(slot_pages(), full);
    empty();
}

static void a_page_with_one_block_stays(void **state)
{
    (void)state;
    assert_true(birth(heap + 32, BLOCK));
    tenure__release();
    assert_true(tenure__block_take(heap + 32) == BLOCK);
    assert_true(tenure__block_take(heap + 32) == 0);
}

/* ---- with threads ------------------------------------------------------ */

#define THREADS 4
#define ROUNDS 2000000
#define HANDED 4
#define CHURNED (2u << 20) /* few pages, so that they meet the helper */

static uint64_t handed[HANDED];     /* addresses of living blocks */
static uint8_t lives[CHURNED / 64]; /* of those that are handed on */
static uint32_t stop;
static uint64_t unknown_deaths;

static const char *end_block(uint64_t address)
{
    uint64_t value = BLOCK | tenure__block_half(address);
    uint64_t known = address != 0 ? tenure__block_take(address) : value;
    if (address & 32)
        __atomic_store_n(&lives[(address - heap) / 64], 0, __ATOMIC_RELEASE);
    if (known == 0)
        __atomic_fetch_add(&unknown_deaths, 1, __ATOMIC_RELAXED);
    return known == value || known == 0 ? NULL : "not what was born there";
}

/* Every thread makes blocks at addresses of its own, and ends whatever it
 * was handed. One address is used again when its block has died. */
static void *churn(void *with)
{
    uint64_t own = (uint64_t)with, random = own + 1;
    const char *error = NULL;
    for (int round = 0; round < ROUNDS && error == NULL; round++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t cell = (random >> 40) % (CHURNED / 64 / THREADS);
        uint64_t address = heap + (cell * THREADS + own) * 64;
        if (round % 4 != 0) {
            if (!birth(address, BLOCK))
                return "left over";
            error = end_block(address);
            continue;
        }
        address =
            heap + 32 + own * 64 + (uint64_t)round % (CHURNED / 256) * 256;
        uint8_t *living = &lives[(address - heap) / 64];
        if (__atomic_load_n(living, __ATOMIC_ACQUIRE))
            continue; /* with a thread that was interrupted */
        __atomic_store_n(living, 1, __ATOMIC_RELAXED);
        uint64_t *place = &handed[random >> 62];
        if (!birth(address, BLOCK))
            return "left over, handed on";
        error =
            end_block(__atomic_exchange_n(place, address, __ATOMIC_ACQ_REL));
    }
    return (void *)error;
}

static void *release(void *with)
{
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
        tenure__release();
    return with;
}

static void none_living(uint64_t address, tenure__slot *slot, uint64_t value,
                        void *with)
{
    (void)address;
    (void)slot;
    (void)value;
    ++*(uint64_t *)with;
}

static void nothing_is_lost_or_left_over(void **state)
{
    pthread_t thread[THREADS], helper;
    uint64_t deaths, bytes, living = 0;
    (void)state;
    assert_int_equal(pthread_create(&helper, NULL, release, NULL), 0);
    for (uint64_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)i), 0);
    for (int i = 0; i < THREADS; i++) {
        void *error;
        pthread_join(thread[i], &error);
        if (error != NULL)
            fail_msg("%s", (const char *)error);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
    pthread_join(helper, NULL);
    for (int i = 0; i < HANDED; i++)
        assert_null(end_block(handed[i]));
    tenure__blocks_each(none_living, &living, NULL);
    assert_int_equal(living, 0);
    tenure__release_deaths(&deaths, &bytes);
    assert_int_equal(deaths, unknown_deaths);
    assert_int_equal(bytes, 32 * deaths);
    print_message("%lu put back, of which %lu had died\n",
                  tenure__release_put_back(), deaths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots_go_when_heap_and_blocks_are_gone),
        cmocka_unit_test(a_page_with_one_block_stays),
        cmocka_unit_test(nothing_is_lost_or_left_over),
    };
    return cmocka_run_group_tests(tests, open_heap, close_heap);
}
