/* The checksum against published vectors, and the reader against damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "agent/format/format.h"

static uint64_t sum_of(const void *data, size_t bytes, size_t piece)
{
    struct tenure_checksum sum;
    tenure_checksum_start(&sum);
    for (size_t at = 0; at < bytes; at += piece)
        tenure_checksum_add(&sum, (const char *)data + at,
                            bytes - at < piece ? bytes - at : piece);
    return tenure_checksum_end(&sum);
}

static void checksum_agrees_with_the_published_values(void **state)
{
    (void)state;
    const char *text = "Nobody inspects the spammish repetition";
    assert_true(sum_of("", 0, 1) == 0xEF46DB3751D8E999u);
    assert_true(sum_of("abc", 3, 3) == 0x44BC2CF5AD770999u);
    assert_true(sum_of(text, strlen(text), 100) == 0xFBCEA83C8A378BF1u);
}

static void checksum_does_not_depend_on_the_pieces(void **state)
{
    (void)state;
    char data[1000];
    for (int i = 0; i < 1000; i++)
        data[i] = (char)(i * 7);
    for (size_t piece = 1; piece < 100; piece++)
        assert_true(sum_of(data, 1000, piece) == sum_of(data, 1000, 1000));
}

/* A small snapshot: one process, one string, one thread, one frame; and
 * three first words of blocks, what two sites retain, one container, and one
 * step of a way. */
struct small {
    struct tenure_header header;
    struct tenure_section section[8];
    struct tenure_process process;
    char strings[8];
    struct tenure_node node[2];
    struct tenure_row row[1];
    struct tenure_type type[3];
    struct tenure_retained retained[2];
    struct tenure_container container[1];
    struct tenure_retainer step[1];
};

static void seal(struct small *file)
{
    file->header.checksum = 0;
    file->header.checksum = sum_of(file, sizeof *file, sizeof *file);
}

static struct small *make(void)
{
    struct small *f = calloc(1, sizeof *f);
    assert_non_null(f);
    memcpy(f->header.magic, TENURE_FORMAT_MAGIC, 8);
    f->header.version = TENURE_FORMAT_VERSION;
    f->header.byte_order = TENURE_FORMAT_BYTE_ORDER;
    f->header.file_bytes = sizeof *f;
    f->header.section_count = 8;
    f->section[0] = (struct tenure_section){
        TENURE_SECTION_PROCESS, sizeof f->process,
        offsetof(struct small, process), 1, sizeof f->process};
    f->section[1] = (struct tenure_section){
        TENURE_SECTION_STRINGS, 1, offsetof(struct small, strings), 8, 8};
    f->section[2] = (struct tenure_section){
        TENURE_SECTION_NODES, sizeof f->node[0], offsetof(struct small, node),
        2, sizeof f->node};
    f->section[3] =
        (struct tenure_section){TENURE_SECTION_ROWS, sizeof f->row[0],
                                offsetof(struct small, row), 1, sizeof f->row};
    f->section[4] = (struct tenure_section){
        TENURE_SECTION_TYPES, sizeof f->type[0], offsetof(struct small, type),
        3, sizeof f->type};
    f->section[5] = (struct tenure_section){
        TENURE_SECTION_RETAINED, sizeof f->retained[0],
        offsetof(struct small, retained), 2, sizeof f->retained};
    f->section[6] = (struct tenure_section){
        TENURE_SECTION_CONTAINERS, sizeof f->container[0],
        offsetof(struct small, container), 1, sizeof f->container};
    f->section[7] = (struct tenure_section){
        TENURE_SECTION_RETAINERS, sizeof f->step[0],
        offsetof(struct small, step), 1, sizeof f->step};
    memcpy(f->strings, "\0main\0\0", 8);
    f->node[0] = (struct tenure_node){1, 0, 1, TENURE_NONE, TENURE_NODE_THREAD};
    f->node[1] =
        (struct tenure_node){2, 1, 0x1234, TENURE_NONE, TENURE_NODE_FRAME};
    f->row[0] = (struct tenure_row){2, 1, 3, 300};
    f->type[0] = (struct tenure_type){2, 1, 0x5000, TENURE_NONE, 0, 1, 100};
    f->type[1] = (struct tenure_type){2, 1, 0x5008, TENURE_NONE, 0, 1, 100};
    f->type[2] = (struct tenure_type){2, 2, 0x5000, TENURE_NONE, 0, 1, 100};
    f->retained[0] = (struct tenure_retained){1, 0, 100};
    f->retained[1] = (struct tenure_retained){2, 0, 300};
    f->container[0] = (struct tenure_container){.site = 2,
                                                .kind = TENURE_RETAINER_BLOCK,
                                                .what = 2,
                                                .module = TENURE_NONE};
    f->step[0] = (struct tenure_retainer){.site = 2,
                                          .step = 1,
                                          .kind = TENURE_RETAINER_BLOCK,
                                          .module = 4000,
                                          .what = 2};
    seal(f);
    return f;
}

