/* The id of a site: what it depends on, and what it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "report/stack.h"

static struct tenure_image images[] = {{"/old/place/server", "server", "aa"},
                                       {"/new/server", "server", "bb"},
                                       {"/lib/libc.so.6", "libc.so.6", "cc"}};
static struct tenure_series series = {.calls = {.images = images}};

/* A stack of up to three functions of one image. */
struct sample {
    struct tenure_frame frames[3];
    struct tenure_call call, thread;
    struct tenure_stack_frame at[3];
    struct tenure_stack stack;
};

static uint64_t id_of(const char *const *functions, uint32_t image,
                      uint64_t address, uint32_t line, const char *thread,
                      uint32_t class_bytes)
{
    static struct sample s;
    memset(&s, 0, sizeof s);
    s.call = (struct tenure_call){.image = image, .address = address};
    s.thread =
        (struct tenure_call){.thread = thread, .class_bytes = class_bytes};
    for (; functions[s.stack.count]; s.stack.count++) {
        size_t i = s.stack.count;
        s.frames[i] = (struct tenure_frame){functions[i], "a.c", line, 0, 0};
        s.at[i] = (struct tenure_stack_frame){&s.frames[i], &s.call, false};
    }
    s.stack.at = s.at;
    s.stack.thread = &s.thread;
    return tenure_stack_id(&s.stack, &series);
}

static const char *const stack[] = {"parse", "serve", NULL};

static void addresses_lines_and_builds_do_not_matter(void **state)
{
    (void)state;
    uint64_t id = id_of(stack, 0, 0x1000, 12, "server", 6);
    assert_true(id == id_of(stack, 0, 0x2000, 99, "server", 6));
    assert_true(id == id_of(stack, 1, 0x1000, 12, "server", 6));
}

static void functions_modules_and_recursion_do(void **state)
{
    (void)state;
    static const char *const other[] = {"parse", "accept", NULL};
    static const char *const deeper[] = {"parse", "parse", "serve", NULL};
    static const char *const turned[] = {"serve", "parse", NULL};
    uint64_t id = id_of(stack, 0, 0x1000, 12, "server", 6);
    assert_true(id != id_of(other, 0, 0x1000, 12, "server", 6));
    assert_true(id != id_of(deeper, 0, 0x1000, 12, "server", 6));
    assert_true(id != id_of(turned, 0, 0x1000, 12, "server", 6));
    assert_true(id != id_of(stack, 2, 0x1000, 12, "server", 6));
}

static void the_thread_class_matters_and_its_number_does_not(void **state)
{
    (void)state;
    uint64_t id = id_of(stack, 0, 0x1000, 12, "worker-1", 7);
    assert_true(id == id_of(stack, 0, 0x1000, 12, "worker-22", 7));
    assert_true(id != id_of(stack, 0, 0x1000, 12, "server", 6));
}

static void a_clone_of_a_function_is_the_function(void **state)
{
    (void)state;
    static const char *const clone[] = {"parse.constprop.0", "serve.cold",
                                        NULL};
    assert_true(id_of(stack, 0, 0, 0, "t", 1) == id_of(clone, 0, 0, 0, "t", 1));
}

static void without_names_offsets_stand_in(void **state)
{
    (void)state;
    static const char *const unknown[] = {"", NULL};
    assert_true(id_of(unknown, 0, 0x1000, 0, "t", 1) ==
                id_of(unknown, 0, 0x1000, 0, "t", 1));
    assert_true(id_of(unknown, 0, 0x1000, 0, "t", 1) !=
                id_of(unknown, 0, 0x2000, 0, "t", 1));
}

static void the_phase_is_told_by_the_innermost_loop_function(void **state)
{
    (void)state;
    struct tenure_frame frames[] = {{"allocate", "", 0, 0, 0},
                                    {"uv__run_timers", "", 0, 0, 0},
                                    {"uv__io_poll", "", 0, 0, 0}};
    struct tenure_stack_frame at[] = {{&frames[0], NULL, false},
                                      {&frames[1], NULL, false},
                                      {&frames[2], NULL, false}};
    struct tenure_stack whole = {.at = at, .count = 3};
    assert_string_equal(tenure_stack_phase(&whole), "timers");
    whole.count = 1;
    assert_string_equal(tenure_stack_phase(&whole), "");
}

/* Which of the frames, `past` of which only the nearest symbol is known. */
static size_t named(const char *const *functions, size_t past)
{
    struct tenure_frame frames[4] = {{0}};
    struct tenure_stack_frame at[4] = {{0}};
    struct tenure_stack of = {.at = at};
    for (; functions[of.count]; of.count++) {
        frames[of.count].function = functions[of.count];
        frames[of.count].past = of.count < past ? 0x20 : 0;
        at[of.count].frame = &frames[of.count];
    }
    return tenure_stack_named(&of, 0);
}

static void a_name_of_its_own_says_more_than_the_nearest_symbol(void **state)
{
    static const char *const library[] = {"api_exit", "api_malloc", "insert",
                                          "step", NULL};
    static const char *const program[] = {"exported", "main", NULL};
    static const char *const stripped[] = {"exported", "", "insert", NULL};
    (void)state;
    assert_int_equal(named(library, 0), 0);
    assert_int_equal(named(library, 2), 2);
    assert_int_equal(named(library, 4), 0);
    assert_int_equal(named(program, 1), 0);
    assert_int_equal(named(stripped, 1), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_of_its_own_says_more_than_the_nearest_symbol),
        cmocka_unit_test(addresses_lines_and_builds_do_not_matter),
        cmocka_unit_test(functions_modules_and_recursion_do),
        cmocka_unit_test(the_thread_class_matters_and_its_number_does_not),
        cmocka_unit_test(a_clone_of_a_function_is_the_function),
        cmocka_unit_test(without_names_offsets_stand_in),
        cmocka_unit_test(the_phase_is_told_by_the_innermost_loop_function),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
