/* The block index and the mark, over heaps made by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "agent/mark.h"
#include "agent/mark_odd.h"
#include "agent/mark_words.h"
#include "agent/procfs.h"
#include "mark_check.h"
#include "mark_heap.h"

static uint32_t flags_of(const struct tenure__mark *mark, const void *block)
{
    uint32_t number = tenure__index_find(&mark->index, (uint64_t)block);
    assert_true(number != TENURE__NO_BLOCK);
    return tenure__mark_flags(mark, number);
}

#define mark_from(mark, ...)                                                   \
    do {                                                                       \
        const uint64_t roots_[] = {__VA_ARGS__};                               \
        tenure__mark_words(mark, roots_, sizeof roots_ / 8);                   \
        tenure__mark_run(mark);                                                \
        mark_check(mark);                                                      \
    } while (0)

/* ---- the index --------------------------------------------------------- */

static void check_find(const struct tenure__index *index,
                       const struct heap *heap)
{
    assert_int_equal(index->count, heap->count);
    for (uint32_t i = 0; i < heap->count; i++) {
        uint64_t start = heap->block[i].address;
        uint64_t bytes = heap->block[i].bytes;
        uint64_t rounded = bytes == 0 ? 8 : (bytes + 7) / 8 * 8;
        assert_int_equal(tenure__index_find(index, start), i);
        assert_int_equal(tenure__index_find(index, start + rounded / 2), i);
        assert_int_equal(tenure__index_find(index, start + rounded - 1), i);
        assert_int_not_equal(tenure__index_find(index, start + rounded), i);
        assert_int_not_equal(tenure__index_find(index, start - 1), i);
        assert_int_equal(tenure__index_address(index, i), start);
        assert_int_equal(tenure__index_bytes(index, i), rounded);
    }
}

static void compare_block(const struct tenure__mark_block *block, void *with)
{
    const struct heap *heap = with;
    const struct tenure__mark_block *was = &heap->block[block->number];
    assert_int_equal(block->address, was->address);
    assert_int_equal(block->bytes, was->bytes);
    assert_int_equal(block->site, was->site);
    assert_int_equal(block->generation, was->generation);
    assert_int_equal(block->is_root, was->is_root);
}

/* Some are large, some far from the one before. */
static void fill_heap(struct heap *heap, int blocks)
{
    srand(1);
    heap_open(heap, (uint32_t)blocks, (size_t)blocks * 14000);
    for (int i = 0; i < blocks; i++) {
        heap_new(heap, (size_t)(rand() % 300 + (i % 2000 == 7 ? 400000 : 0)));
        heap->block[i].site = (uint32_t)rand() & 0xffffff;
        heap->block[i].generation = (uint32_t)rand();
        heap->block[i].is_root = i % 7 == 0;
        if (i % 1000 == 0)
            heap->used += 5u << 20;
    }
}

static void check_index(struct heap *heap, struct tenure__mark_source source)
{
    struct tenure__index index;
    assert_int_equal(tenure__index_build(&index, &source), 0);
    check_find(&index, heap);
    source = tenure__index_source(&index);
    source.each(source.self, compare_block, heap);
    tenure__index_drop(&index);
}

static void every_address_finds_its_block(void **state)
{
    (void)state;
    struct heap heap;
    fill_heap(&heap, 20000);
    check_index(&heap, source_of(&heap));
    heap_close(&heap);
}

static void blocks_that_come_in_order_take_one_pass_however_many(void **state)
{
    (void)state;
    struct heap heap;
    fill_heap(&heap, 1100000); /* more than there is room for at first */
    check_index(&heap, source_in_order(&heap));
    heap_close(&heap);
}

