/* Memory that a copy of the process does not have, and what it points to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/blocks.h"
#include "agent/roots_unforked.h"

#define KEPT_BYTES 65536u
#define BLOCK UINT64_C(0x7e0000001000) /* one that the agent knows of */

static struct tenure__unforked *missing; /* shared with the child */
static uint64_t *kept;                   /* from children */

static int prepare(void **state)
{
    (void)state;
    missing = mmap(NULL, sizeof *missing, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    kept = mmap(NULL, KEPT_BYTES, PROT_READ | PROT_WRITE,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (missing == MAP_FAILED || kept == MAP_FAILED ||
        tenure__blocks_open(5, false) != 0)
        return -1;
    *tenure__block_slot_new(BLOCK) = tenure__slot_make(1, 1, 64);
    return madvise(kept, KEPT_BYTES, MADV_DONTFORK);
}

/* As the walker does. */
static void look_in_a_copy(struct tenure__ranges *present)
{
    assert_int_equal(tenure__unforked_list(present), 0);
    pid_t child = fork();
    if (child == 0) {
        tenure__unforked_find(present, missing);
        _exit(0);
    }
    waitpid(child, NULL, 0);
}

static bool is_missing(const void *memory)
{
    uint64_t address = (uint64_t)memory;
    for (uint32_t i = 0; i < missing->count; i++)
        if (address >= missing->range[i].start &&
            address < missing->range[i].end)
            return true;
    return false;
}

static void the_copy_says_what_it_does_not_have(void **state)
{
    (void)state;
    struct tenure__ranges present = {0};
    look_in_a_copy(&present);
    assert_true(is_missing(kept));
    assert_true(is_missing((char *)kept + KEPT_BYTES - 1));
    assert_false(is_missing(&present)); /* the stack is there */
    assert_false(is_missing(&kept));
    tenure__ranges_drop(&present);
}

static void words_that_may_point_to_blocks_are_added(void **state)
{
    (void)state;
    struct tenure__ranges present = {0};
    struct tenure__kernel_words words = {.count = 1, .of_kernel = 1};
    size_t bytes = TENURE_KERNEL_WORDS_MAX * sizeof *words.word;
    words.word = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    kept[0] = BLOCK;
    kept[1] = 12345;        /* a number */
    kept[2] = ~UINT64_C(0); /* no address */
    kept[KEPT_BYTES / 8 - 1] = BLOCK + 8;
    look_in_a_copy(&present);
    tenure__unforked_read(missing, &words);
    assert_int_equal(words.count, 3);
    assert_int_equal(words.of_kernel, 1);
    assert_int_equal(words.word[1], BLOCK);
    assert_int_equal(words.word[2], BLOCK + 8);
    munmap(words.word, bytes);
    tenure__ranges_drop(&present);
}

static void memory_that_went_meanwhile_is_passed_over(void **state)
{
    (void)state;
    uint64_t word[4];
    struct tenure__kernel_words words = {.word = word};
    void *gone = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(gone, 4096);
    missing->count = 1;
    missing->range[0] =
        (struct tenure__range){(uint64_t)gone, (uint64_t)gone + 4096};
    tenure__unforked_read(missing, &words);
    assert_int_equal(words.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_copy_says_what_it_does_not_have),
        cmocka_unit_test(words_that_may_point_to_blocks_are_added),
        cmocka_unit_test(memory_that_went_meanwhile_is_passed_over),
    };
    return cmocka_run_group_tests_name("roots_unforked", tests, prepare, NULL);
}
