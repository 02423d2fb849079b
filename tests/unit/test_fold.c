/* Findings that are one finding, and sites that trade places. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/fold.h"
#include "report/verdict_trade.h"
#include "tests/unit/simulation.h"

enum { MAIN = 1, SERVE, ORDER_NEW, ORDER_NAME, OTHER, LIBRARY = 100 };

#define STACK(...)                                                             \
    (const struct tenure_fold_frame[]){__VA_ARGS__},                           \
        sizeof((struct tenure_fold_frame[]){__VA_ARGS__}) /                    \
            sizeof(struct tenure_fold_frame)
#define OWN(name)                                                              \
    {                                                                          \
        name, true                                                             \
    }
#define FOREIGN(name)                                                          \
    {                                                                          \
        name, false                                                            \
    }

static struct simulation simulation;
static const struct tenure_site_verdict leak = {.class = TENURE_CLASS_LEAK};
static const struct tenure_site_verdict lost = {.class = TENURE_CLASS_LOST};

/* Two sites: in each generation the first leaks `births`, the second
 * `factor` times as many, plus `odd` in the last but one. */
static void leak_together(uint32_t factor, uint32_t odd)
{
    static const uint32_t births[] = {7, 3, 9, 1, 4, 6, 2, 5};
    simulation_start(&simulation, 1, 8);
    simulation.sites = 2;
    for (uint32_t g = 0; g < 8; g++) {
        for (uint32_t site = 0; site < 2; site++) {
            uint32_t count = births[g] * (site ? factor : 1);
            simulation.site = site;
            for (count += g == 5 && site ? odd : 0; count; count--)
                simulation_born(&simulation, g + 0.5, FOREVER);
        }
    }
    simulation_close(&simulation);
}

static struct tenure_fold_site
site(uint32_t i, const struct tenure_fold_frame *stack, size_t depth)
{
    return (struct tenure_fold_site){&simulation.population[i], &leak, stack,
                                     (uint32_t)depth};
}

static bool folds(struct tenure_fold_site a, struct tenure_fold_site b)
{
    struct tenure_fold_site both[] = {a, b};
    uint32_t leaders[2];
    tenure_fold_sites(both, 2, leaders);
    assert_int_equal(leaders[0], 0);
    return leaders[1] == 0;
}

static void a_struct_and_the_strings_it_owns_are_one(void **state)
{
    (void)state;
    leak_together(3, 0);
    assert_true(folds(site(0, STACK(OWN(MAIN), OWN(SERVE), OWN(ORDER_NEW))),
                      site(1, STACK(OWN(MAIN), OWN(SERVE), OWN(ORDER_NEW),
                                    OWN(ORDER_NAME), FOREIGN(LIBRARY)))));
}

static void blocks_of_one_library_call_are_one(void **state)
{
    (void)state;
    leak_together(1, 0);
    assert_true(
        folds(site(0, STACK(OWN(MAIN), OWN(SERVE), FOREIGN(LIBRARY),
                            FOREIGN(LIBRARY + 1))),
              site(1, STACK(OWN(MAIN), OWN(SERVE), FOREIGN(LIBRARY),
                            FOREIGN(LIBRARY + 2), FOREIGN(LIBRARY + 3)))));
}

static void two_functions_of_one_caller_are_two(void **state)
{
    (void)state;
    leak_together(1, 0);
    assert_false(folds(site(0, STACK(OWN(MAIN), OWN(SERVE), OWN(ORDER_NEW))),
                       site(1, STACK(OWN(MAIN), OWN(SERVE), OWN(OTHER)))));
}

static void different_cohorts_are_two(void **state)
{
    (void)state;
    leak_together(1, 40);
    assert_false(
        folds(site(0, STACK(OWN(MAIN), OWN(ORDER_NEW))),
              site(1, STACK(OWN(MAIN), OWN(ORDER_NEW), FOREIGN(LIBRARY)))));
}

static void different_classes_are_two(void **state)
{
    (void)state;
    leak_together(1, 0);
    struct tenure_fold_site other =
        site(1, STACK(OWN(MAIN), OWN(ORDER_NEW), FOREIGN(LIBRARY)));
    other.verdict = &lost;
    assert_false(folds(site(0, STACK(OWN(MAIN), OWN(ORDER_NEW))), other));
}

/* A cache of 400 entries with random replacement, whose newcomers are of the
 * second kind ever more often. */
