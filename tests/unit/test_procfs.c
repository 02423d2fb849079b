/*
 * Small files of /proc, on this very process, and its list of mappings
 * through buffers of any size.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/proc.h"
#include "agent/procfs.h"

static void a_file_is_read_whole_and_ends_in_a_zero(void **state)
{
    (void)state;
    char text[8192];
    long bytes = tenure__read_file("/proc/self/status", text, sizeof text);
    assert_true(bytes > 0);
    assert_int_equal(strlen(text), bytes);
    assert_int_equal(tenure__field(text, "Pid"), getpid());
}

static void a_file_larger_than_the_buffer_is_cut(void **state)
{
    (void)state;
    char text[16];
    assert_int_equal(tenure__read_file("/proc/self/status", text, sizeof text),
                     15);
    assert_int_equal(text[15], 0);
}

static void a_file_that_is_not_there_is_an_error_and_an_empty_text(void **state)
{
    (void)state;
    char text[16] = "before";
    assert_int_equal(tenure__read_file("/proc/self/none", text, sizeof text),
                     -ENOENT);
    assert_string_equal(text, "");
}

static void a_directory_cannot_be_read_as_a_file(void **state)
{
    (void)state;
    char text[16];
    assert_int_equal(tenure__read_file("/proc/self", text, sizeof text),
                     -EISDIR);
}

static void a_field_is_the_number_behind_its_name(void **state)
{
    (void)state;
    const char *text = "VmPeak:\t  12 kB\nVmRSS:     345 kB\nName:\tx\nlast 7";
    assert_int_equal(tenure__field(text, "VmPeak"), 12);
    assert_int_equal(tenure__field(text, "VmRSS"), 345);
    assert_int_equal(tenure__field(text, "last"), 7);
    assert_int_equal(tenure__field(text, "Name"), 0);
    assert_int_equal(tenure__field(text, "None"), 0);
    assert_int_equal(tenure__field("", "VmRSS"), 0);
}

struct found {
    uint64_t maps, last_end;
    bool code, heap_name, ours;
};

/* Walks all mappings; finds that of `block` and that of this function. */
static struct found walk(size_t room, const void *block)
{
    struct found found = {0};
    struct tenure__maps maps;
    struct tenure__map map;
    char *buffer = malloc(room);
    assert_non_null(buffer);
    assert_int_equal(tenure__maps_open(&maps, buffer, room), 0);
    while (tenure__maps_next(&maps, &map)) {
        uint64_t code = (uint64_t)&walk, data = (uint64_t)block;
        assert_true(map.start < map.end && map.start >= found.last_end);
        found.last_end = map.end;
        found.maps++;
        if (code >= map.start && code < map.end)
            found.code = map.readable && map.executable && !map.writable &&
                         map.inode != 0 &&
                         strstr(map.name, "test_procfs") != NULL;
        if (data >= map.start && data < map.end)
            found.ours =
                map.readable && map.writable && map.shared && !map.executable;
        found.heap_name |= strcmp(map.name, "[stack]") == 0;
    }
    tenure__maps_close(&maps);
    free(buffer);
    return found;
}

static void mappings_are_told_with_rights_and_names(void **state)
{
    (void)state;
    void *shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    for (size_t room = 512; room <= 65536; room *= 2) {
        struct found found = walk(room, shared);
        assert_true(found.maps > 10);
        assert_true(found.code);
        assert_true(found.ours);
        assert_true(found.heap_name);
    }
    munmap(shared, 8192);
}

static void a_line_longer_than_the_buffer_ends_the_list(void **state)
{
    (void)state;
    struct tenure__maps maps;
    struct tenure__map map;
    char buffer[16];
    assert_int_equal(tenure__maps_open(&maps, buffer, sizeof buffer), 0);
    assert_false(tenure__maps_next(&maps, &map));
    tenure__maps_close(&maps);
}

static void pages_are_resident_once_they_were_touched(void **state)
{
    (void)state;
    size_t page = (size_t)getpagesize(), bytes = 1000 * page;
    char *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int fd = open("/proc/self/pagemap", O_RDONLY);
    assert_true(fd >= 0);
    madvise(at, bytes, MADV_NOHUGEPAGE);
    uint64_t end = (uint64_t)at + bytes;
    assert_int_equal(tenure__resident_pages(fd, (uint64_t)at, end), 0);
    for (size_t i = 0; i < 1000; i += 3)
        at[i * page] = 1;
    assert_int_equal(tenure__resident_pages(fd, (uint64_t)at, end), 334);
    assert_int_equal(tenure__resident_pages(-1, (uint64_t)at, end), 0);
    close(fd);
    munmap(at, bytes);
}

static bool is_ours(int number, void *seen)
{
    *(int *)seen += number == getpid();
    return true;
}

static bool stop_at_once(int number, void *seen)
{
    (void)number;
    ++*(int *)seen;
    return false;
}

static void threads_are_listed_by_number(void **state)
{
    (void)state;
    int ours = 0, any = 0;
    int tasks = tenure__proc_open(0, 0, "task", O_RDONLY | O_DIRECTORY);
    assert_int_equal(tenure__proc_numbers(tasks, is_ours, &ours), 0);
    assert_int_equal(ours, 1);
    tasks = tenure__proc_open(getpid(), 0, "task", O_RDONLY | O_DIRECTORY);
    assert_int_equal(tenure__proc_numbers(tasks, stop_at_once, &any), 0);
    assert_int_equal(any, 1);
    assert_true(tenure__proc_numbers(-1, is_ours, &ours) < 0);
}

static void hexadecimal_numbers_move_the_text_on(void **state)
{
    (void)state;
    uint64_t number = 1;
    const char *at = "0x7fFf rest";
    assert_true(tenure__proc_hex(&at, &number));
    assert_int_equal(number, 0x7fff);
    assert_string_equal(at, " rest");
    at = "ghi";
    assert_false(tenure__proc_hex(&at, &number));
    assert_string_equal(at, "ghi");
    assert_int_equal(number, 0x7fff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole_and_ends_in_a_zero),
        cmocka_unit_test(a_file_larger_than_the_buffer_is_cut),
        cmocka_unit_test(
            a_file_that_is_not_there_is_an_error_and_an_empty_text),
        cmocka_unit_test(a_directory_cannot_be_read_as_a_file),
        cmocka_unit_test(a_field_is_the_number_behind_its_name),
        cmocka_unit_test(mappings_are_told_with_rights_and_names),
        cmocka_unit_test(a_line_longer_than_the_buffer_ends_the_list),
        cmocka_unit_test(pages_are_resident_once_they_were_touched),
        cmocka_unit_test(threads_are_listed_by_number),
        cmocka_unit_test(hexadecimal_numbers_move_the_text_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