static void a_block_larger_than_a_region_is_found_anywhere(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__index index;
    heap_open(&heap, 3, 4ull << 30);
    heap_new(&heap, 100);
    heap_new(&heap, 3ull << 30);
    heap_new(&heap, 100);
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__index_build(&index, &source), 0);
    for (uint64_t at = 0; at < 3ull << 30; at += 1234567)
        assert_int_equal(tenure__index_find(&index, heap.block[1].address + at),
                         1);
    assert_int_equal(tenure__index_find(&index, heap.block[2].address), 2);
    assert_int_equal(tenure__index_find(&index, 0), TENURE__NO_BLOCK);
    assert_int_equal(tenure__index_find(&index, UINT64_MAX), TENURE__NO_BLOCK);
    tenure__index_drop(&index);
    heap_close(&heap);
}

static void an_empty_heap_is_a_heap(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    heap_open(&heap, 1, 4096);
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    mark_from(&mark, 0, 1, UINT64_MAX, (uint64_t)heap.memory);
    assert_int_equal(tenure__index_find(&mark.index, (uint64_t)heap.memory),
                     TENURE__NO_BLOCK);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

/* ---- the mark ---------------------------------------------------------- */

static void what_a_chain_from_a_root_leads_to_is_reached(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    heap_open(&heap, 8, 65536);
    uint64_t *a = heap_new(&heap, 64), *b = heap_new(&heap, 64);
    uint64_t *c = heap_new(&heap, 64), *d = heap_new(&heap, 64);
    a[3] = (uint64_t)b;
    b[7] = (uint64_t)c;
    d[0] = (uint64_t)c;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    mark_from(&mark, 17, (uint64_t)a);
    assert_int_equal(flags_of(&mark, a), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, b), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, c), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, d), 0);
    assert_int_equal(tenure__mark_parent(&mark, 2), 1);
    assert_int_equal(tenure__mark_parent(&mark, 0), TENURE__PARENT_ROOT);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

static void interior_pointers_reach_and_are_told_apart(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    heap_open(&heap, 8, 65536);
    uint64_t *start = heap_new(&heap, 64), *tagged = heap_new(&heap, 64);
    uint64_t *inside = heap_new(&heap, 64), *below = heap_new(&heap, 64);
    uint64_t *both = heap_new(&heap, 64), *past = heap_new(&heap, 64);
    inside[1] = (uint64_t)below;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    mark_from(&mark, (uint64_t)start, (uint64_t)tagged + 5,
              (uint64_t)inside + 63, (uint64_t)both + 8, (uint64_t)both,
              (uint64_t)past + 64, (uint64_t)past - 1);
    uint32_t possible = TENURE__BLOCK_REACHED | TENURE__BLOCK_POSSIBLE;
    assert_int_equal(flags_of(&mark, start), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, tagged), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, inside) & possible, possible);
    assert_int_equal(flags_of(&mark, below) & possible, possible);
    assert_int_equal(flags_of(&mark, both) & possible, TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, past), 0);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

static void the_end_of_an_empty_array_with_a_cookie_counts(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    heap_open(&heap, 8, 65536);
    uint64_t *array = heap_new(&heap, 8), *other = heap_new(&heap, 8);
    array[0] = 0;
    other[0] = 1;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    mark_from(&mark, (uint64_t)(array + 1), (uint64_t)(other + 1));
    assert_int_equal(flags_of(&mark, array), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, other), 0);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

