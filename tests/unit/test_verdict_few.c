/*
 * The verdict on a handful of blocks: what may be chance, and what is too
 * regular to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/verdict_rules.h"
#include "tests/unit/simulation.h"

static struct simulation simulation;
static struct tenure_matrix scratch;

/* A site of which so many blocks that stay were born before each snapshot,
 * in a process that allocated nothing else after its start. */
static enum tenure_site_class class_of(const uint32_t *births, uint32_t count)
{
    struct tenure_site_verdict verdict;
    const struct tenure_population *one = &simulation.population[0];
    uint64_t work = 130;
    simulation_start(&simulation, 1, count);
    for (uint32_t g = 0; g < count; g++) {
        for (uint32_t i = 0; i < births[g]; i++)
            simulation_born(&simulation, g + 0.5, FOREVER);
        work += births[g];
        simulation.work[g] = work;
    }
    simulation_close(&simulation);
    tenure_judge_site(&one, 1, &scratch, &verdict);
    return verdict.class;
}

#define CLASS_OF(...)                                                          \
    class_of((const uint32_t[]){__VA_ARGS__},                                  \
             sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* libevent makes one for each descriptor in each thread: the connections of
 * memcached's clients meet them in any order, and then there are no more. */
static void the_first_use_of_a_few_keys_is_no_leak(void **state)
{
    (void)state;
    assert_int_not_equal(CLASS_OF(0, 2, 1, 2, 1, 0, 0, 0, 1, 0),
                         TENURE_CLASS_LEAK);
    assert_int_not_equal(CLASS_OF(2, 2, 1, 1, 0, 1, 1, 0, 0, 0),
                         TENURE_CLASS_LEAK);
    assert_int_not_equal(CLASS_OF(2, 2, 1, 1, 1, 1, 0, 0, 0, 0),
                         TENURE_CLASS_LEAK);
    assert_int_not_equal(CLASS_OF(2, 2, 0, 0, 1, 0, 0, 1, 1, 1),
                         TENURE_CLASS_LEAK);
    assert_int_not_equal(CLASS_OF(2, 2, 1, 2, 0, 1, 0, 0, 1, 0),
                         TENURE_CLASS_LEAK);
}

/* The last of 58, met one by one at distances that happen to be even. */
static void the_last_of_many_keys_are_no_leak(void **state)
{
    (void)state;
    assert_int_not_equal(CLASS_OF(44, 9, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1, 0, 0),
                         TENURE_CLASS_LEAK);
}

static void a_handful_in_a_few_generations_is_a_suspicion(void **state)
{
    (void)state;
    assert_int_equal(CLASS_OF(2, 2, 1, 2, 1, 1), TENURE_CLASS_SUSPECT);
}

static void many_blocks_need_fewer_generations(void **state)
{
    (void)state;
    assert_int_equal(CLASS_OF(9, 8, 9, 10, 9, 9), TENURE_CLASS_LEAK);
}

static void one_block_in_every_generation_is_a_leak_in_eight(void **state)
{
    (void)state;
    assert_int_equal(CLASS_OF(1, 1, 1, 1, 1, 1, 1, 1), TENURE_CLASS_LEAK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_use_of_a_few_keys_is_no_leak),
        cmocka_unit_test(the_last_of_many_keys_are_no_leak),
        cmocka_unit_test(a_handful_in_a_few_generations_is_a_suspicion),
        cmocka_unit_test(many_blocks_need_fewer_generations),
        cmocka_unit_test(one_block_in_every_generation_is_a_leak_in_eight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
