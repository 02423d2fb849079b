/* Where a pointer counts in this very process, and where it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/modules.h"
#include "agent/os.h"
#include "agent/ranges.h"
#include "agent/roots.h"
#include "mark_heap.h"

static uint64_t written = 1, unset;
static const uint64_t constant = 1;
static __thread uint64_t local;

struct found {
    struct heap blocks; /* what the index knows: no memory of its own */
    struct tenure__index index;
    struct tenure__roots named, roots;
};

/* As if this thread had been stopped here. */
static void look(struct found *found, bool heap_counts)
{
    uint64_t here;
    struct tenure__stopped_thread thread = {
        .tid = 1,
        .stopped = true,
        .stack_pointer = (uint64_t)&here - 128,
        .thread_pointer = (uint64_t)__builtin_thread_pointer(),
    };
    struct tenure__stopped stopped = {.thread_count = 1, .thread = &thread};
    struct tenure__mark_source source = source_of(&found->blocks);
    struct tenure__roots_input input = {
        .index = &found->index,
        .stopped = &stopped,
        .glibc = true,
        .heap_counts = heap_counts,
        .named = &found->named,
    };
    assert_int_equal(tenure__modules_refresh(), 0);
    assert_int_equal(tenure__index_build(&found->index, &source), 0);
    assert_int_equal(tenure__roots_find(&input, &found->roots), 0);
}

static void start(struct found *found)
{
    heap_open(&found->blocks, 16, 4096);
    assert_int_equal(tenure__roots_open(&found->named, 16), 0);
}

static void finish(struct found *found)
{
    tenure__roots_drop(&found->named);
    tenure__roots_drop(&found->roots);
    tenure__index_drop(&found->index);
    heap_close(&found->blocks);
}

static void add_block(struct found *found, void *block, size_t bytes)
{
    found->blocks.block[found->blocks.count++] = (struct tenure__mark_block){
        .address = (uint64_t)block, .bytes = bytes, .site = 1, .generation = 1};
}

/* The kind of the root around an address, 0 if there is none. */
static uint32_t kind_of(const struct found *found, const volatile void *at)
{
    for (uint32_t i = 0; i < found->roots.count; i++)
        if ((uint64_t)at >= found->roots.root[i].start &&
            (uint64_t)at < found->roots.root[i].end)
            return found->roots.root[i].kind;
    return 0;
}

static void globals_stack_and_thread_are_roots(void **state)
{
    (void)state;
    struct found found = {0};
    volatile uint64_t on_stack = 1;
    start(&found);
    look(&found, false);
    assert_int_equal(kind_of(&found, &written), TENURE_RETAINER_GLOBAL);
    assert_int_equal(kind_of(&found, &unset), TENURE_RETAINER_GLOBAL);
    assert_int_equal(kind_of(&found, &on_stack), TENURE_RETAINER_STACK);
    assert_true(kind_of(&found, &local) != 0);
    finish(&found);
}

static __attribute__((noinline)) uint64_t below(void)
{
    volatile uint64_t deep[512];
    deep[0] = 0;
    return (uint64_t)&deep[0];
}

static void dead_stack_the_heap_and_the_agent_are_none(void **state)
{
    (void)state;
    struct found found = {0};
    char *block = malloc(100), *ours = tenure__os_map(8192);
    start(&found);
    add_block(&found, block, 100);
    look(&found, false);
    assert_int_equal(kind_of(&found, (void *)(below() - 16384)), 0);
    assert_int_equal(kind_of(&found, block), 0);
    assert_int_equal(kind_of(&found, ours), 0);
    tenure__os_unmap(ours, 8192);
    free(block);
    finish(&found);
}

static void where_blocks_are_unknown_the_heap_is_a_root(void **state)
{
    (void)state;
    struct found found = {0};
    char *block = malloc(100);
    start(&found);
    add_block(&found, block, 100);
    look(&found, true);
    assert_int_equal(kind_of(&found, block), TENURE_RETAINER_MAPPING);
    free(block);
    finish(&found);
}

