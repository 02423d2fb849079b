/* What of a thread is the agent's own: its variables, its frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "agent/helper.h"
#include "agent/roots_agent.h"
#include "agent/threads.h"

static struct tenure__stopped_thread stopped_at(uint64_t stack_pointer)
{
    return (struct tenure__stopped_thread){
        .tid = 1,
        .stopped = true,
        .stack_pointer = stack_pointer,
        .thread_pointer = (uint64_t)__builtin_thread_pointer(),
    };
}

static bool holds(const struct tenure__ranges *ranges, const void *variable)
{
    uint64_t address = (uint64_t)variable;
    for (uint32_t i = 0; i < ranges->count; i++)
        if (address >= ranges->range[i].start && address < ranges->range[i].end)
            return true;
    return false;
}

static void its_variables_are_left_out_but_for_the_signal_stack(void **state)
{
    (void)state;
    struct tenure__ranges never;
    assert_int_equal(tenure__ranges_open(&never, 8), 0);
    tenure__agent_variables((uint64_t)__builtin_thread_pointer(), &never);
    assert_true(holds(&never, &tenure__local.thread));
    assert_true(holds(&never, &tenure__local.waiting_sp));
    assert_false(holds(&never, &tenure__local.alternate_stack));
    tenure__ranges_drop(&never);
}

static void a_thread_without_a_thread_pointer_has_none(void **state)
{
    (void)state;
    struct tenure__ranges never;
    struct tenure__stopped_thread thread = stopped_at(4096);
    assert_int_equal(tenure__ranges_open(&never, 8), 0);
    tenure__agent_variables(0, &never);
    assert_int_equal(never.count, 0);
    thread.thread_pointer = 0;
    assert_int_equal(tenure__service_stack(&thread), 4096);
    tenure__ranges_drop(&never);
}

static void frames_below_a_waiting_request_are_left_out(void **state)
{
    (void)state;
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    struct tenure__stopped_thread thread = stopped_at(here - 4096);
    assert_int_equal(tenure__service_stack(&thread), here - 4096);
    tenure__local.waiting_sp = here;
    assert_int_equal(tenure__service_stack(&thread), here);
    tenure__local.waiting_sp = 0;
}

/* On another stack than it waits on: in a handler with a stack of its own. */
static void a_wait_elsewhere_hides_no_frames(void **state)
{
    (void)state;
    uint64_t here = (uint64_t)__builtin_frame_address(0);
    struct tenure__stopped_thread above = stopped_at(here + 4096);
    struct tenure__stopped_thread far = stopped_at(here - (1ull << 30));
    tenure__local.waiting_sp = here;
    assert_int_equal(tenure__service_stack(&above), here + 4096);
    assert_int_equal(tenure__service_stack(&far), here - (1ull << 30));
    tenure__local.waiting_sp = 0;
}

static void a_thread_pointer_that_leads_nowhere_does_no_harm(void **state)
{
    (void)state;
    struct tenure__stopped_thread thread = stopped_at(4096);
    thread.thread_pointer = UINT64_C(1) << 20;
    assert_int_equal(tenure__service_stack(&thread), 4096);
}

static int open_helper(void **state)
{
    (void)state;
    tenure__helper_open(NULL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_variables_are_left_out_but_for_the_signal_stack),
        cmocka_unit_test(a_thread_without_a_thread_pointer_has_none),
        cmocka_unit_test(frames_below_a_waiting_request_are_left_out),
        cmocka_unit_test(a_wait_elsewhere_hides_no_frames),
        cmocka_unit_test(a_thread_pointer_that_leads_nowhere_does_no_harm),
    };
    return cmocka_run_group_tests_name("roots_agent", tests, open_helper, NULL);
}
