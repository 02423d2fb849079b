/* Single blocks: which are shown, as what, and damage in their stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "report/objects.h"
#include "snapshot_writer.h"

enum { BLOCKS = 5000 };

static uint32_t first_site, second_site;

static struct writer *sample(const struct tenure_edge *edge, uint32_t edges)
{
    static struct tenure_object object[BLOCKS];
    struct writer *w = writer_new();
    uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
    uint32_t thread = writer_thread(w, "server");
    uint64_t one[] = {0x1234, 0x1500, 0}, two[] = {0x1235, 0x1500, 0};
    first_site = writer_stack(w, thread, exe, one);
    second_site = writer_stack(w, thread, exe, two);
    writer_generation(w, 9, 60);
    writer_row(w, first_site, 1, 10, 1000);
    for (uint32_t i = 0; i < BLOCKS; i++)
        object[i] = (struct tenure_object){
            .address = 0x100000 + 64 * i,
            .bytes = i % 100,
            .site = i % 2 ? first_site : second_site,
            .generation = 1 + i % 9,
            .mark = TENURE_OBJECT_REACHED,
        };
    writer_objects(w, object, BLOCKS, edge, 0, edges);
    return w;
}

static void open_series(struct tenure_series *series, struct writer *w)
{
    size_t bytes;
    void *image = writer_image(w, &bytes);
    struct tenure_snapshot *snapshot = calloc(1, sizeof *snapshot);
    assert_int_equal(tenure_snapshot_use(snapshot, "a", image, bytes, NULL), 0);
    snapshot->data = image; /* taken over */
    assert_int_equal(tenure_series_join(series, snapshot, 1, NULL), 0);
    writer_free(w);
}

static void expect_order(const struct tenure_picks *picks)
{
    for (size_t i = 1; i < picks->count; i++) {
        const struct tenure_object *a = &picks->at[i - 1], *b = &picks->at[i];
        assert_true(a->bytes > b->bytes ||
                    (a->bytes == b->bytes && (a->generation < b->generation ||
                                              (a->generation == b->generation &&
                                               a->address < b->address))));
    }
}

static void the_largest_then_the_oldest_are_picked(void **state)
{
    struct tenure_series series;
    struct tenure_picks all, some;
    (void)state;
    open_series(&series, sample(NULL, 0));
    tenure_picks_make(&all, &series, TENURE_NONE, 0);
    assert_int_equal(all.count, BLOCKS);
    assert_int_equal(all.of, BLOCKS);
    expect_order(&all);
    for (uint64_t top = 1; top < 3000; top += 700) {
        tenure_picks_make(&some, &series, TENURE_NONE, top);
        assert_int_equal(some.count, top);
        assert_int_equal(some.of, BLOCKS);
        for (size_t i = 0; i < top; i++)
            assert_int_equal(some.at[i].address, all.at[i].address);
        tenure_picks_drop(&some);
    }
    tenure_picks_drop(&all);
    tenure_series_close(&series);
}

static void those_of_a_site_are_picked(void **state)
{
    struct tenure_series series;
    struct tenure_picks picks;
    (void)state;
    open_series(&series, sample(NULL, 0));
    uint32_t call = tenure_calltree_find(&series.calls, first_site);
    tenure_picks_make(&picks, &series, call, 10);
    assert_int_equal(picks.of, BLOCKS / 2);
    assert_int_equal(picks.at[0].bytes, 99);
    for (size_t i = 0; i < picks.count; i++)
        assert_int_equal(picks.at[i].site, first_site);
    assert_int_equal(tenure_object_age(&series.snapshots[0], &picks.at[0]), 8);
    tenure_picks_drop(&picks);
    tenure_series_close(&series);
}

static void first_words_are_told_apart(void **state)
{
    static const struct {
        struct tenure_object object;
        const char *text;
    } words[] = {
        {{.word = 0x1f30, .has_word = true}, "server+0xf30"},
        {{.word = 7, .has_word = true}, "7"},
        {{.word = 0x10000000, .has_word = true}, "0x10000000"},
        {{.word = 0x6c6c6568, .has_word = true}, "\"hell\""},
        {{.word = 0x6c6c656801, .has_word = true}, "0x6c6c656801"},
        {{.word = 0, .has_word = true}, "0"},
        {{.has_word = false}, ""},
    };
    struct tenure_series series;
    char text[64];
    (void)state;
    open_series(&series, sample(NULL, 0));
    struct tenure_words known = {.snapshot = &series.snapshots[0]};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        tenure_words_add(&known, &words[i].object);
    tenure_words_name(&known);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_string_equal(
            tenure_words_text(&known, &words[i].object, text, sizeof text),
            words[i].text);
        assert_string_equal(tenure_words_type(&known, &words[i].object), "");
    }
    tenure_words_drop(&known);
    tenure_series_close(&series);
}

/* After it was made with a byte of a stream changed. */
static int check(uint32_t section, size_t at, uint8_t value)
{
    static const struct tenure_edge edge[] = {
        {3, 4, TENURE_EDGE_START, 0, TENURE_NONE, 0}};
    struct writer *w = sample(edge, 1);
    size_t bytes;
    uint64_t count;
    char *image = writer_image(w, &bytes);
    const char *stream = tenure_format_section(image, section, &count);
    assert_true(at < count);
    image[stream - image + (ptrdiff_t)at] = (char)value;
    writer_seal(image, bytes);
    int error = tenure_format_check(image, bytes);
    free(image);
    writer_free(w);
    return error;
}

static void damage_in_a_stream_is_named(void **state)
{
    enum { HEAD = sizeof(struct tenure_objects_head) };
    (void)state;
    assert_int_equal(check(TENURE_SECTION_EDGES, 1, 3), 0);
    static const struct {
        uint32_t section;
        size_t at;
        uint8_t value;
    } damages[] = {
        {TENURE_SECTION_OBJECTS, 0, 1},           /* fewer blocks than there */
        {TENURE_SECTION_OBJECTS, 2, 255},         /* more */
        {TENURE_SECTION_OBJECTS, 16, 2},          /* more edges */
        {TENURE_SECTION_OBJECTS, HEAD - 12, 0},   /* marks without a mark */
        {TENURE_SECTION_OBJECTS, HEAD - 5, 255},  /* a note nowhere */
        {TENURE_SECTION_OBJECTS, HEAD, 0xff},     /* a mark that is none */
        {TENURE_SECTION_OBJECTS, HEAD + 10, 200}, /* a number that goes on */
        {TENURE_SECTION_EDGES, 2, 0x7f},          /* to a block before all */
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++)
        assert_int_equal(
            check(damages[i].section, damages[i].at, damages[i].value),
            TENURE_FORMAT_CONTENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_then_the_oldest_are_picked),
        cmocka_unit_test(those_of_a_site_are_picked),
        cmocka_unit_test(first_words_are_told_apart),
        cmocka_unit_test(damage_in_a_stream_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
