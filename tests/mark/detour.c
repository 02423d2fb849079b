/*
 * Sends the main thread on a detour out of recv(2), by a handler in the place
 * of a tracer, on whatever machine or emulator this runs: what comes is
 * received, a timeout says so, a signal ends it with EINTR, and the frames
 * below are found from there. Prints what is wrong; exit status 1.
 */
#include <errno.h>
#include <execinfo.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "agent/stop_detour.h"

enum how { RECEIVED, TIMED_OUT, INTERRUPTED };

static struct tenure__detour detour;
static enum how how;
static int ends[2];
static char bytes[4];
static pthread_t waiting;
static bool found;

static uint64_t pc_of(const void *context)
{
    const mcontext_t *machine = &((const ucontext_t *)context)->uc_mcontext;
#ifdef __aarch64__
    return machine->pc;
#else
    return (uint64_t)machine->gregs[REG_RIP];
#endif
}

__attribute__((noinline)) static long receive(void)
{
    long result = recv(ends[0], bytes, sizeof bytes, 0);
    __asm__ volatile("" : "+r"(result)); /* no tail call */
    return result;
}

static void handle(int number, siginfo_t *info, void *context)
{
    void *frame[64];
    (void)number;
    (void)info;
    if (tenure__detour_at(pc_of(context))) {
        int count = backtrace(frame, 64);
        for (int i = 0; i < count; i++)
            found |= (char *)frame[i] > (char *)receive &&
                     (char *)frame[i] < (char *)receive + 200;
        return;
    }
    struct tenure__call call = {
        .number = SYS_recvfrom,
        .argument = {(uint64_t)ends[0], (uint64_t)bytes, sizeof bytes},
        .pc = pc_of(context),
    };
    tenure__detour_enter(&detour, &call, POLLIN, -EAGAIN);
    tenure__detour_again(&detour, how == TIMED_OUT ? 50000000u : 20000000000u,
                         &call);
    tenure__context_restart(context, &call);
}

static void *disturb(void *with)
{
    usleep(200000);
    pthread_kill(waiting, SIGUSR1);
    usleep(200000);
    if (how == INTERRUPTED)
        pthread_kill(waiting, SIGUSR1);
    if (how == RECEIVED && write(ends[1], "ab", 2) != 2)
        perror("write");
    return with;
}

static bool wait_for(long result, int error, const char *what)
{
    pthread_t thread;
    memset(bytes, 0, sizeof bytes);
    pthread_create(&thread, NULL, disturb, NULL);
    errno = 0;
    long got = receive();
    int said = errno;
    pthread_join(thread, NULL);
    if (got == result && said == error && strcmp(bytes, what) == 0)
        return true;
    printf("%d: %ld, %s, '%s'\n", how, got, strerror(said), bytes);
    return false;
}

int main(void)
{
    struct sigaction action = {.sa_sigaction = handle, .sa_flags = SA_SIGINFO};
    void *frame[1];
    bool right = true;
    backtrace(frame, 1); /* loads what it needs */
    sigaction(SIGUSR1, &action, NULL);
    waiting = pthread_self();
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0)
        return 2;
    right &= wait_for(2, 0, "ab");
    how = TIMED_OUT;
    right &= wait_for(-1, EAGAIN, "");
    how = INTERRUPTED;
    right &= wait_for(-1, EINTR, "");
    if (!found)
        printf("no way down from the detour\n");
    return right && found ? 0 : 1;
}
