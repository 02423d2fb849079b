/*
 * A signal handler that allocates, a thousand times a second and on every
 * thread, in the middle of whatever malloc or free was doing. Legal here,
 * since the allocator below the agent is async-signal-safe
 * (library_signal_safe_malloc); what it interrupts is the agent.
 *
 * expect: verify
 * expect: live keep_on_the_way 100 6400
 */
#include "victim.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

enum { THREADS = 3, ROUNDS = 20000, SIGNALS = 300 };

int allocator_is_signal_safe(void);

static int handled;

static NOINLINE void *keep_on_the_way(void)
{
    return used(malloc(64));
}

static void handler(int number)
{
    int kept = errno;
    void *block = used(malloc(32 + (size_t)number));
    void *other = used(calloc(4, 8));
    free(block);
    free(used(realloc(other, 100)));
    __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
    errno = kept;
}

/* Works until enough signals have come. */
static void *churn(void *unused)
{
    void *blocks[32] = {0};
    for (unsigned i = 0;
         i < ROUNDS || __atomic_load_n(&handled, __ATOMIC_RELAXED) < SIGNALS;
         i++) {
        free(blocks[i % 32]);
        blocks[i % 32] = used(malloc(16 + i % 200));
        if (i % 3 == 0)
            blocks[i % 32] = used(realloc(blocks[i % 32], 300));
    }
    for (int i = 0; i < 32; i++)
        free(blocks[i]);
    return unused;
}

int main(void)
{
    static void *kept[100];
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    free(used(malloc(1)));
    CHECK(allocator_is_signal_safe());
    CHECK(sigaction(SIGPROF, &action, NULL) == 0);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_PROF, &timer, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, churn, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        kept[i] = keep_on_the_way();
        pthread_kill(threads[i % THREADS], SIGUSR1);
        pause_ms(1);
    }
    churn(NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("handled: %s\n", handled >= SIGNALS ? "yes" : "no");
    return kept[0] == NULL;
}
