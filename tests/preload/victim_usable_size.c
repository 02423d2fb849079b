/*
 * malloc_usable_size says the same as without the agent for every size, all
 * of it can be used, and realloc within it stays in place.
 */
#include "victim.h"

#include <malloc.h>

int main(void)
{
    size_t last = 0, sum = 0;
    int in_place = 0;
    for (size_t bytes = 0; bytes < 20000; bytes++) {
        char *block = used(malloc(bytes));
        size_t usable = malloc_usable_size(block);
        if (usable != last && bytes < 2000)
            say("%zu: %zu\n", bytes, usable);
        memset(block, 0x55, usable);
        in_place += used(realloc(block, usable)) == block;
        last = usable;
        sum += usable;
        free(block);
    }
    say("%zu, %d in place\n", sum, in_place);
    pause_ms(150);
    return 0;
}
