/*
 * Leaks a few blocks of the agent's own heap in each generation, and enters
 * them as if the service had asked for them.
 */
#include "agent/self_test.h"

#include "agent/heap.h"
#include "agent/sampling.h"
#include "agent/track.h"

/* What a block is said to have: in sampled mode enough for nearly every one
 * to be taken. Only the label is large. */
static size_t said_bytes(void)
{
    return tenure__sampling_on() ? 4 * tenure__sample_bytes
                                 : TENURE_SELF_TEST_BYTES;
}

static __attribute__((noinline)) void leak_one(void)
{
    void *block = tenure__heap_new(TENURE_SELF_TEST_BYTES);
    if (block != NULL)
        tenure__track_birth(block, said_bytes(), TENURE_START);
}

__attribute__((visibility("default"), noinline)) void
tenure_self_test_leak(void)
{
    leak_one();
    __asm__ volatile(""); /* no tail call: this frame is the site */
}

void tenure__self_test(void)
{
    for (unsigned i = 0; i < TENURE_SELF_TEST_BLOCKS; i++)
        tenure_self_test_leak();
}
