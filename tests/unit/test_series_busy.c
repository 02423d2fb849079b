/*
 * Joining snapshots of a process that goes on while they are taken: what is
 * born meanwhile is alive in them, but of no closed cohort.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "series_run.h"

static void
given_a_ring_replaced_while_it_is_looked_at_then_it_does_not_grow(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    /* Of 1000 blocks 999 were replaced while the first was taken. */
    writer_row(snapshot(&run, 1), SITE_A, 1, 1, 10);
    writer_row(run.at[0], SITE_A, 2, 999, 9990);
    writer_row(snapshot(&run, 2), SITE_A, 2, 400, 4000);
    writer_row(run.at[1], SITE_A, 3, 600, 6000);
    joined(&run, &series);
    const struct tenure_site *site = site_of(&series, SITE_A);
    const struct tenure_population *p = &site->population;
    assert_int_equal(p->live_blocks[0], 1000);
    assert_int_equal(p->live_blocks[1], 1000);
    assert_int_equal(site->columns.new_blocks, 1);
    assert_int_equal(site->columns.deleted_blocks, 1);
    assert_int_equal(site->columns.size_delta, 0);
    assert_int_equal(site->age_blocks[TENURE_NURSERY], 1000);
    /* The cohort of generation 2 is closed by the second, that of 3 by none. */
    assert_int_equal(p->cohort_count, 3);
    assert_int_equal(p->cohorts[1].first, 1);
    assert_int_equal(p->cohorts[1].blocks[0], 999);
    assert_int_equal(p->cohorts[1].blocks[1], 400);
    assert_int_equal(p->cohorts[2].generation, 3);
    assert_int_equal(p->cohorts[2].first, 2);
    done(&run, &series);
}

static void given_fewer_in_flight_then_the_difference_is_deleted(void **state)
{
    (void)state;
    struct run run = {0};
    struct tenure_series series;
    writer_row(snapshot(&run, 1), SITE_A, 2, 30, 300);
    writer_row(snapshot(&run, 2), SITE_A, 2, 9, 90);
    writer_row(run.at[1], SITE_A, 3, 1, 500);
    joined(&run, &series);
    const struct tenure_columns *c = &site_of(&series, SITE_A)->columns;
    assert_int_equal(c->new_blocks, 0);
    assert_int_equal(c->deleted_blocks, 20);
    assert_int_equal(c->size_delta, 290);
    done(&run, &series);
}

/* joined() holds every one against the identities. */
static void any_rows_keep_the_identities(void **state)
{
    (void)state;
    uint32_t random = 1;
    for (uint32_t round = 0; round < 300; round++) {
        struct run run = {0};
        struct tenure_series series;
        uint32_t count = 1 + round % 6;
        for (uint32_t g = 1; g <= count; g++) {
            struct writer *w = snapshot(&run, g);
            uint32_t floor = round % 3 == 0 && g > 2 ? g - 2 : 0;
            w->process.floor_generation = floor;
            for (uint32_t birth = floor > 0 ? floor : 1; birth <= g + 1;
                 birth++) {
                random = random * 1103515245 + 12345;
                if (random >> 16 & 3)
                    writer_row(w, SITE_A, birth, random >> 20 & 63,
                               random >> 12 & 4095);
            }
        }
        joined(&run, &series);
        done(&run, &series);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            given_a_ring_replaced_while_it_is_looked_at_then_it_does_not_grow),
        cmocka_unit_test(given_fewer_in_flight_then_the_difference_is_deleted),
        cmocka_unit_test(any_rows_keep_the_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