static void change_the_mix(void)
{
    enum { CAPACITY = 400 };
    double born[CAPACITY];
    uint32_t kind[CAPACITY], size = 0;
    simulation_start(&simulation, 5, 12);
    simulation.sites = 2;
    for (double t = -20; t < 12; t += 1 / 60.0) {
        uint32_t fresh = random_even(&simulation) < t / 10;
        uint32_t at = size;
        if (size < CAPACITY) {
            size++;
        } else {
            at = (uint32_t)(CAPACITY * random_even(&simulation));
            simulation.site = kind[at];
            simulation_born(&simulation, born[at], t);
        }
        born[at] = t;
        kind[at] = fresh;
    }
    for (uint32_t i = 0; i < size; i++) {
        simulation.site = kind[i];
        simulation_born(&simulation, born[i], FOREVER);
    }
    simulation_close(&simulation);
}

static void judge_both(const struct tenure_path *paths,
                       struct tenure_site_verdict *verdicts)
{
    static struct tenure_matrix scratch;
    const struct tenure_population *both[] = {&simulation.population[0],
                                              &simulation.population[1]};
    for (int i = 0; i < 2; i++)
        tenure_judge_site(&both[i], 1, &scratch, &verdicts[i]);
    /* The test is about the second look: let the first be hasty. */
    verdicts[1].class = TENURE_CLASS_LEAK;
    tenure_judge_trades(both, paths, 2, &scratch, verdicts);
}

static void sites_that_trade_places_are_a_cache(void **state)
{
    (void)state;
    struct tenure_site_verdict verdicts[2];
    static const uint64_t a[] = {1, 2, 3, 4}, b[] = {1, 2, 3, 5, 6};
    struct tenure_path paths[] = {{a, 4}, {b, 5}};
    change_the_mix();
    judge_both(paths, verdicts);
    assert_int_equal(verdicts[1].class, TENURE_CLASS_CACHE);
    assert_true(verdicts[1].traded);
}

static void strangers_do_not_trade(void **state)
{
    (void)state;
    struct tenure_site_verdict verdicts[2];
    static const uint64_t a[] = {1, 7, 3, 4, 9, 8}, b[] = {1, 2, 3, 5, 6, 1};
    struct tenure_path paths[] = {{a, 6}, {b, 6}};
    change_the_mix();
    judge_both(paths, verdicts);
    assert_int_equal(verdicts[1].class, TENURE_CLASS_LEAK);
}

static void a_leak_beside_a_shrinking_relation_stays_one(void **state)
{
    (void)state;
    struct tenure_site_verdict verdicts[2];
    static const uint64_t a[] = {1, 2, 3, 4}, b[] = {1, 2, 3, 5};
    struct tenure_path paths[] = {{a, 4}, {b, 4}};
    simulation_start(&simulation, 5, 8);
    simulation.sites = 2;
    for (int i = 0; i < 300; i++) /* start-up data, freed in generation 3 */
        simulation_born(&simulation, 0.5, 3.5);
    simulation.site = 1;
    for (int i = 0; i < 800; i++)
        simulation_born(&simulation, i / 100.0, FOREVER);
    simulation_close(&simulation);
    judge_both(paths, verdicts);
    assert_int_equal(verdicts[1].class, TENURE_CLASS_LEAK);
}

static void a_noisy_relation_does_not_clear_a_small_leak(void **state)
{
    (void)state;
    struct tenure_site_verdict verdicts[2];
    static const uint64_t a[] = {1, 2, 3, 4}, b[] = {1, 2, 3, 5};
    static const uint32_t alive[] = {50, 44, 48, 41, 46, 40, 44, 38};
    struct tenure_path paths[] = {{a, 4}, {b, 4}};
    simulation_start(&simulation, 5, 8);
    simulation.sites = 2;
    for (uint32_t g = 0; g < 8; g++)
        for (uint32_t i = 0; i < alive[g]; i++)
            simulation_born(&simulation, g + 0.5, g + 1.5);
    simulation.site = 1;
    for (uint32_t g = 0; g < 8; g++)
        simulation_born(&simulation, g + 0.5, FOREVER);
    simulation_close(&simulation);
    judge_both(paths, verdicts);
    assert_int_equal(verdicts[1].class, TENURE_CLASS_LEAK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_struct_and_the_strings_it_owns_are_one),
        cmocka_unit_test(blocks_of_one_library_call_are_one),
        cmocka_unit_test(two_functions_of_one_caller_are_two),
        cmocka_unit_test(different_cohorts_are_two),
        cmocka_unit_test(different_classes_are_two),
        cmocka_unit_test(sites_that_trade_places_are_a_cache),
        cmocka_unit_test(strangers_do_not_trade),
        cmocka_unit_test(a_noisy_relation_does_not_clear_a_small_leak),
        cmocka_unit_test(a_leak_beside_a_shrinking_relation_stays_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
