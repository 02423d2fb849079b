/* Ways from roots to blocks, read from a snapshot and named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/retainer.h"
#include "snapshot_writer.h"

/* The variable that is looked for, in this very program. */
static struct {
    uint64_t before, pointer;
} tenure_test_variable;

static struct {
    void *of[3];
} tenure_test_rows[20];

/* As a library's container in a structure of the program. */
static struct {
    uint64_t before;
    struct {
        struct {
            void *parent, *left, *right;
        } _Header; /* NOLINT: a library's name is the point */
    } sessions;
    struct {
        void *_Elements[8]; /* NOLINT */
    } lanes;
} tenure_test_server;

static __thread uint64_t tenure_test_local;

struct held {
    struct tenure_series series;
    struct tenure_symbols *symbols;
    struct tenure_retainers *all;
    struct writer *writer;
    void *image;
    uint32_t thread, module;
};

static int first_bias(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(uint64_t *)data = info->dlpi_addr;
    return 1; /* the program comes first */
}

static void begin(struct held *held, const char *path)
{
    *held = (struct held){.writer = writer_new()};
    held->writer->process.kind = TENURE_MAJOR;
    held->thread = writer_thread(held->writer, "main");
    held->module = writer_module(held->writer, path, "", 0x1000, 0x900000);
    held->writer->process.started_unix_ns = UINT64_C(1) << 62;
}

static uint32_t site(struct held *held, uint64_t pc)
{
    uint64_t stack[] = {pc, 0};
    uint32_t id = writer_stack(held->writer, held->thread, held->module, stack);
    writer_row(held->writer, id, 1, 10, 1000);
    return id;
}

static void step(struct held *held, struct tenure_retainer record)
{
    writer_add(held->writer, TENURE_SECTION_RETAINERS, &record);
}

static void open_all(struct held *held)
{
    struct tenure_snapshot *snapshot = calloc(1, sizeof *snapshot);
    size_t bytes;
    held->image = writer_image(held->writer, &bytes);
    assert_non_null(snapshot);
    assert_int_equal(
        tenure_snapshot_use(snapshot, "a", held->image, bytes, NULL), 0);
    assert_int_equal(tenure_series_join(&held->series, snapshot, 1, NULL), 0);
    held->symbols = tenure_symbols_new(&held->series, NULL);
    held->all = tenure_retainers_new(&held->series, held->symbols);
    tenure_symbols_resolve(held->symbols);
}

static void close_all(struct held *held)
{
    tenure_retainers_free(held->all);
    tenure_symbols_free(held->symbols);
    tenure_series_close(&held->series);
    writer_free(held->writer);
    free(held->image);
}

static const struct tenure_step *way(struct held *held, uint32_t id,
                                     uint32_t *count)
{
    return tenure_retainers_of(
        held->all, tenure_calltree_find(&held->series.calls, id), count);
}

static void check(const struct tenure_step *of, const char *text, double share)
{
    char found[256];
    assert_string_equal(tenure_step_text(of, found, sizeof found), text);
    assert_true(of->share > share - 1e-9 && of->share < share + 1e-9);
}

static void a_way_has_a_step_for_each_record_root_first(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    begin(&held, "/nowhere/server");
    uint32_t leaf = site(&held, 0x2000), box = site(&held, 0x3000);
    uint32_t other = site(&held, 0x4000);
    step(&held, (struct tenure_retainer){.site = leaf,
                                         .kind = TENURE_RETAINER_GLOBAL,
                                         .module = held.module,
                                         .share = 10000,
                                         .offset = 0x5008});
    step(&held, (struct tenure_retainer){.site = leaf,
                                         .step = 1,
                                         .kind = TENURE_RETAINER_BLOCK,
                                         .module = TENURE_NONE,
                                         .what = box,
                                         .share = 9500,
                                         .offset = 16});
    step(&held, (struct tenure_retainer){.site = box,
                                         .kind = TENURE_RETAINER_USER,
                                         .module = TENURE_NONE,
                                         .share = 10000});
    open_all(&held);
    const struct tenure_step *steps = way(&held, leaf, &count);
    assert_int_equal(count, 2);
    check(&steps[0], "unnamed global+0x5008 (server)", 1);
    check(&steps[1], "one block of 0x2000, at +0x10", 0.95);
    steps = way(&held, box, &count);
    assert_int_equal(count, 1);
    check(&steps[0], "a region that the program named", 1);
    way(&held, other, &count);
    assert_int_equal(count, 0);
    close_all(&held);
}

