/*
 * Keeps 500 blocks of 1000 bytes more at each of eight snapshots.
 */
#include <stdlib.h>

#include "agent/include/tenure.h"

static __attribute__((noinline)) void keep_more(void)
{
    for (int i = 0; i < 500; i++) {
        void *volatile block = malloc(1000);
        (void)block;
    }
}

int main(void)
{
    for (int round = 0; round < 8; round++) {
        keep_more();
        tenure_take_snapshot("round");
    }
    return 0;
}
