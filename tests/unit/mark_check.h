/* What is true of every index and of every mark, whatever the heap. */
#ifndef TENURE_TESTS_MARK_CHECK_H
#define TENURE_TESTS_MARK_CHECK_H

#include <stdlib.h>

#include "agent/mark.h"

/* Blocks are numbered by address, do not overlap, and are found. */
static inline void mark_check_index(const struct tenure__index *index)
{
    uint64_t end = 0;
    for (uint32_t i = 0; i < index->count; i++) {
        uint64_t start = tenure__index_address(index, i);
        uint64_t bytes = tenure__index_bytes(index, i);
        assert_true(start >= end && bytes > 0 && bytes % 8 == 0);
        end = start + bytes;
        assert_true(tenure__index_covers(index, start));
        assert_true(tenure__index_covers(index, end - 1));
        assert_int_equal(tenure__index_find(index, start), i);
        assert_int_equal(tenure__index_find(index, end - 1), i);
    }
    for (uint32_t i = 1; i < index->big_count; i++)
        assert_true(index->big[i - 1].address < index->big[i].address);
}

/* A block stands in the list if it is reached, once, behind what reached it;
 * what is reached for certain was not reached over what is only possible. */
static inline void mark_check(const struct tenure__mark *mark)
{
    uint32_t *place = calloc(mark->index.count + 1ul, sizeof *place);
    uint32_t reached = 0;
    mark_check_index(&mark->index);
    assert_int_equal(mark->head, mark->tail);
    for (uint32_t i = 0; i < mark->tail; i++) {
        assert_true(mark->list[i] < mark->index.count);
        assert_int_equal(place[mark->list[i]], 0);
        place[mark->list[i]] = i + 1;
    }
    for (uint32_t i = 0; i < mark->index.count; i++) {
        uint32_t flags = tenure__mark_flags(mark, i);
        uint32_t parent = tenure__mark_parent(mark, i);
        bool is_reached = (flags & TENURE__BLOCK_REACHED) != 0;
        assert_int_equal(place[i] != 0, is_reached);
        assert_false(is_reached && (flags & TENURE__BLOCK_LOST) != 0);
        reached += is_reached;
        if (!is_reached || parent == TENURE__PARENT_ROOT)
            continue;
        assert_true(parent < mark->index.count);
        assert_true(place[parent] != 0 && place[parent] < place[i]);
        assert_true(
            (flags & TENURE__BLOCK_POSSIBLE) != 0 ||
            (tenure__mark_flags(mark, parent) & TENURE__BLOCK_POSSIBLE) == 0);
    }
    assert_int_equal(mark->tail, reached);
    free(place);
}

#endif