static void a_small_file_is_whole(void **state)
{
    (void)state;
    struct small *f = make();
    uint64_t count;
    assert_int_equal(tenure_format_check(f, sizeof *f), 0);
    const struct tenure_row *row =
        tenure_format_section(f, TENURE_SECTION_ROWS, &count);
    assert_int_equal(count, 1);
    assert_int_equal(row->bytes, 300);
    assert_null(tenure_format_section(f, TENURE_SECTION_EDGES, &count));
    assert_int_equal(count, 0);
    free(f);
}

static void every_truncation_and_every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct small *f = make();
    for (size_t bytes = 0; bytes < sizeof *f; bytes++)
        assert_true(tenure_format_check(f, bytes) < 0);
    for (size_t bit = 0; bit < 8 * sizeof *f; bit++) {
        ((uint8_t *)f)[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_true(tenure_format_check(f, sizeof *f) < 0);
        ((uint8_t *)f)[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    free(f);
}

static void expect(struct small *f, int error)
{
    seal(f);
    assert_int_equal(tenure_format_check(f, sizeof *f), error);
    free(f);
}

static void records_may_not_point_outside(void **state)
{
    (void)state;
    struct small *f = make();
    f->row[0].site = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    /* Born while the snapshot was taken, but not after that. */
    f = make();
    f->row[0].generation = f->process.generation + 1;
    expect(f, 0);
    f = make();
    f->row[0].generation = f->process.generation + 2;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->node[1].parent = 2;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->node[1].module = 0;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->process.exe = 8;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->section[3].offset = sizeof *f;
    expect(f, TENURE_FORMAT_LAYOUT);
    f = make();
    f->section[3].count = UINT64_MAX;
    expect(f, TENURE_FORMAT_LAYOUT);
    f = make();
    f->section[3].type = TENURE_SECTION_NODES;
    expect(f, TENURE_FORMAT_LAYOUT);
}

static void types_are_in_order_and_point_inside(void **state)
{
    (void)state;
    struct small *f = make();
    f->type[2].site = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->type[0].module = 0;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->type[1].vtable = 0x5000;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->type[2].generation = 1;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->section[4].record_bytes = 24;
    expect(f, TENURE_FORMAT_LAYOUT);
}

static void retained_sites_are_in_order_and_known(void **state)
{
    (void)state;
    struct small *f = make();
    f->retained[1].site = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->retained[0].site = 2;
    expect(f, TENURE_FORMAT_CONTENT);
}

static void containers_and_what_they_are_of_are_known(void **state)
{
    (void)state;
    struct small *f = make();
    f->container[0].site = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->container[0].what = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->container[0].module = 0;
    expect(f, TENURE_FORMAT_CONTENT);
    /* Of a global, `what` is nothing. */
    f = make();
    f->container[0].kind = TENURE_RETAINER_GLOBAL;
    f->container[0].what = 3;
    expect(f, 0);
    f = make();
    f->section[6].record_bytes = 48;
    expect(f, TENURE_FORMAT_LAYOUT);
}

static void steps_of_ways_point_inside(void **state)
{
    (void)state;
    struct small *f = make();
    f->step[0].site = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->step[0].what = 3;
    expect(f, TENURE_FORMAT_CONTENT);
    f = make();
    f->step[0].kind = TENURE_RETAINER_GLOBAL;
    expect(f, TENURE_FORMAT_CONTENT);
}

static void files_of_the_first_version_are_whole(void **state)
{
    (void)state;
    struct small *f = make();
    f->header.version = 1;
    expect(f, 0);
}

static void each_cause_has_its_own_name(void **state)
{
    (void)state;
    struct small *f = make();
    f->header.version = 99;
    expect(f, TENURE_FORMAT_NEWER);
    f = make();
    f->header.magic[1] = 'X';
    expect(f, TENURE_FORMAT_FOREIGN);
    f = make();
    f->header.byte_order = 0x04030201;
    expect(f, TENURE_FORMAT_ENDIAN);
    assert_int_equal(tenure_format_check("", 0), TENURE_FORMAT_SHORT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checksum_agrees_with_the_published_values),
        cmocka_unit_test(checksum_does_not_depend_on_the_pieces),
        cmocka_unit_test(a_small_file_is_whole),
        cmocka_unit_test(every_truncation_and_every_flipped_bit_is_found),
        cmocka_unit_test(records_may_not_point_outside),
        cmocka_unit_test(types_are_in_order_and_point_inside),
        cmocka_unit_test(retained_sites_are_in_order_and_known),
        cmocka_unit_test(containers_and_what_they_are_of_are_known),
        cmocka_unit_test(steps_of_ways_point_inside),
        cmocka_unit_test(files_of_the_first_version_are_whole),
        cmocka_unit_test(each_cause_has_its_own_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
