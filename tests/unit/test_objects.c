/*
 * The streams of blocks and edges: what goes in comes out, whatever it is,
 * and a damaged stream ends.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "agent/format/objects.h"

enum { MANY = 20000, ROOM = MANY * 48 + 64 };

struct streams {
    struct tenure_objects_head *head; /* and the blocks */
    uint8_t *edges;
    size_t bytes, edge_bytes;
};

static void open_streams(struct streams *streams, uint32_t generation)
{
    streams->head = calloc(1, ROOM);
    streams->edges = calloc(1, ROOM);
    streams->head->flags = TENURE_OBJECTS_MARKED | TENURE_OBJECTS_PLACED;
    streams->head->generation = generation;
    streams->bytes = sizeof *streams->head;
    streams->edge_bytes = 0;
}

static void close_streams(struct streams *streams)
{
    free(streams->head);
    free(streams->edges);
}

static void put_objects(struct streams *streams,
                        const struct tenure_object *object, uint32_t count)
{
    struct tenure_object_coder coder = {.generation =
                                            streams->head->generation};
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bytes = tenure_object_put(
            &coder, &object[i], (uint8_t *)streams->head + streams->bytes);
        assert_in_range(bytes, 3, TENURE_OBJECT_ENTRY_MAX);
        streams->bytes += bytes;
    }
    streams->head->blocks = count;
}

static void put_edges(struct streams *streams, const struct tenure_edge *edge,
                      uint32_t roots, uint32_t edges)
{
    struct tenure_edge_coder coder = {
        .placed = (streams->head->flags & TENURE_OBJECTS_PLACED) != 0};
    for (uint32_t i = 0; i < roots + edges; i++) {
        uint32_t bytes = tenure_edge_put(&coder, &edge[i],
                                         streams->edges + streams->edge_bytes);
        assert_in_range(bytes, 2, TENURE_EDGE_ENTRY_MAX);
        streams->edge_bytes += bytes;
    }
    streams->head->roots = roots;
    streams->head->edges = edges;
}

static void expect_objects(const struct streams *streams,
                           const struct tenure_object *object, uint32_t count)
{
    struct tenure_object_reader reader;
    struct tenure_object got;
    tenure_objects_read(&reader, streams->head, streams->bytes);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tenure_object_next(&reader, &got), 1);
        assert_int_equal(got.address, object[i].address);
        assert_int_equal(got.bytes, object[i].bytes);
        assert_int_equal(got.site, object[i].site);
        assert_int_equal(got.generation, object[i].generation);
        assert_int_equal(got.mark, object[i].mark);
        assert_int_equal(got.has_word, object[i].has_word);
        assert_true(got.word == object[i].word);
    }
    assert_int_equal(tenure_object_next(&reader, &got), 0);
}

static void expect_edges(const struct streams *streams,
                         const struct tenure_edge *edge, uint32_t count)
{
    struct tenure_edge_reader reader;
    struct tenure_edge got;
    tenure_edges_read(&reader, streams->head, streams->edges,
                      streams->edge_bytes);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(tenure_edge_next(&reader, &got), 1);
        assert_int_equal(got.from, edge[i].from);
        assert_int_equal(got.to, edge[i].to);
        assert_int_equal(got.how, edge[i].how);
        assert_int_equal(got.root_kind, edge[i].root_kind);
        assert_int_equal(got.what, edge[i].what);
        assert_true(got.place == edge[i].place);
    }
    assert_int_equal(tenure_edge_next(&reader, &got), 0);
}

static void the_drawn_examples_are_what_is_written(void **state)
{
    static const struct tenure_object object[] = {
        {0x1000, 24, 0x1020, 5, 2, TENURE_OBJECT_REACHED, true},
        {0x1020, 24, 0, 5, 2, TENURE_OBJECT_REACHED, true}};
    static const struct tenure_edge edge[] = {
        {0, 1, TENURE_EDGE_START, 0, TENURE_NONE, 0},
        {0, 7, TENURE_EDGE_START, 0, TENURE_NONE, 16}};
    static const uint8_t objects[] = {0x19, 0x80, 0x04, 0x01, 0x18,
                                      0x0a, 0x40, 0xc9, 0x04, 0x01};
    static const uint8_t edges[] = {0x04, 0x00, 0x02, 0x18, 0x0c};
    struct streams streams;
    (void)state;
    open_streams(&streams, 3);
    put_objects(&streams, object, 2);
    put_edges(&streams, edge, 0, 2);
    assert_int_equal(streams.bytes, sizeof *streams.head + sizeof objects);
    assert_memory_equal(streams.head + 1, objects, sizeof objects);
    assert_int_equal(streams.edge_bytes, sizeof edges);
    assert_memory_equal(streams.edges, edges, sizeof edges);
    close_streams(&streams);
}

