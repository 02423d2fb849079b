/* Opening snapshots: what is read, and one clear line for what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/snapshot.h"
#include "snapshot_writer.h"

static char directory[] = "/tmp/tenure-test-XXXXXX";

static const char *in_directory(const char *name)
{
    static char path[sizeof directory + 64];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int make_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    remove(in_directory("a.tenure"));
    remove(in_directory("bad"));
    remove(in_directory("fifo"));
    return rmdir(directory);
}

static struct writer *sample(void)
{
    struct writer *w = writer_new();
    uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
    uint32_t thread = writer_thread(w, "server");
    uint64_t stack[] = {0x1234, 0x1500, 0};
    uint32_t site = writer_stack(w, thread, exe, stack);
    writer_row(w, site, 1, 10, 1000);
    writer_value(w, TENURE_VALUE_RSS_BYTES, 12345);
    writer_value(w, TENURE_VALUE_DROPPED_NO_SITE, 3);
    writer_value(w, TENURE_VALUE_DROPPED_NO_TABLE, 4);
    writer_value(w, TENURE_VALUE_UNTRACKED_FREES, 5);
    return w;
}

static void a_file_is_read_as_it_was_written(void **state)
{
    (void)state;
    struct writer *w = sample();
    struct tenure_snapshot s;
    struct tenure_why why;
    writer_save(w, in_directory("a.tenure"));
    writer_free(w);
    assert_int_equal(tenure_snapshot_open(&s, in_directory("a.tenure"), &why),
                     0);
    assert_int_equal(s.rows_count, 1);
    assert_int_equal(s.rows[0].bytes, 1000);
    assert_int_equal(s.nodes_count, 3);
    assert_null(s.growths);
    assert_int_equal(tenure_snapshot_value(&s, TENURE_VALUE_RSS_BYTES), 12345);
    assert_int_equal(tenure_snapshot_value(&s, TENURE_VALUE_LIVE_BYTES), 1000);
    assert_int_equal(tenure_snapshot_value(&s, TENURE_VALUE_THREADS), 0);
    assert_int_equal(tenure_snapshot_dropped(&s), 7);
    assert_int_equal(tenure_snapshot_node(&s, 3)->pc, 0x1234);
    assert_null(tenure_snapshot_node(&s, 4));
    assert_string_equal(
        tenure_snapshot_string(&s, tenure_snapshot_exe(&s)->build_id), "abcd");
    tenure_snapshot_close(&s);
}

static void put(const void *data, size_t bytes)
{
    FILE *file = fopen(in_directory("bad"), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

static void refused(const char *path, const char *reason)
{
    struct tenure_snapshot s;
    struct tenure_why why = {""};
    assert_int_equal(tenure_snapshot_open(&s, path, &why), -1);
    if (!strstr(why.text, reason) || strchr(why.text, '\n'))
        fail_msg("'%s' does not say '%s'", why.text, reason);
}

static void whatever_is_not_a_snapshot_is_named(void **state)
{
    (void)state;
    refused(in_directory("missing"), "No such file");
    refused(directory, "is a directory");
    assert_int_equal(mkfifo(in_directory("fifo"), 0600), 0);
    refused(in_directory("fifo"), "not a regular file");
    put("", 0);
    refused(in_directory("bad"), "is empty");
    put("\x7f"
        "ELF",
        4);
    refused(in_directory("bad"), "too short");
    put("#!/bin/sh\nexit\n", 15);
    refused(in_directory("bad"), "not a tenure snapshot");
}

static void damage_is_named(void **state)
{
    (void)state;
    struct writer *w = sample();
    size_t bytes;
    char *image = writer_image(w, &bytes);
    writer_free(w);
    put(image, bytes - 1);
    refused(in_directory("bad"), "truncated");
    image[bytes - 5] ^= 1;
    put(image, bytes);
    refused(in_directory("bad"), "damaged (checksum)");
    image[bytes - 5] ^= 1;
    ((struct tenure_header *)(void *)image)->version++;
    put(image, bytes);
    refused(in_directory("bad"), "newer tenure");
    free(image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_as_it_was_written),
        cmocka_unit_test(whatever_is_not_a_snapshot_is_named),
        cmocka_unit_test(damage_is_named),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
