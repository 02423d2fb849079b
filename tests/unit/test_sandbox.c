/*
 * Seccomp filters, run on single system calls as the kernel would: those
 * that let a call return, and those that would end the process.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/seccomp.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/sandbox.h"

#define LOAD(field)                                                            \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(action) BPF_STMT(BPF_RET | BPF_K, action)
#define UNLESS(number, passed)                                                 \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, passed)
#define COUNT(filter) (sizeof(filter) / sizeof(filter)[0])

static const struct sock_filter all_but_getpid[] = {
    LOAD(nr), UNLESS(SYS_getpid, 1), RETURN(SECCOMP_RET_KILL_PROCESS),
    RETURN(SECCOMP_RET_ALLOW)};

static const struct sock_filter only_getpid[] = {
    LOAD(nr), UNLESS(SYS_getpid, 1), RETURN(SECCOMP_RET_ALLOW),
    RETURN(SECCOMP_RET_KILL_PROCESS)};

static void a_filter_is_asked_for_each_call(void **state)
{
    (void)state;
    assert_false(tenure__sandbox_returns(all_but_getpid, 4, SYS_getpid));
    assert_true(tenure__sandbox_returns(all_but_getpid, 4, SYS_mmap));
    assert_true(tenure__sandbox_returns(only_getpid, 4, SYS_getpid));
    assert_false(tenure__sandbox_returns(only_getpid, 4, SYS_mmap));
}

static void an_error_is_no_harm_but_a_signal_or_a_tracer_is(void **state)
{
    static const struct {
        uint32_t action;
        bool returns;
    } actions[] = {
        {SECCOMP_RET_ALLOW, true},        {SECCOMP_RET_LOG, true},
        {SECCOMP_RET_ERRNO | 1, true},    {SECCOMP_RET_TRAP, false},
        {SECCOMP_RET_TRACE, false},       {SECCOMP_RET_USER_NOTIF, false},
        {SECCOMP_RET_KILL_THREAD, false}, {SECCOMP_RET_KILL_PROCESS, false}};
    (void)state;
    for (size_t i = 0; i < COUNT(actions); i++) {
        struct sock_filter filter[] = {RETURN(actions[i].action)};
        assert_int_equal(tenure__sandbox_returns(filter, 1, SYS_read),
                         actions[i].returns);
    }
}

static void another_architecture_is_told_from_this_one(void **state)
{
    struct sock_filter filter[] = {LOAD(arch), UNLESS(0x12345678, 1),
                                   RETURN(SECCOMP_RET_ALLOW),
                                   RETURN(SECCOMP_RET_KILL_PROCESS)};
    (void)state;
    assert_false(tenure__sandbox_returns(filter, 4, SYS_read));
}

/* Whether or not the agent's argument has the bit is not known. */
static void what_depends_on_an_argument_must_be_harmless_both_ways(void **state)
{
    struct sock_filter filter[] = {
        LOAD(args[0]),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x10, 0, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        RETURN(SECCOMP_RET_ALLOW),
    };
    (void)state;
    assert_false(tenure__sandbox_returns(filter, 4, SYS_clone));
    filter[2] = (struct sock_filter)RETURN(SECCOMP_RET_ERRNO | 1);
    assert_true(tenure__sandbox_returns(filter, 4, SYS_clone));
}

static void arithmetic_memory_and_jumps_are_done(void **state)
{
    struct sock_filter filter[] = {
        LOAD(nr),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
        BPF_STMT(BPF_ST, 3),
        BPF_STMT(BPF_LD | BPF_IMM, 0),
        BPF_STMT(BPF_LDX | BPF_MEM, 3),
        BPF_STMT(BPF_MISC | BPF_TXA, 0),
        BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 7),
        BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 1),
        BPF_STMT(BPF_JMP | BPF_JA, 1),
        RETURN(SECCOMP_RET_KILL_PROCESS),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, (5 + 7) << 1, 0, 1),
        RETURN(SECCOMP_RET_ALLOW),
        RETURN(SECCOMP_RET_KILL_PROCESS),
    };
    (void)state;
    assert_true(tenure__sandbox_returns(filter, COUNT(filter), 5));
    assert_true(tenure__sandbox_returns(filter, COUNT(filter), 0x105));
    assert_false(tenure__sandbox_returns(filter, COUNT(filter), 4));
}