static void the_largest_and_smallest_of_everything_come_back(void **state)
{
    static const struct tenure_object object[] = {
        {8, 0, 0, UINT32_MAX, 0, TENURE_OBJECT_LOST, false},
        {16, UINT64_MAX, UINT64_MAX, 0, UINT32_MAX, TENURE_OBJECT_REACHED,
         true},
        {24, 1ull << 63, 1, UINT32_MAX, 0, TENURE_OBJECT_POSSIBLE, true},
        {(1ull << 48) - 8, 8, 1ull << 63, 1, 1, TENURE_OBJECT_UNREACHED, true}};
    static const struct tenure_edge edge[] = {
        {TENURE_NONE, 3, TENURE_EDGE_INSIDE, TENURE_RETAINER_REGISTER,
         UINT32_MAX, 0},
        {TENURE_NONE, 0, TENURE_EDGE_UNALIGNED, 0, UINT32_MAX, 0},
        {TENURE_NONE, 3, TENURE_EDGE_START, TENURE_RETAINER_LOADER, 0,
         UINT64_MAX - 7},
        {TENURE_NONE, 3, TENURE_EDGE_START, TENURE_RETAINER_LOADER, 0, 8},
        {1, 0, TENURE_EDGE_TAGGED, 0, TENURE_NONE, (1ull << 56) - 8},
        {1, 3, TENURE_EDGE_UNALIGNED, 0, TENURE_NONE, UINT64_MAX},
        {1, 2, TENURE_EDGE_UNALIGNED, 0, TENURE_NONE, 1},
        {3, 3, TENURE_EDGE_INSIDE, 0, TENURE_NONE, 0},
        {3, 0, TENURE_EDGE_START, 0, TENURE_NONE, 15 * 8 + 8},
        {3, 0, TENURE_EDGE_START, 0, TENURE_NONE, 31 * 8}};
    struct streams streams;
    (void)state;
    open_streams(&streams, UINT32_MAX);
    put_objects(&streams, object, 4);
    put_edges(&streams, edge, 4, 6);
    expect_objects(&streams, object, 4);
    expect_edges(&streams, edge, 10);
    close_streams(&streams);
}