static void a_global_has_the_name_of_the_variable_that_contains_it(void **state)
{
    (void)state;
    struct held held;
    uint64_t bias = 0;
    uint32_t count;
    char self[4096] = "", text[256];
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    dl_iterate_phdr(first_bias, &bias);
    begin(&held, self);
    uint32_t leaf = site(&held, 0x2000);
    step(&held,
         (struct tenure_retainer){
             .site = leaf,
             .kind = TENURE_RETAINER_GLOBAL,
             .module = held.module,
             .offset =
                 (uint64_t)(uintptr_t)&tenure_test_variable.pointer - bias});
    open_all(&held);
    const struct tenure_step *steps = way(&held, leaf, &count);
    assert_int_equal(count, 1);
    assert_string_equal(tenure_step_text(steps, text, sizeof text),
                        "global `tenure_test_variable.pointer` "
                        "(test_retainer)");
    assert_string_equal(tenure_step_name(steps, text, sizeof text),
                        "global `tenure_test_variable` (test_retainer)");
    assert_string_equal(steps->member, "tenure_test_variable.pointer");
    assert_int_equal(steps->offset, 8);
    close_all(&held);
}

static void a_thread_is_named_as_long_as_the_snapshot_knows_it(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    begin(&held, "/nowhere/server");
    struct tenure_thread thread = {
        .tid = 77, .name = writer_string(held.writer, "worker-3")};
    writer_add(held.writer, TENURE_SECTION_THREADS, &thread);
    static const struct {
        uint32_t kind, tid;
        const char *text;
        uint64_t offset;
        bool framed;
    } cases[] = {
        {TENURE_RETAINER_STACK, 77, "stack of thread worker-3 (77)", 0, false},
        {TENURE_RETAINER_STACK, 77,
         "stack of thread worker-3 (77), in server+0x1234", 0x1234, true},
        {TENURE_RETAINER_TLS, 77,
         "thread-local storage of thread worker-3 (77)", 64, false},
        {TENURE_RETAINER_TLS, 77,
         "descriptor (pthread_setspecific) of thread worker-3 (77)", 0, false},
        {TENURE_RETAINER_REGISTER, 78, "a register of thread 78", 0, false},
    };
    uint32_t id[5];
    for (uint32_t i = 0; i < 5; i++) {
        id[i] = site(&held, 0x2000 + i * 16);
        step(&held, (struct tenure_retainer){
                        .site = id[i],
                        .kind = cases[i].kind,
                        .module = cases[i].framed ? held.module : TENURE_NONE,
                        .what = cases[i].tid,
                        .share = 10000,
                        .offset = cases[i].offset});
    }
    open_all(&held);
    for (uint32_t i = 0; i < 5; i++)
        check(way(&held, id[i], &count), cases[i].text, 1);
    close_all(&held);
}

static uint64_t own_offset(const void *of)
{
    uint64_t bias = 0;
    dl_iterate_phdr(first_bias, &bias);
    return (uint64_t)(uintptr_t)of - bias;
}

static void begin_self(struct held *held)
{
    char self[4096] = "";
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    begin(held, self);
    writer_run(held->writer, 1, 4242, self);
}