/* 5 GiB: there is a place in it where the lower half of an address is 0. */
static void half_a_pointer_beside_a_number_holds_no_huge_block(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    const size_t bytes = 5ull << 30;
    heap_open(&heap, 8, bytes + 4096);
    uint64_t start = (uint64_t)heap_new(&heap, bytes);
    uint64_t half = (start + (1ull << 32)) >> 32 << 32;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    assert_int_equal(tenure__mark_classify(&mark.index, 0, half),
                     TENURE__POINTS_NOWHERE);
    assert_int_equal(tenure__mark_classify(&mark.index, 0, half + 4095),
                     TENURE__POINTS_NOWHERE);
    assert_int_equal(tenure__mark_classify(&mark.index, 0, half + 4096),
                     TENURE__POINTS_INSIDE);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

static void root_blocks_reach_what_they_point_to(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    heap_open(&heap, 8, 65536);
    uint64_t *loader = heap_new(&heap, 64), *held = heap_new(&heap, 64);
    uint64_t *lost = heap_new(&heap, 64);
    loader[2] = (uint64_t)held;
    lost[0] = (uint64_t)lost;
    heap.block[0].is_root = true;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    tenure__mark_run(&mark);
    assert_int_equal(flags_of(&mark, loader), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, held), TENURE__BLOCK_REACHED);
    assert_int_equal(flags_of(&mark, lost), 0);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

/* Against a mark that is plain to see: repeat until nothing changes. */
static void random_heaps_are_marked_as_by_the_plain_way(void **state)
{
    (void)state;
    srand(7);
    for (int round = 0; round < 50; round++) {
        struct heap heap;
        struct tenure__mark mark;
        enum { N = 400 };
        bool reached[N] = {false};
        uint64_t *block[N];
        heap_open(&heap, N, 1 << 20);
        for (int i = 0; i < N; i++)
            block[i] = heap_new(&heap, 32);
        for (int i = 0; i < N; i++)
            for (int w = 0; w < 4; w++)
                if (rand() % 4 == 0)
                    block[i][w] = (uint64_t)block[rand() % N] +
                                  (uint64_t)(rand() % 2 ? rand() % 32 : 0);
        struct tenure__mark_source source = source_of(&heap);
        assert_int_equal(tenure__mark_open(&mark, &source), 0);
        mark_from(&mark, (uint64_t)block[3], (uint64_t)block[5] + 9);
        reached[3] = reached[5] = true;
        for (bool changed = true; changed;) {
            changed = false;
            for (int i = 0; i < N * 4; i++) {
                uint64_t word = reached[i / 4] ? block[i / 4][i % 4] : 0;
                for (int j = 0; word != 0 && j < N; j++)
                    if (word - (uint64_t)block[j] < 32 && !reached[j])
                        changed = reached[j] = true;
            }
        }
        for (int i = 0; i < N; i++)
            assert_int_equal(flags_of(&mark, block[i]) & TENURE__BLOCK_REACHED,
                             reached[i] ? TENURE__BLOCK_REACHED : 0);
        tenure__mark_close(&mark);
        heap_close(&heap);
    }
}

/* How long ten million blocks take, for who runs it by hand. */
static void millions_of_blocks_are_marked(void **state)
{
    (void)state;
    struct heap heap;
    struct tenure__mark mark;
    struct timespec t[3];
    uint32_t n = getenv("TENURE_TEST_BLOCKS") != NULL
                     ? (uint32_t)atoi(getenv("TENURE_TEST_BLOCKS"))
                     : 1000000;
    heap_open(&heap, n, (size_t)n * 104);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *block = heap_new(&heap, 96);
        if (i > 0)
            for (int w = 0; w < 2; w++) {
                uint32_t other = (uint32_t)rand() % i;
                block[w * 5] = heap.block[other].address;
            }
        if (i > 0)
            ((uint64_t *)heap.block[i - 1].address)[2] = (uint64_t)block;
    }
    struct tenure__mark_source source = source_of(&heap);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[0]);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[1]);
    mark_from(&mark, heap.block[0].address);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t[2]);
    assert_int_equal(mark.tail, n);
    for (int i = 0; i < 2; i++)
        print_message("%u blocks: %s %.0f ms\n", n, i ? "mark" : "index",
                      (double)(t[i + 1].tv_sec - t[i].tv_sec) * 1e3 +
                          (double)(t[i + 1].tv_nsec - t[i].tv_nsec) / 1e6);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

static uint64_t pages_of(const void *memory, size_t bytes)
{
    int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    uint64_t pages = tenure__resident_pages(pagemap, (uint64_t)memory,
                                            (uint64_t)memory + bytes);
    assert_true(pagemap >= 0);
    close(pagemap);
    return pages;
}

