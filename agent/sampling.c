/*
 * The countdown of each thread to its next sample, or to the next look at
 * the bytes allocated by all.
 */
#include "agent/sampling.h"

#include "agent/counters.h"

uint64_t tenure__sample_bytes;
uint8_t tenure__sample_page[TENURE_SAMPLE_PAGES];

static uint64_t every;
static uint64_t quantum;   /* bytes a thread counts on its own */
static uint64_t allocated; /* by all threads, in whole quanta */
static uint64_t next_wake;
static void (*wake_up)(void);

void tenure__sampling_open(uint64_t sample_bytes, uint64_t every_bytes,
                           void (*wake)(void))
{
    tenure__sample_bytes = sample_bytes;
    every = every_bytes;
    next_wake = every_bytes;
    wake_up = wake;
    /* A sixteenth of the period: threads that stand still hold back little
     * of the count. */
    quantum = every_bytes > 0 ? every_bytes / 16 + 1 : 0;
}

/* xorshift64* (S. Vigna, 2016): one word of state is enough to choose
 * distances. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545F4914F6CDD1Du;
}

/* -ln(u) for u in (0, 1] given as a 53-bit fraction, without libm: the
 * exponent by counting bits, the mantissa m in [1, 2) by the series of
 * 2 * atanh((m - 1) / (m + 1)), whose ninth power leaves 2e-6. */
static double minus_log(uint64_t fraction53)
{
    int lead = 63 - __builtin_clzll(fraction53);
    double m = (double)fraction53 / (double)(1ull << lead);
    double t = (m - 1) / (m + 1), s = t * t;
    double log_m =
        2 * t * (1 + s * (1.0 / 3 + s * (0.2 + s * (1.0 / 7 + s / 9))));
    return (53 - lead) * 0.69314718055994530942 - log_m;
}

/* 1 - exp(-x) for x >= 0, without libm: the series for small x, where the
 * difference would lose its digits, else exp(-x) = exp(-x / 2^k)^(2^k). */
static double one_minus_exp(double x)
{
    if (x < 0.05)
        return x * (1 - x / 2 * (1 - x / 3 * (1 - x / 4 * (1 - x / 5))));
    if (x > 40)
        return 1;
    double y = x / 1024;
    double power = 1 - y * (1 - y / 2 * (1 - y / 3 * (1 - y / 4)));
    for (int i = 0; i < 10; i++)
        power *= power;
    return 1 - power;
}

double tenure__sample_probability(uint64_t bytes)
{
    if (tenure__sample_bytes == 0)
        return 1;
    double share = (double)(bytes > 0 ? bytes : 1);
    return one_minus_exp(share / (double)tenure__sample_bytes);
}

static int64_t draw_distance(struct tenure__thread *thread)
{
    if (thread->random == 0)
        thread->random = tenure__os_monotonic_ns() * 0x9E3779B97F4A7C15u ^
                         ((uint64_t)thread->index + 1) << 32;
    uint64_t fraction = (next_random(&thread->random) >> 11) + 1;
    double distance = minus_log(fraction) * (double)tenure__sample_bytes;
    return distance < 1 ? 1 : (int64_t)distance;
}

/* Starts the next countdown; what the last one counted joins the total. */
static void next_distance(struct tenure__thread *thread)
{
    thread->counts.allocated_bytes += tenure__thread_pending(thread);
    thread->distance = draw_distance(thread);
    thread->bytes_left = thread->distance;
}

/* Adds what the thread has allocated since it last did; wakes the helper at
 * each multiple of the period. */
static void count_bytes(struct tenure__thread *thread)
{
    uint64_t news = thread->counts.allocated_bytes - thread->reported_bytes;
    thread->reported_bytes = thread->counts.allocated_bytes;
    uint64_t total = __atomic_add_fetch(&allocated, news, __ATOMIC_RELAXED);
    uint64_t due = __atomic_load_n(&next_wake, __ATOMIC_RELAXED);
    if (total < due)
        return;
    uint64_t next = total - total % every + every;
    if (__atomic_compare_exchange_n(&next_wake, &due, next, 0, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED))
        wake_up();
}

bool tenure__sampling_due(struct tenure__thread *thread, size_t bytes)
{
    if (every != 0)
        count_bytes(thread);
    if (tenure__sample_bytes == 0) {
        thread->bytes_limit =
            every != 0 ? thread->counts.allocated_bytes + quantum : UINT64_MAX;
        return true;
    }
    bool first = thread->random == 0;
    next_distance(thread);
    if (!first)
        return true;
    /* A thread's first countdown starts before this block, which has been
     * counted once by now. */
    thread->bytes_left -= (int64_t)bytes;
    thread->counts.allocated_bytes -= bytes;
    if (thread->bytes_left >= 0)
        return false;
    next_distance(thread);
    return true;
}

/* A count that was once as high as it can be is no count any more. */
static void change(uint8_t *page, int by)
{
    uint8_t count = __atomic_load_n(page, __ATOMIC_RELAXED);
    while (count != UINT8_MAX &&
           !__atomic_compare_exchange_n(page, &count, (uint8_t)(count + by), 1,
                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
}

void tenure__sample_note(uint64_t address)
{
    change(tenure__sample_page_of(address), 1);
}

void tenure__sample_forget(uint64_t address)
{
    change(tenure__sample_page_of(address), -1);
}
