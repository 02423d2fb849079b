/* glibc's memory, seen from outside: heaps, and results of threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/helper.h"
#include "agent/modules.h"
#include "agent/roots_glibc.h"
#include "mark_heap.h"

static volatile uint64_t thread_pointer;
static volatile pid_t tid;

static void *return_it(void *with)
{
    thread_pointer = (uint64_t)__builtin_thread_pointer();
    tid = gettid();
    return with;
}

static void *stay(void *with)
{
    thread_pointer = (uint64_t)__builtin_thread_pointer();
    pthread_barrier_wait(with);
    pthread_barrier_wait(with);
    return NULL;
}

/* Ended, as the kernel says, and not joined. */
static pthread_t ended_thread(void *result)
{
    pthread_t thread;
    tid = 0;
    assert_int_equal(pthread_create(&thread, NULL, return_it, result), 0);
    while (tid == 0 || tgkill(getpid(), tid, 0) == 0)
        usleep(100);
    return thread;
}

static void a_result_that_is_to_be_joined_is_found(void **state)
{
    (void)state;
    void *joined, *result = malloc(64);
    pthread_t thread = ended_thread(result);
    uint64_t at = tenure__glibc_result(thread_pointer);
    assert_int_not_equal(at, 0);
    assert_ptr_equal(*(void **)at, result);
    pthread_join(thread, &joined);
    assert_ptr_equal(joined, result);
    free(result);
}

static void a_living_thread_has_no_result(void **state)
{
    (void)state;
    pthread_barrier_t barrier;
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    assert_int_equal(pthread_create(&thread, NULL, stay, &barrier), 0);
    pthread_barrier_wait(&barrier);
    assert_int_equal(tenure__glibc_result(thread_pointer), 0);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
}

static bool is_heap(const struct tenure__ranges *heap, const void *memory)
{
    uint64_t address = (uint64_t)memory;
    for (uint32_t i = 0; i < heap->count; i++)
        if (address >= heap->range[i].start && address < heap->range[i].end)
            return true;
    return false;
}

/* A chunk that was mapped for itself, between memory of the service's, all
 * in what the kernel shows as one mapping. */
static void a_mapped_chunk_is_heap_and_its_neighbours_are_not(void **state)
{
    (void)state;
    const size_t page = 4096;
    char *memory = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct heap blocks;
    struct tenure__index index;
    struct tenure__ranges heap;
    heap_open(&blocks, 1, 4096);
    uint64_t *chunk = (uint64_t *)(memory + page);
    chunk[0] = 0;
    chunk[1] = page | 2;
    blocks.block[blocks.count++] = (struct tenure__mark_block){
        .address = (uint64_t)&chunk[2], .bytes = 4000, .site = 1};
    struct tenure__mark_source source = source_of(&blocks);
    assert_int_equal(tenure__index_build(&index, &source), 0);
    assert_int_equal(tenure__ranges_open(&heap, 8), 0);
    tenure__glibc_heap(&index, (uint64_t)memory, (uint64_t)memory + 3 * page,
                       &heap);
    assert_true(is_heap(&heap, memory + page));
    assert_true(is_heap(&heap, memory + 2 * page - 1));
    assert_false(is_heap(&heap, memory + page - 1));
    assert_false(is_heap(&heap, memory + 2 * page));
    tenure__ranges_drop(&heap);
    tenure__index_drop(&index);
    heap_close(&blocks);
    munmap(memory, 3 * page);
}

static int open_helper(void **state)
{
    (void)state;
    tenure__helper_open(NULL);
    return tenure__modules_refresh();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_result_that_is_to_be_joined_is_found),
        cmocka_unit_test(a_living_thread_has_no_result),
        cmocka_unit_test(a_mapped_chunk_is_heap_and_its_neighbours_are_not),
    };
    return cmocka_run_group_tests_name("roots_glibc", tests, open_helper, NULL);
}