static void untouched_pages_of_large_blocks_are_not_read(void **state)
{
    (void)state;
    const size_t bytes = 1ul << 30;
    struct heap heap;
    struct tenure__mark mark;
    struct tenure__sparse sparse;
    heap_open(&heap, 4, bytes + (1u << 20));
    madvise(heap.memory, heap.bytes, MADV_NOHUGEPAGE);
    uint64_t *large = heap_new(&heap, bytes);
    uint64_t *held[] = {heap_new(&heap, 40), heap_new(&heap, 40)};
    uint64_t *lost = heap_new(&heap, 40);
    large[bytes / 16] = (uint64_t)held[0];
    large[bytes / 8 - 1] = (uint64_t)held[1];
    held[0][0] = 1;
    lost[0] = 1;
    uint64_t before = pages_of(heap.memory, heap.bytes);
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    tenure__sparse_open(&sparse);
    mark.index.sparse = &sparse;
    mark_from(&mark, (uint64_t)large);
    tenure__mark_odd_blocks(&mark);
    assert_true(flags_of(&mark, held[0]) & TENURE__BLOCK_REACHED);
    assert_true(flags_of(&mark, held[1]) & TENURE__BLOCK_REACHED);
    assert_false(flags_of(&mark, lost) & TENURE__BLOCK_REACHED);
    assert_int_equal(pages_of(heap.memory, heap.bytes), before);
    tenure__sparse_close(&sparse);
    tenure__mark_close(&mark);
    heap_close(&heap);
}

/* An untouched page of a file holds the file. */
static void blocks_in_a_file_are_read_whole(void **state)
{
    (void)state;
    const size_t bytes = 1u << 20;
    struct heap heap;
    struct tenure__mark mark;
    struct tenure__sparse sparse;
    heap_open(&heap, 2, bytes + 4096);
    uint64_t *large = heap_new(&heap, bytes), *held = heap_new(&heap, 40);
    int fd = memfd_create("heap", MFD_CLOEXEC);
    assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
    assert_int_equal(pwrite(fd, &held, 8, (off_t)bytes / 2), 8);
    assert_ptr_equal(mmap(large, bytes, PROT_READ | PROT_WRITE,
                          MAP_PRIVATE | MAP_FIXED, fd, 0),
                     large);
    held[0] = 1;
    struct tenure__mark_source source = source_of(&heap);
    assert_int_equal(tenure__mark_open(&mark, &source), 0);
    tenure__sparse_open(&sparse);
    mark.index.sparse = &sparse;
    mark_from(&mark, (uint64_t)large);
    assert_true(flags_of(&mark, held) & TENURE__BLOCK_REACHED);
    tenure__sparse_close(&sparse);
    tenure__mark_close(&mark);
    heap_close(&heap);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_address_finds_its_block),
        cmocka_unit_test(blocks_that_come_in_order_take_one_pass_however_many),
        cmocka_unit_test(a_block_larger_than_a_region_is_found_anywhere),
        cmocka_unit_test(an_empty_heap_is_a_heap),
        cmocka_unit_test(what_a_chain_from_a_root_leads_to_is_reached),
        cmocka_unit_test(interior_pointers_reach_and_are_told_apart),
        cmocka_unit_test(the_end_of_an_empty_array_with_a_cookie_counts),
        cmocka_unit_test(half_a_pointer_beside_a_number_holds_no_huge_block),
        cmocka_unit_test(root_blocks_reach_what_they_point_to),
        cmocka_unit_test(random_heaps_are_marked_as_by_the_plain_way),
        cmocka_unit_test(untouched_pages_of_large_blocks_are_not_read),
        cmocka_unit_test(blocks_in_a_file_are_read_whole),
        cmocka_unit_test(millions_of_blocks_are_marked),
    };
    return cmocka_run_group_tests_name("mark", tests, NULL, NULL);
}
