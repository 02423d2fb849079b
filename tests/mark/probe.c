/*
 * Waits in every system call that a stop could interrupt, and says whether
 * one ever ended with EINTR, or otherwise than it should.
 *
 *   probe SECONDS [EARLY_MS SKIPPED_MS]
 *
 * Each call has a thread of its own that makes it again and again. A call
 * with a timeout waits for a while that differs each time; one without waits
 * for something that the main thread sends now and then. Prints a line for
 * each call: how often it came back, with EINTR, before time, with a wrong
 * result, and by how much the latest end was late. Exit status 1: any of the
 * first three, or a call that never came back; being late is no failure, nor
 * are ends before time by no more than EARLY_MS, nor EINTR in the first
 * SKIPPED_MS.
 */
#include "tests/mark/probe.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SHORTEST_MS = 20, LONGEST_MS = 160, END_WITHIN_S = 30, GROUPS = 3 };

static volatile bool done;
static int64_t early_us, judged_from_us;
static struct calls group[GROUPS];

struct timespec span_of(int ms)
{
    return (struct timespec){ms / 1000, ms % 1000 * 1000000L};
}

struct timespec time_in(int clock, int ms)
{
    struct timespec end;
    clock_gettime(clock, &end);
    end.tv_nsec += ms * 1000000L;
    end.tv_sec += end.tv_nsec / 1000000000;
    end.tv_nsec %= 1000000000;
    return end;
}

int need(int result, const char *what)
{
    if (result < 0) {
        perror(what);
        _exit(2);
    }
    return result;
}

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void judge(struct call *call, int result, int error, int64_t late_us)
{
    bool right =
        call->error == 0 ? result >= 0 : result == -1 && error == call->error;
    if (result < 0 && error == EINTR)
        call->interrupted += now_us() >= judged_from_us;
    else if (!right) {
        call->wrong++;
        call->wrong_error = result < 0 ? error : 0;
    }
    if (call->feed == NULL && late_us < -early_us)
        call->early++;
    if (call->feed == NULL && late_us > call->late_us)
        call->late_us = late_us;
    call->ended++;
}

static void *wait_again_and_again(void *with)
{
    struct call *call = with;
    unsigned seed = (unsigned)(uintptr_t)call;
    call->tid = (int)syscall(SYS_gettid);
    while (!done) {
        int ms = SHORTEST_MS + rand_r(&seed) % (LONGEST_MS - SHORTEST_MS);
        call->waiting = true;
        call->began_us = now_us();
        errno = 0;
        int result = call->wait(call, ms);
        int error = errno;
        judge(call, result, error, now_us() - call->began_us - ms * 1000);
        call->waiting = false;
    }
    return NULL;
}

static void feed_all(unsigned round)
{
    for (int g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < group[g].count; i++) {
            struct call *call = &group[g].call[i];
            if (call->feed != NULL && call->waiting)
                call->feed(call, round);
        }
}

static bool is_any_waiting(void)
{
    for (int g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < group[g].count; i++)
            if (group[g].call[i].waiting)
                return true;
    return false;
}

static int report(const struct call *call)
{
    printf("%-24s %6u %6u %6u %6u %6.1f ms%s%s%s\n", call->name, call->ended,
           call->interrupted, call->early, call->wrong,
           (double)call->late_us / 1000, call->wrong != 0 ? " " : "",
           call->wrong != 0 ? strerror(call->wrong_error) : "",
           call->waiting ? " never ended" : "");
    return call->interrupted != 0 || call->early != 0 || call->wrong != 0 ||
           call->ended == 0 || call->waiting;
}

static void start(struct call *call)
{
    pthread_t thread;
    if (call->open != NULL)
        call->open(call);
    need(-pthread_create(&thread, NULL, wait_again_and_again, call), "thread");
}

int main(int count, char **words)
{
    sigset_t set;
    int wrong = 0;
    if (count != 2 && count != 4)
        return 2;
    struct timespec tick; /* sockets round their timeouts by it */
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    early_us = count == 4 ? atol(words[2]) * 1000 : 1000 + tick.tv_nsec / 1000;
    judged_from_us = count == 4 ? now_us() + atol(words[3]) * 1000 : 0;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    group[0] = timed_calls();
    group[1] = woken_calls();
    group[2] = socket_calls();
    for (int g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < group[g].count; i++)
            start(&group[g].call[i]);
    unsigned round = 0;
    for (int64_t end = now_us() + (int64_t)(atof(words[1]) * 1e6);
         now_us() < end; round++) {
        usleep(30000 + round % 7 * 20000);
        feed_all(round);
    }
    done = true;
    for (int64_t end = now_us() + END_WITHIN_S * 1000000;
         is_any_waiting() && now_us() < end; round++) {
        usleep(30000);
        feed_all(round);
    }
    printf("%-24s %6s %6s %6s %6s %9s\n", "call", "ended", "EINTR", "early",
           "wrong", "late");
    for (int g = 0; g < GROUPS; g++)
        for (size_t i = 0; i < group[g].count; i++)
            wrong |= report(&group[g].call[i]);
    fflush(stdout);
    _exit(wrong);
}
