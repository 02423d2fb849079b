/*
 * The side metadata: where a slot lies, what is in it, and that the walk
 * finds exactly what was put there, with either kind of root.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/blocks.h"

static void open_with(uint32_t granule_shift, bool dear)
{
    tenure__blocks = (struct tenure__blocks){0};
    assert_int_equal(tenure__blocks_open(granule_shift, dear), 0);
}

static tenure__slot *slot_at(uint64_t address)
{
    tenure__slot *slot = tenure__block_slot_new(address);
    assert_non_null(slot);
    assert_ptr_equal(tenure__block_slot(address), slot);
    return slot;
}

static void a_slot_is_packed_as_drawn(void **state)
{
    (void)state;
    assert_true(tenure__slot_make(5, 3, 100) == 0x000005000c000064u);
    assert_int_equal(tenure__slot_site(0x000005000c000064u), 5);
    assert_int_equal(tenure__slot_generation(0x000005000c000064u, 3), 3);
}

static void a_generation_is_told_from_its_14_bits(void **state)
{
    (void)state;
    for (uint32_t now = 1; now < 100000; now += 777) {
        for (uint32_t age = 0; age < 16384 && age < now; age += 511) {
            uint64_t slot = tenure__slot_make(1, now - age, 1);
            assert_int_equal(tenure__slot_generation(slot, now), now - age);
        }
    }
}

static void nothing_is_there_before_a_leaf_is_made(void **state)
{
    (void)state;
    open_with(5, false);
    assert_null(tenure__block_slot(0x7f0000000010));
    assert_null(tenure__block_slot_new(1ull << TENURE_ADDRESS_BITS));
    assert_null(tenure__block_slot(1ull << TENURE_ADDRESS_BITS));
}

struct seen {
    uint64_t address[8];
    uint64_t value[8];
    int count;
};

static void note(uint64_t address, tenure__slot *slot, uint64_t value,
                 void *with)
{
    struct seen *seen = with;
    (void)slot;
    assert_true(seen->count < 8);
    seen->address[seen->count] = address;
    seen->value[seen->count++] = value;
}

static void walk_finds(uint32_t granule_shift, bool dear)
{
    /* Ascending; the last starts 8 bytes into its cell. */
    static const uint64_t at[] = {0x10000, 0x555555560010, 0x7f00deadbee0,
                                  0x7fffffffff10, 0x555555560008};
    int count = granule_shift == 4 ? 5 : 4;
    struct seen seen = {.count = 0};
    open_with(granule_shift, dear);
    for (int i = 0; i < count; i++)
        *slot_at(at[i]) =
            tenure__slot_make(7, 1, (uint32_t)i) | tenure__block_half(at[i]);
    tenure__blocks_each(note, &seen, NULL);
    assert_int_equal(seen.count, count);
    for (int i = 0; i < count; i++) {
        assert_true(seen.address[i] == at[i]);
        assert_int_equal(seen.value[i] & TENURE_SLOT_SIZE_MAX, i);
    }
}

static void the_walk_finds_each_block_once(void **state)
{
    (void)state;
    walk_finds(5, false);
    walk_finds(4, false);
    walk_finds(5, true);
    walk_finds(4, true);
}

static void neighbours_have_slots_of_their_own(void **state)
{
    (void)state;
    open_with(4, false);
    for (uint64_t a = 0x5000; a < 0x6000; a += 8)
        *slot_at(a) = a;
    for (uint64_t a = 0x5000; a < 0x6000; a += 8)
        assert_true(*tenure__block_slot(a) == a);
}

static void a_vacant_slot_holds_no_block(void **state)
{
    struct seen seen = {.count = 0};
    (void)state;
    open_with(5, false);
    *slot_at(0x10000) = TENURE_SLOT_VACANT;
    *slot_at(0x10020) = tenure__slot_make(7, 1, 1);
    tenure__blocks_each(note, &seen, NULL);
    assert_int_equal(seen.count, 1);
    assert_true(seen.address[0] == 0x10020);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slot_is_packed_as_drawn),
        cmocka_unit_test(a_generation_is_told_from_its_14_bits),
        cmocka_unit_test(nothing_is_there_before_a_leaf_is_made),
        cmocka_unit_test(the_walk_finds_each_block_once),
        cmocka_unit_test(a_vacant_slot_holds_no_block),
        cmocka_unit_test(neighbours_have_slots_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