static void words_of_one_variable_are_one_step_and_ways_stay_apart(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    char text[256];
    begin_self(&held);
    uint32_t leaf = site(&held, 0x2000), box = site(&held, 0x3000);
    for (uint32_t i = 0; i < 3; i++)
        step(&held,
             (struct tenure_retainer){
                 .site = leaf,
                 .kind = TENURE_RETAINER_GLOBAL,
                 .module = held.module,
                 .what = i,
                 .share = 2000,
                 .offset = i < 2 ? own_offset(&tenure_test_rows[5 * i + 2])
                                 : own_offset(&tenure_test_variable)});
    step(&held, (struct tenure_retainer){.site = leaf,
                                         .step = 1,
                                         .kind = TENURE_RETAINER_BLOCKS,
                                         .module = TENURE_NONE,
                                         .what = box,
                                         .share = 6000,
                                         .offset = 8});
    step(&held, (struct tenure_retainer){
                    .site = leaf,
                    .kind = TENURE_RETAINER_GLOBAL,
                    .module = held.module,
                    .share = 3000,
                    .offset = own_offset(&tenure_test_rows[4].of[1])});
    for (uint32_t i = 0; i < 2; i++) /* to a reader they are the same */
        step(&held, (struct tenure_retainer){
                        .site = leaf, .module = TENURE_NONE, .share = 500});
    open_all(&held);
    const struct tenure_step *steps = way(&held, leaf, &count);
    assert_int_equal(count, 5);
    check(&steps[0],
          "global `tenure_test_rows`, many of its words (test_retainer)", 0.4);
    check(&steps[1], "global `tenure_test_variable.before` (test_retainer)",
          0.2);
    check(&steps[2], "blocks of 0x2000, at +0x8", 0.6);
    check(&steps[3], "global `tenure_test_rows[4].of[1]` (test_retainer)", 0.3);
    check(&steps[4], "something that was not found: no root points here", 0.1);
    assert_int_equal(steps[2].way, 0);
    assert_int_equal(steps[3].way, 1);
    assert_int_equal(steps[4].way, 2);
    assert_string_equal(
        tenure_way_text(held.all,
                        tenure_calltree_find(&held.series.calls, leaf), text,
                        sizeof text),
        "global `tenure_test_rows`, many of its words (test_retainer) and "
        "global `tenure_test_variable.before` (test_retainer) -> blocks of "
        "0x2000, at +0x8");
    close_all(&held);
}

static void two_words(struct held *held, uint32_t leaf, const void *first,
                      const void *second)
{
    const void *const word[] = {first, second};
    for (uint32_t i = 0; i < 2; i++)
        step(held, (struct tenure_retainer){.site = leaf,
                                            .kind = TENURE_RETAINER_GLOBAL,
                                            .module = held->module,
                                            .what = i,
                                            .share = 5000,
                                            .offset = own_offset(word[i])});
}

static void words_of_one_member_have_the_name_of_the_smallest(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    begin_self(&held);
    uint32_t tree = site(&held, 0x2000), lanes = site(&held, 0x3000);
    uint32_t both = site(&held, 0x4000);
    two_words(&held, tree, &tenure_test_server.sessions._Header.left,
              &tenure_test_server.sessions._Header.right);
    two_words(&held, lanes, &tenure_test_server.lanes._Elements[1],
              &tenure_test_server.lanes._Elements[3]);
    two_words(&held, both, &tenure_test_server.sessions._Header.left,
              &tenure_test_server.lanes._Elements[3]);
    open_all(&held);
    const struct tenure_step *steps = way(&held, tree, &count);
    assert_int_equal(count, 1);
    check(steps, "global `tenure_test_server.sessions` (test_retainer)", 1);
    assert_string_equal(steps->member, "tenure_test_server.sessions");
    check(way(&held, lanes, &count),
          "global `tenure_test_server.lanes`, many of its words "
          "(test_retainer)",
          1);
    check(way(&held, both, &count),
          "global `tenure_test_server` (test_retainer)", 1);
    close_all(&held);
}

