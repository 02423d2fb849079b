/*
 * A heap full of small blocks: COUNT of 64 bytes, all used, kept to the end.
 *
 *   blocks COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct link {
    struct link *next;
    char rest[56];
};

int main(int argc, char **argv)
{
    struct link *all = NULL;
    long count = argc == 2 ? atol(argv[1]) : 0;
    for (long i = 0; i < count; i++) {
        struct link *link = malloc(sizeof *link);
        if (!link)
            return 1;
        memset(link->rest, 1, sizeof link->rest);
        link->next = all;
        all = link;
    }
    printf("%ld blocks\n", count);
    return all == NULL;
}
