/*
 * Heapsort.
 */
#include "agent/sort.h"

static void sift_down(uint64_t *value, uint32_t at, uint32_t count)
{
    for (uint64_t child; (child = 2ull * at + 1) < count;
         at = (uint32_t)child) {
        uint64_t moving = value[at];
        if (child + 1 < count && value[child] < value[child + 1])
            child++;
        if (moving >= value[child])
            return;
        value[at] = value[child];
        value[child] = moving;
    }
}

void tenure__sort(uint64_t *value, uint32_t count)
{
    for (uint32_t i = count / 2; i-- > 0;)
        sift_down(value, i, count);
    for (uint32_t last = count; last-- > 1;) {
        uint64_t moving = value[0];
        value[0] = value[last];
        value[last] = moving;
        sift_down(value, 0, last);
    }
}