static void neighbours_that_look_the_same_are_one_step(void **state)
{
    (void)state;
    static const struct {
        uint32_t kind, times;
        uint64_t offset;
        const char *text;
    } runs[] = {
        {TENURE_RETAINER_CHAIN, 12, 8,
         "12 chains of blocks of 0x2000, at +0x8"},
        {TENURE_RETAINER_CHAIN, 1, 16, "a chain of blocks of 0x2000, at +0x10"},
        {TENURE_RETAINER_BLOCK, 2, 16, "2 blocks in a row of 0x2000, at +0x10"},
        {TENURE_RETAINER_BLOCKS, 3, 16,
         "3 layers of blocks of 0x2000, at +0x10"},
    };
    struct held held;
    uint32_t count, number = 1;
    begin(&held, "/nowhere/server");
    uint32_t leaf = site(&held, 0x2000), box = site(&held, 0x3000);
    step(&held, (struct tenure_retainer){.site = leaf,
                                         .kind = TENURE_RETAINER_USER,
                                         .module = TENURE_NONE,
                                         .share = 10000});
    for (uint32_t i = 0; i < 4; i++)
        for (uint32_t n = 0; n < runs[i].times; n++)
            step(&held, (struct tenure_retainer){.site = leaf,
                                                 .step = number++,
                                                 .kind = runs[i].kind,
                                                 .module = TENURE_NONE,
                                                 .what = box,
                                                 .share = 10000,
                                                 .offset = runs[i].offset});
    open_all(&held);
    const struct tenure_step *steps = way(&held, leaf, &count);
    assert_int_equal(count, 5);
    for (uint32_t i = 0; i < 4; i++) {
        check(&steps[i + 1], runs[i].text, 1);
        assert_int_equal(steps[i + 1].times, runs[i].times);
    }
    close_all(&held);
}

/* The function that the pc is in, and the variable below or above the
 * thread pointer. */
static void stacks_and_thread_locals_of_the_program_have_names(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    char *pointer = __builtin_thread_pointer();
    int64_t distance = (char *)&tenure_test_local - pointer;
    begin_self(&held);
    uint32_t leaf = site(&held, 0x2000), box = site(&held, 0x3000);
    union {
        void (*code)(void **state);
        void *data;
    } here = {stacks_and_thread_locals_of_the_program_have_names};
    step(&held, (struct tenure_retainer){.site = leaf,
                                         .kind = TENURE_RETAINER_STACK,
                                         .module = held.module,
                                         .what = 9,
                                         .share = 10000,
                                         .offset = own_offset(here.data) + 1});
    step(&held, (struct tenure_retainer){
                    .site = box,
                    .kind = TENURE_RETAINER_TLS,
                    .module = TENURE_NONE,
                    .what = 9,
                    .share = 10000,
                    .offset = (uint64_t)(distance < 0 ? -distance : distance)});
    held.writer->process.machine = distance < 0 ? 62 : 183;
    open_all(&held);
    check(way(&held, leaf, &count),
          "stack of thread 9, in "
          "stacks_and_thread_locals_of_the_program_have_names",
          1);
    check(way(&held, box, &count),
          "thread-local `tenure_test_local` of thread 9", 1);
    close_all(&held);
}

static void a_snapshot_without_retainers_has_no_way(void **state)
{
    (void)state;
    struct held held;
    uint32_t count;
    begin(&held, "/nowhere/server");
    uint32_t leaf = site(&held, 0x2000);
    open_all(&held);
    assert_null(tenure_retainers_snapshot(held.all));
    assert_null(way(&held, leaf, &count));
    assert_int_equal(count, 0);
    close_all(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_way_has_a_step_for_each_record_root_first),
        cmocka_unit_test(
            a_global_has_the_name_of_the_variable_that_contains_it),
        cmocka_unit_test(a_thread_is_named_as_long_as_the_snapshot_knows_it),
        cmocka_unit_test(
            words_of_one_variable_are_one_step_and_ways_stay_apart),
        cmocka_unit_test(words_of_one_member_have_the_name_of_the_smallest),
        cmocka_unit_test(neighbours_that_look_the_same_are_one_step),
        cmocka_unit_test(stacks_and_thread_locals_of_the_program_have_names),
        cmocka_unit_test(a_snapshot_without_retainers_has_no_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