static void what_the_kernel_would_refuse_is_taken_for_deadly(void **state)
{
    struct sock_filter endless[] = {LOAD(nr)};
    struct sock_filter outside[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 4096),
                                    RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter memory[] = {BPF_STMT(BPF_ST, 99),
                                   RETURN(SECCOMP_RET_ALLOW)};
    struct sock_filter far[] = {BPF_STMT(BPF_JMP | BPF_JA, 4000),
                                RETURN(SECCOMP_RET_ALLOW)};
    (void)state;
    assert_false(tenure__sandbox_returns(endless, 0, SYS_read));
    assert_false(tenure__sandbox_returns(endless, 1, SYS_read));
    assert_false(tenure__sandbox_returns(outside, 2, SYS_read));
    assert_false(tenure__sandbox_returns(memory, 2, SYS_read));
    assert_false(tenure__sandbox_returns(far, 2, SYS_read));
}

/* Each in a child, since a sandbox is for ever. */
static int in_child(int (*body)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static struct sock_fprog program_of(const struct sock_filter *filter,
                                    size_t count)
{
    return (struct sock_fprog){(unsigned short)count,
                               (struct sock_filter *)(uintptr_t)filter};
}

static int enter_a_mild_one(void)
{
    struct sock_filter mild[] = {LOAD(nr), UNLESS(SYS_reboot, 1),
                                 RETURN(SECCOMP_RET_KILL_PROCESS),
                                 RETURN(SECCOMP_RET_ALLOW)};
    struct sock_fprog program = program_of(mild, COUNT(mild));
    return !(tenure__sandbox_enter(&program) && !tenure__sandboxed() &&
             tenure__sandbox_may_ask_pid());
}

static int enter_without_getpid(void)
{
    struct sock_fprog program = program_of(all_but_getpid, 4);
    return !(!tenure__sandbox_enter(&program) && tenure__sandboxed() &&
             !tenure__sandbox_may_ask_pid());
}

static int enter_with_getpid(void)
{
    struct sock_fprog program = program_of(only_getpid, 4);
    if (tenure__sandbox_enter(&program) || !tenure__sandbox_may_ask_pid())
        return 1;
    /* What a second one forbids cannot be looked up in this one. */
    return tenure__sandbox_enter(&program) || tenure__sandbox_may_ask_pid();
}

static int enter_strict_mode(void)
{
    return tenure__sandbox_enter(NULL) || !tenure__sandboxed();
}

static int enter_by_wrong_pointers(void)
{
    struct sock_fprog program = program_of((void *)16, 4);
    return tenure__sandbox_enter((void *)8) ||
           tenure__sandbox_enter(&program) || !tenure__sandboxed();
}

static void a_filter_that_bears_the_agent_changes_nothing(void **state)
{
    (void)state;
    assert_int_equal(in_child(enter_a_mild_one), 0);
}

static void a_filter_that_does_not_makes_a_sandbox(void **state)
{
    (void)state;
    assert_int_equal(in_child(enter_without_getpid), 0);
    assert_int_equal(in_child(enter_with_getpid), 0);
    assert_int_equal(in_child(enter_strict_mode), 0);
}

static void a_wrong_pointer_is_the_services_own_failure(void **state)
{
    (void)state;
    assert_int_equal(in_child(enter_by_wrong_pointers), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_is_asked_for_each_call),
        cmocka_unit_test(an_error_is_no_harm_but_a_signal_or_a_tracer_is),
        cmocka_unit_test(another_architecture_is_told_from_this_one),
        cmocka_unit_test(
            what_depends_on_an_argument_must_be_harmless_both_ways),
        cmocka_unit_test(arithmetic_memory_and_jumps_are_done),
        cmocka_unit_test(what_the_kernel_would_refuse_is_taken_for_deadly),
        cmocka_unit_test(a_filter_that_bears_the_agent_changes_nothing),
        cmocka_unit_test(a_filter_that_does_not_makes_a_sandbox),
        cmocka_unit_test(a_wrong_pointer_is_the_services_own_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