static uint64_t random_bits(void)
{
    static uint64_t seed = 88172645463325252u;
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Of any magnitude. */
static uint64_t random_number(void)
{
    return random_bits() >> random_bits() % 64;
}

static void random_objects(struct tenure_object *object, uint32_t count,
                           bool ascending)
{
    uint64_t address = 0;
    for (uint32_t i = 0; i < count; i++) {
        address = ascending ? address + 8 + (random_number() >> 33 << 3)
                            : random_bits() >> 16 & ~7ull;
        object[i] = (struct tenure_object){
            .address = address,
            .bytes = i % 3 > 0 ? random_number() : 24,
            .site = i % 5 > 0 ? (uint32_t)random_number() : 7,
            .generation = (uint32_t)(random_bits() % 1000),
            .mark = ascending ? 1 + (uint32_t)(random_bits() % 4)
                              : TENURE_OBJECT_UNKNOWN,
            .has_word = i % 7 > 0,
            .word = i % 7 > 0 ? random_number() : 0};
        if (i % 11 == 1 && object[i].has_word)
            object[i].word = address + random_bits() % 4096 - 2048;
    }
}

static void unaligned_pointers_of_version_1_have_no_place(void **state)
{
    static const struct tenure_edge edge[] = {
        {1, 3, TENURE_EDGE_START, 0, TENURE_NONE, 16},
        {1, 2, TENURE_EDGE_UNALIGNED, 0, TENURE_NONE, 0},
        {1, 2, TENURE_EDGE_UNALIGNED, 0, TENURE_NONE, 0},
        {2, 0, TENURE_EDGE_START, 0, TENURE_NONE, 8}};
    static const uint8_t as_written[] = {0x24, 0x01, 0x04, 0x0b, 0x01,
                                         0x0b, 0x00, 0x14, 0x00, 0x03};
    struct streams streams;
    (void)state;
    open_streams(&streams, 1);
    streams.head->flags = TENURE_OBJECTS_MARKED;
    streams.head->blocks = 4;
    put_edges(&streams, edge, 0, 4);
    assert_int_equal(streams.edge_bytes, sizeof as_written);
    assert_memory_equal(streams.edges, as_written, sizeof as_written);
    expect_edges(&streams, edge, 4);
    close_streams(&streams);
}

static void random_blocks_come_back(void **state)
{
    static struct tenure_object object[MANY];
    (void)state;
    for (int ascending = 0; ascending < 2; ascending++) {
        struct streams streams;
        random_objects(object, MANY, ascending);
        open_streams(&streams, 1000);
        streams.head->flags = ascending ? TENURE_OBJECTS_MARKED : 0;
        put_objects(&streams, object, MANY);
        expect_objects(&streams, object, MANY);
        close_streams(&streams);
    }
}

static uint32_t random_block(void)
{
    return (uint32_t)(random_bits() % MANY);
}

static void random_edges_come_back(void **state)
{
    static struct tenure_edge edge[MANY];
    struct streams streams;
    uint64_t place = 0;
    uint32_t from = 0, roots = MANY / 4;
    (void)state;
    for (uint32_t i = 0; i < roots; i++)
        edge[i] = (struct tenure_edge){
            TENURE_NONE,     random_block(), i % 4,
            1 + i / 100 % 9, i / 300 - 1,    random_bits() >> 16 & ~7ull};
    for (uint32_t i = roots; i < MANY; i++) {
        if (random_bits() % 3 == 0 && from < MANY - 1) {
            from += 1 + (uint32_t)(random_number() % (MANY - 1 - from) % 5);
            place = random_number() >> 20 << 3;
        }
        edge[i] = (struct tenure_edge){from, random_block(), i % 4,
                                       0,    TENURE_NONE,    place};
        if (i % 4 == TENURE_EDGE_UNALIGNED)
            edge[i].place = random_number();
        else
            place += 8 * (1 + random_bits() % 40);
    }
    open_streams(&streams, 1);
    streams.head->blocks = MANY;
    put_edges(&streams, edge, roots, MANY - roots);
    expect_edges(&streams, edge, MANY);
    close_streams(&streams);
}

/* Reads to the end, whatever comes; entries that came. */
static uint64_t read_all(const struct streams *streams)
{
    struct tenure_object_reader objects;
    struct tenure_edge_reader edges;
    struct tenure_object object;
    struct tenure_edge edge;
    uint64_t count = 0;
    int got;
    tenure_objects_read(&objects, streams->head, streams->bytes);
    while ((got = tenure_object_next(&objects, &object)) > 0)
        count++;
    tenure_edges_read(&edges, streams->head, streams->edges,
                      streams->edge_bytes);
    while (got == 0 && (got = tenure_edge_next(&edges, &edge)) > 0) {
        assert_true(edge.to < streams->head->blocks);
        assert_true(edge.from < streams->head->blocks ||
                    edge.from == TENURE_NONE);
        count++;
    }
    return got == 0 ? count : 0;
}

static void a_stream_that_is_cut_or_goes_on_is_damaged(void **state)
{
    static struct tenure_object object[100];
    struct streams streams;
    (void)state;
    random_objects(object, 100, true);
    open_streams(&streams, 1000);
    put_objects(&streams, object, 100);
    assert_int_equal(read_all(&streams), 100);
    size_t whole = streams.bytes;
    for (streams.bytes = sizeof *streams.head; streams.bytes < whole;
         streams.bytes++)
        assert_int_equal(read_all(&streams), 0);
    streams.bytes = whole + 1;
    assert_int_equal(read_all(&streams), 0);
    close_streams(&streams);
}

static void changed_bytes_are_read_without_harm(void **state)
{
    static struct tenure_object object[200];
    static struct tenure_edge edge[200];
    struct streams streams;
    (void)state;
    random_objects(object, 200, true);
    for (uint32_t i = 0; i < 200; i++)
        edge[i] = (struct tenure_edge){i, 199 - i, 0, 0, TENURE_NONE, 8 * i};
    for (int round = 0; round < 2000; round++) {
        open_streams(&streams, 1000);
        put_objects(&streams, object, 200);
        put_edges(&streams, edge, 0, 200);
        for (int i = 0; i < 1 + round % 4; i++) {
            size_t all = streams.bytes - sizeof *streams.head;
            ((uint8_t *)(streams.head + 1))[random_bits() % all] ^=
                (uint8_t)random_bits();
            streams.edges[random_bits() % streams.edge_bytes] ^=
                (uint8_t)random_bits();
        }
        read_all(&streams);
        close_streams(&streams);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_drawn_examples_are_what_is_written),
        cmocka_unit_test(the_largest_and_smallest_of_everything_come_back),
        cmocka_unit_test(unaligned_pointers_of_version_1_have_no_place),
        cmocka_unit_test(random_blocks_come_back),
        cmocka_unit_test(random_edges_come_back),
        cmocka_unit_test(a_stream_that_is_cut_or_goes_on_is_damaged),
        cmocka_unit_test(changed_bytes_are_read_without_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