/* One mapping of the kernel's, since it joins neighbours. */
static void memory_beside_a_large_block_is_a_root(void **state)
{
    (void)state;
    struct found found = {0};
    char *mine = mmap(NULL, 65536, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *block = malloc(1 << 20); /* glibc maps it for itself */
    start(&found);
    add_block(&found, block, 1 << 20);
    look(&found, false);
    assert_int_equal(kind_of(&found, mine), TENURE_RETAINER_MAPPING);
    assert_int_equal(kind_of(&found, mine + 65528), TENURE_RETAINER_MAPPING);
    assert_int_equal(kind_of(&found, block), 0);
    assert_int_equal(kind_of(&found, block + 500000), 0);
    munmap(mine, 65536);
    free(block);
    finish(&found);
}

static void named_regions_keep_their_kind(void **state)
{
    (void)state;
    struct found found = {0};
    char *block = malloc(1000);
    struct tenure__root user = {.start = (uint64_t)block + 96,
                                .end = (uint64_t)block + 200,
                                .kind = TENURE_RETAINER_USER};
    start(&found);
    add_block(&found, block, 1000);
    tenure__roots_add(&found.named, &user);
    look(&found, false);
    assert_int_equal(kind_of(&found, block + 100), TENURE_RETAINER_USER);
    assert_int_equal(kind_of(&found, block + 300), 0);
    free(block);
    finish(&found);
}

struct reading {
    const void *wanted;
    bool seen;
};

static void see(const struct tenure__root *root, const uint64_t *word,
                size_t count, uint64_t address, void *with)
{
    struct reading *reading = with;
    (void)root;
    uint64_t wanted = (uint64_t)reading->wanted;
    if (address != 0 && wanted >= address && wanted < address + count * 8)
        reading->seen |= word[(wanted - address) / 8] == *(uint64_t *)wanted;
}

static bool is_read(const struct found *found, const void *wanted)
{
    struct reading reading = {.wanted = wanted};
    struct tenure__stopped nobody = {0};
    tenure__roots_read(&found->roots, &nobody, see, &reading);
    return reading.seen;
}

static void only_pages_that_exist_and_were_written_are_read(void **state)
{
    (void)state;
    struct found found = {0};
    char *sparse = mmap(NULL, 1 << 30, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint64_t *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sparse[500 << 20] = 1;
    shared[7] = 8;
    written = 2;
    start(&found);
    look(&found, false);
    assert_true(is_read(&found, &written));
    assert_true(is_read(&found, sparse + (500 << 20)));
    assert_false(is_read(&found, sparse + (600 << 20)));
    assert_true(is_read(&found, &shared[7]));
    assert_false(is_read(&found, &constant));
    munmap(sparse, 1 << 30);
    munmap(shared, 4096);
    finish(&found);
}

static void collect_rest(uint64_t from, uint64_t to, void *with)
{
    tenure__ranges_add(with, from, to);
}

static void ranges_are_joined_and_taken_out(void **state)
{
    (void)state;
    struct tenure__ranges set, rest;
    assert_int_equal(tenure__ranges_open(&set, 8), 0);
    assert_int_equal(tenure__ranges_open(&rest, 8), 0);
    tenure__ranges_add(&set, 50, 60);
    tenure__ranges_add(&set, 10, 20);
    tenure__ranges_add(&set, 15, 30);
    tenure__ranges_add(&set, 90, 90); /* empty */
    tenure__ranges_sort(&set);
    assert_int_equal(set.count, 2);
    tenure__ranges_rest(&set, 0, 100, collect_rest, &rest);
    assert_int_equal(rest.count, 3);
    assert_int_equal(rest.range[1].start, 30);
    assert_int_equal(rest.range[1].end, 50);
    rest.count = 0;
    tenure__ranges_rest(&set, 12, 28, collect_rest, &rest);
    assert_int_equal(rest.count, 0);
    tenure__ranges_drop(&set);
    tenure__ranges_drop(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(globals_stack_and_thread_are_roots),
        cmocka_unit_test(dead_stack_the_heap_and_the_agent_are_none),
        cmocka_unit_test(where_blocks_are_unknown_the_heap_is_a_root),
        cmocka_unit_test(memory_beside_a_large_block_is_a_root),
        cmocka_unit_test(named_regions_keep_their_kind),
        cmocka_unit_test(only_pages_that_exist_and_were_written_are_read),
        cmocka_unit_test(ranges_are_joined_and_taken_out),
    };
    return cmocka_run_group_tests_name("roots", tests, NULL, NULL);
}
