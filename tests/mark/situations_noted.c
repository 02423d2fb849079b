/* Blocks about which the program itself says something. */
#include "situations.h"

#include "agent/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/include/tenure.h"

/* As <sanitizer/lsan_interface.h> declares them. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));
void __lsan_ignore_object(const void *block) __attribute__((weak));
void __lsan_register_root_region(const void *start, size_t bytes)
    __attribute__((weak));
void __lsan_unregister_root_region(const void *start, size_t bytes)
    __attribute__((weak));
int __lsan_do_recoverable_leak_check(void) __attribute__((weak));

static void *volatile global;

static NOINLINE void ignored_with_what_it_holds(void)
{
    void **holder = block_of(40);
    holder[1] = block_of(100);
    __lsan_ignore_object(holder);
    block_of(10);
}

static NOINLINE void ignored_by_address_inside(void)
{
    tenure_ignore((char *)block_of(5000) + 4000);
    block_of(10);
}

static NOINLINE void born_between(void)
{
    __lsan_disable();
    block_of(100);
    __lsan_disable();
    block_of(200);
    __lsan_enable();
    block_of(1 << 20);
    __lsan_enable();
    block_of(10);
}

static NOINLINE void *leak_in_thread(void *with)
{
    block_of(10);
    return with;
}

static NOINLINE void only_in_this_thread(void)
{
    tenure_ignore_begin();
    in_thread(leak_in_thread);
    tenure_ignore_end();
}

static NOINLINE void ignored_and_freed(void)
{
    for (int i = 0; i < 100; i++) {
        void *block = block_of(100);
        tenure_ignore(block);
        free(block);
    }
    tenure_snapshot("another generation");
    block_of(100);
}

#define REGION_BYTES 65536

/* Pointers in a file that others see are no roots, if it is as large as a
 * database's. */
static NOINLINE void **map_file(void)
{
    const size_t bytes = TENURE_SHARED_FILE_MAX + REGION_BYTES;
    char name[] = "/tmp/tenure-region-XXXXXX";
    int fd = mkstemp(name);
    if (fd < 0 || unlink(name) != 0 || ftruncate(fd, bytes) != 0)
        abort();
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return map;
}

static NOINLINE void in_large_shared_file(void)
{
    map_file()[100] = block_of(100);
}

static NOINLINE void in_root_region(void)
{
    void **map = map_file();
    __lsan_register_root_region(map, REGION_BYTES);
    map[100] = block_of(100);
}

static NOINLINE void in_part_of_root_region(void)
{
    void **map = map_file();
    tenure_root_add(map, 4096);
    map[100] = block_of(100);
    map[1000] = block_of(10);
}

static NOINLINE void in_former_root_region(void)
{
    void **map = map_file();
    __lsan_register_root_region(map, REGION_BYTES);
    __lsan_unregister_root_region(map, REGION_BYTES);
    map[100] = block_of(100);
}

static NOINLINE void leak_for_check(void)
{
    global = block_of(100);
    global = NULL;
}

static NOINLINE void checked_by_the_program(void)
{
    if (__lsan_do_recoverable_leak_check() != 0)
        abort();
    leak_for_check();
    scrub();
    if (__lsan_do_recoverable_leak_check() == 0)
        abort();
}

const struct situation situations_noted[] = {
    {"ignored_with_what_it_holds", 1, 10, ignored_with_what_it_holds},
    {"ignored_by_address_inside", 1, 10, ignored_by_address_inside},
    {"born_between", 1, 10, born_between},
    {"only_in_this_thread", 1, 10, only_in_this_thread},
    {"ignored_and_freed", 1, 100, ignored_and_freed},
    {"in_large_shared_file", 1, 100, in_large_shared_file},
    {"in_root_region", 0, 0, in_root_region},
    {"in_part_of_root_region", 1, 10, in_part_of_root_region},
    {"in_former_root_region", 1, 100, in_former_root_region},
    {"checked_by_the_program", 1, 100, checked_by_the_program},
    {0},
};
