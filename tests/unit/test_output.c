/*
 * What the agent writes is what the format's own check accepts, section by
 * section, with strings where they are pointed at.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/format/objects.h"
#include "agent/output.h"
#include "agent/stream.h"

static void add_process(struct tenure__output *output)
{
    struct tenure_process process = {
        .exe = tenure__output_string(output, "/bin/true"), .generation = 200};
    tenure__output_add(output, TENURE_SECTION_PROCESS, &process,
                       sizeof process);
}

static void *write_and_read(struct tenure__output *output, size_t *bytes)
{
    char name[] = "/tmp/tenure-output-XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(tenure__output_write(output, fd), 0);
    *bytes = (size_t)lseek(fd, 0, SEEK_END);
    void *data = malloc(*bytes);
    assert_non_null(data);
    assert_int_equal(pread(fd, data, *bytes, 0), (ssize_t)*bytes);
    close(fd);
    return data;
}

static void a_file_of_every_size_is_accepted(void **state)
{
    (void)state;
    for (uint32_t rows = 0; rows < 200; rows += 33) {
        struct tenure__output output;
        struct tenure_row row[200] = {0};
        size_t bytes;
        uint64_t count;
        tenure__output_start(&output);
        add_process(&output);
        struct tenure_node node = {1, 0, tenure__output_string(&output, "main"),
                                   TENURE_NONE, TENURE_NODE_THREAD};
        tenure__output_add(&output, TENURE_SECTION_NODES, &node, sizeof node);
        for (uint32_t i = 0; i < rows; i++)
            row[i] = (struct tenure_row){1, i + 1, 1, i};
        tenure__output_borrow(&output, TENURE_SECTION_ROWS, row, sizeof row[0],
                              rows);
        void *data = write_and_read(&output, &bytes);
        assert_int_equal(tenure_format_check(data, bytes), 0);
        tenure_format_section(data, TENURE_SECTION_ROWS, &count);
        assert_int_equal(count, rows);
        const struct tenure_process *process =
            tenure_format_section(data, TENURE_SECTION_PROCESS, &count);
        const char *strings =
            tenure_format_section(data, TENURE_SECTION_STRINGS, &count);
        assert_string_equal(strings + process->exe, "/bin/true");
        free(data);
        tenure__output_drop(&output);
    }
}

static void what_is_in_the_file_already_stays_there(void **state)
{
    (void)state;
    struct tenure__output output;
    struct tenure_objects_head empty = {0};
    char name[] = "/tmp/tenure-output-XXXXXX";
    uint64_t count;
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    assert_int_equal(
        tenure__write_at(fd, &empty, sizeof empty, TENURE_OUTPUT_FIRST), 0);
    tenure__output_start(&output);
    add_process(&output);
    tenure__output_written(&output, TENURE_SECTION_OBJECTS, TENURE_OUTPUT_FIRST,
                           sizeof empty);
    assert_int_equal(tenure__output_write(&output, fd), 0);
    size_t bytes = (size_t)lseek(fd, 0, SEEK_END);
    char *data = malloc(bytes);
    assert_int_equal(pread(fd, data, bytes, 0), (ssize_t)bytes);
    close(fd);
    assert_int_equal(tenure_format_check(data, bytes), 0);
    const char *section =
        tenure_format_section(data, TENURE_SECTION_OBJECTS, &count);
    assert_int_equal(section - data, TENURE_OUTPUT_FIRST);
    assert_int_equal(count, sizeof empty);
    free(data);
    tenure__output_drop(&output);
}

static void a_full_disk_is_an_error(void **state)
{
    struct tenure__output output;
    (void)state;
    tenure__output_start(&output);
    add_process(&output);
    int fd = open("/dev/full", O_WRONLY);
    assert_true(fd >= 0);
    assert_true(tenure__output_write(&output, fd) < 0);
    close(fd);
    tenure__output_drop(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_of_every_size_is_accepted),
        cmocka_unit_test(what_is_in_the_file_already_stays_there),
        cmocka_unit_test(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
