/* Libraries past the agent, in words, and those a user accepts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "report/unseen_modules.h"
#include "snapshot_writer.h"

struct said {
    uint64_t count;
    char text[200];
};

/* Of a snapshot that counts so many modules and lists these. */
static struct said say(uint64_t count, const char *const *paths, size_t listed,
                       const struct tenure_texts *accepted)
{
    struct said said = {0};
    struct tenure_snapshot snapshot;
    struct tenure_words words = tenure_words_in(said.text, sizeof said.text);
    struct writer *w = writer_new();
    size_t bytes;
    writer_value(w, TENURE_VALUE_UNSEEN_MODULES, count);
    for (size_t i = 0; i < listed; i++) {
        struct tenure_unseen_module module = {.path =
                                                  writer_string(w, paths[i])};
        writer_add(w, TENURE_SECTION_UNSEEN_MODULES, &module);
    }
    void *image = writer_image(w, &bytes);
    writer_free(w);
    assert_int_equal(tenure_snapshot_use(&snapshot, "a", image, bytes, NULL),
                     0);
    said.count = tenure_unseen_modules_say(&snapshot, accepted, ", ", &words);
    tenure_snapshot_close(&snapshot);
    free(image);
    return said;
}

static const char *const two[] = {"/opt/a.so", "/opt/b.so"};

static void where_all_were_seen_nothing_is_said(void **state)
{
    (void)state;
    struct said said = say(0, NULL, 0, NULL);
    assert_int_equal(said.count, 0);
    assert_string_equal(said.text, "");
}

static void they_are_named_by_their_files(void **state)
{
    (void)state;
    struct said said = say(2, two, 2, NULL);
    assert_int_equal(said.count, 2);
    assert_string_equal(said.text, "a.so, b.so");
}

static void those_the_agent_could_not_list_are_counted(void **state)
{
    (void)state;
    assert_string_equal(say(5, two, 2, NULL).text, "a.so, b.so and 3 more");
    assert_string_equal(say(5, NULL, 0, NULL).text, "5 libraries");
}

static void eight_are_named_at_the_most(void **state)
{
    (void)state;
    char path[12][8];
    const char *paths[12];
    for (int i = 0; i < 12; i++) {
        snprintf(path[i], sizeof path[i], "/l%d", i);
        paths[i] = path[i];
    }
    assert_string_equal(say(12, paths, 12, NULL).text,
                        "l0, l1, l2, l3, l4, l5, l6, l7 and 4 more");
}

static void an_accepted_one_is_not_said(void **state)
{
    (void)state;
    const char *lists[] = {"x.so,a.so", "b.s"};
    struct tenure_texts accepted = {.at = lists, .count = 2};
    struct said said = say(2, two, 2, &accepted);
    assert_int_equal(said.count, 1);
    assert_string_equal(said.text, "b.so");
    lists[1] = "b.so,";
    said = say(2, two, 2, &accepted);
    assert_int_equal(said.count, 0);
    assert_string_equal(said.text, "");
}

static void a_name_is_accepted_as_a_whole(void **state)
{
    (void)state;
    const char *lists[] = {"a.so,,b.so"};
    struct tenure_texts accepted = {.at = lists, .count = 1};
    assert_true(tenure_unseen_is_accepted(&accepted, "a.so"));
    assert_true(tenure_unseen_is_accepted(&accepted, "b.so"));
    assert_false(tenure_unseen_is_accepted(&accepted, "a"));
    assert_false(tenure_unseen_is_accepted(&accepted, "so,,b.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_all_were_seen_nothing_is_said),
        cmocka_unit_test(they_are_named_by_their_files),
        cmocka_unit_test(those_the_agent_could_not_list_are_counted),
        cmocka_unit_test(eight_are_named_at_the_most),
        cmocka_unit_test(an_accepted_one_is_not_said),
        cmocka_unit_test(a_name_is_accepted_as_a_whole),
    };
    return cmocka_run_group_tests_name("unseen_modules", tests, NULL, NULL);
}
