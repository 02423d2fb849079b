/* The loader's list, read without the loader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "agent/loader.h"

enum { OBJECTS = 64 };

struct listed {
    struct object {
        uint64_t at;
        uint32_t headers;
        char name[200];
    } object[OBJECTS];
    int count;
};

static int take(struct dl_phdr_info *info, size_t bytes, void *with)
{
    struct listed *listed = with;
    (void)bytes;
    assert_true(listed->count < OBJECTS);
    struct object *object = &listed->object[listed->count++];
    object->at = info->dlpi_addr;
    object->headers = info->dlpi_phnum;
    strncpy(object->name, info->dlpi_name, sizeof object->name - 1);
    return 0;
}

static void it_says_what_the_loader_says(void **state)
{
    (void)state;
    static struct listed ours, theirs;
    assert_int_equal(tenure__loader_each(take, &ours), 0);
    assert_int_equal(dl_iterate_phdr(take, &theirs), 0);
    assert_true(ours.count > 2);
    assert_int_equal(ours.count, theirs.count);
    for (int i = 0; i < ours.count; i++) {
        assert_int_equal(ours.object[i].at, theirs.object[i].at);
        assert_int_equal(ours.object[i].headers, theirs.object[i].headers);
        assert_string_equal(ours.object[i].name, theirs.object[i].name);
    }
}

static int stop_at_once(struct dl_phdr_info *info, size_t bytes, void *with)
{
    (void)info;
    (void)bytes;
    ++*(int *)with;
    return 7;
}

static void a_visit_ends_it(void **state)
{
    (void)state;
    int calls = 0;
    assert_int_equal(tenure__loader_each(stop_at_once, &calls), 7);
    assert_int_equal(calls, 1);
}

static void what_went_is_an_error_and_no_fault(void **state)
{
    (void)state;
    char *gone = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t copy = 0, word = 42;
    munmap(gone + 4096, 4096);
    assert_int_equal(tenure__loader_read(&copy, (uint64_t)&word, 8), 0);
    assert_int_equal(copy, 42);
    assert_int_equal(tenure__loader_read(&copy, (uint64_t)gone + 4096, 8),
                     -EFAULT);
    assert_int_equal(tenure__loader_read(&copy, (uint64_t)gone + 4092, 8),
                     -EFAULT);
    munmap(gone, 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_says_what_the_loader_says),
        cmocka_unit_test(a_visit_ends_it),
        cmocka_unit_test(what_went_is_an_error_and_no_fault),
    };
    return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
