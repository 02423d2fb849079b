/*
 * Stops the threads by a real-time signal, where ptrace is refused.
 *
 * The helper sends each thread the signal with the thread's place in the
 * table; the handler copies the registers there from its context, says that
 * it has arrived and sleeps until the helper's word changes, or until the
 * watchdog's time is over: nobody else has to let it go. It then goes on with
 * the system call that the signal has interrupted (stop_waits_signal.h). A
 * thread that blocks the signal is not sent it and stays unstopped.
 */
#include "agent/stop_signal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>

#include "agent/os.h"
#include "agent/proc.h"
#include "agent/stop_waits_signal.h"

#define SIGNAL_FIRST 34 /* below: libc's own */
#define SIGNAL_LAST 64

/* Even: nobody is to stop. Odd: a stop of this number is going on. */
static uint32_t round_now;
static uint32_t arrived_count;
static uint32_t watchdog;
static struct tenure__stopped_thread *threads;
static int signal_number; /* 0 = none chosen */

static long futex(uint32_t *word, int operation, uint32_t value,
                  const int64_t *span)
{
    return tenure__syscall4(SYS_futex, word, operation, value, span);
}

/* Sleeps until *word is no longer `value`, or the time comes. */
static void wait_for_change(uint32_t *word, uint32_t value, uint64_t until)
{
    while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == value) {
        uint64_t now = tenure__os_monotonic_ns();
        if (now >= until)
            return;
        int64_t span[2] = {(int64_t)((until - now) / 1000000000u),
                           (int64_t)((until - now) % 1000000000u)};
        futex(word, FUTEX_WAIT_PRIVATE, value, span);
    }
}

/* The registers that a thread on a detour has not at hand. */
static void show_detour(const struct tenure__held *held,
                        struct tenure__stopped_thread *thread)
{
    for (int i = 0; held->on_detour && i < 6; i++)
        if (thread->word_count < TENURE_REGISTER_WORDS)
            thread->word[thread->word_count++] = held->wait->detour.argument[i];
}

/* Shows the thread's registers for as long as the stop lasts. */
static void stay(uint32_t round, struct tenure__stopped_thread *thread,
                 const struct tenure__held *held, const void *context)
{
    thread->word_count =
        tenure__context_words(context, thread->word, &thread->stack_pointer);
    show_detour(held, thread);
    thread->thread_pointer = (uint64_t)__builtin_thread_pointer();
    __atomic_store_n(&thread->stopped, true, __ATOMIC_RELEASE);
    __atomic_fetch_add(&arrived_count, 1, __ATOMIC_RELEASE);
    futex(&arrived_count, FUTEX_WAKE_PRIVATE, 1, NULL);
    wait_for_change(&round_now, round,
                    tenure__os_monotonic_ns() + (uint64_t)watchdog * 1000000);
}

static void handle(int number, siginfo_t *info, void *context)
{
    uint64_t value = (uint64_t)info->si_value.sival_ptr;
    uint32_t round = (uint32_t)(value >> 32);
    struct tenure__held held;
    tenure__wait_held(context, &held);
    if (__atomic_load_n(&round_now, __ATOMIC_ACQUIRE) == round)
        stay(round, &threads[(uint32_t)value], &held, context);
    /* else too late: that stop is over */
    tenure__wait_resume(&held, context, number);
}

/* Takes the highest signal that nobody uses. It stays ours. */
static int choose_signal(void)
{
    struct tenure__sigaction action = {
        .handler = (void *)handle,
        .flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK,
        .mask = UINT64_MAX,
    };
    tenure__sigaction_finish(&action);
    for (int number = SIGNAL_LAST; number >= SIGNAL_FIRST; number--) {
        struct tenure__sigaction old = {0};
        if (tenure__syscall4(SYS_rt_sigaction, number, 0, &old, 8) == 0 &&
            old.handler == NULL &&
            tenure__syscall4(SYS_rt_sigaction, number, &action, 0, 8) == 0)
            return number;
    }
    return -EBUSY;
}

static bool is_blocked(int tid)
{
    char text[2048];
    uint64_t mask;
    if (tenure__proc_read(0, tid, "status", text, sizeof text) <= 0)
        return true;
    const char *at = tenure__proc_find(text, "SigBlk:\t");
    return at == NULL || !tenure__proc_hex(&at, &mask) ||
           (mask >> (signal_number - 1) & 1) != 0;
}

struct sending {
    struct tenure__stopped *stopped;
    int helper;
    uint32_t sent;
};

static bool send_to(int tid, void *with)
{
    struct sending *sending = with;
    struct tenure__stopped *stopped = sending->stopped;
    if (tid == sending->helper || stopped->thread_count == tenure__stop_room)
        return true;
    uint32_t at = stopped->thread_count++;
    threads[at] = (struct tenure__stopped_thread){.tid = tid};
    siginfo_t info = {.si_code = SI_QUEUE};
    info.si_value.sival_ptr = (void *)((uint64_t)round_now << 32 | at);
    if (is_blocked(tid))
        return true;
    tenure__waits_look_again(tid);
    if (tenure__syscall4(SYS_rt_tgsigqueueinfo, tenure__os_pid(), tid,
                         signal_number, &info) == 0)
        sending->sent++;
    return true;
}

static int send_all(struct tenure__stopped *stopped)
{
    struct sending sending = {stopped, tenure__os_tid(), 0};
    uint64_t until =
        tenure__os_monotonic_ns() + TENURE_STOP_WAIT_MS * 1000000ull;
    int tasks = tenure__proc_open(0, 0, "task", O_RDONLY | O_DIRECTORY);
    if (tasks < 0)
        return tasks;
    int error = tenure__proc_numbers(tasks, send_to, &sending);
    uint32_t arrived;
    while ((arrived = __atomic_load_n(&arrived_count, __ATOMIC_ACQUIRE)) <
               sending.sent &&
           tenure__os_monotonic_ns() < until)
        wait_for_change(&arrived_count, arrived, until);
    stopped->unstopped = stopped->thread_count - arrived;
    return error;
}

int tenure__stop_signal(struct tenure__stopped_thread *table,
                        uint32_t watchdog_ms, tenure__stop_body *body,
                        void *with, struct tenure__stopped *stopped)
{
    if (signal_number == 0) {
        int number = choose_signal();
        if (number < 0)
            return number;
        signal_number = number;
    }
    int error = tenure__waits_look(true);
    if (error < 0)
        return error;
    threads = table;
    watchdog = watchdog_ms;
    arrived_count = 0;
    *stopped = (struct tenure__stopped){
        .method = TENURE__STOP_SIGNAL,
        .thread = table,
    };
    uint64_t began = tenure__os_monotonic_ns();
    __atomic_fetch_add(&round_now, 1, __ATOMIC_RELEASE);
    error = send_all(stopped);
    if (error == 0)
        body(stopped, with);
    __atomic_fetch_add(&round_now, 1, __ATOMIC_RELEASE);
    futex(&round_now, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL);
    stopped->pause_ns = tenure__os_monotonic_ns() - began;
    if (error == 0 && stopped->pause_ns > (uint64_t)watchdog_ms * 1000000)
        return -ETIMEDOUT; /* they have gone by themselves */
    return error;
}
