/*
 * One megabyte every other round.
 *
 * Leaks: image_decode() leaves its canvas behind when the picture has an odd
 * number of lines, which half of the pictures have; there is one a round. The
 * blocks are so large that malloc maps each of them on its own.
 * Not to be flagged: the canvases of the other pictures.
 *
 * EXPECT 8: suspect|unbounded|leak in image_decode
 * EXPECT 12: leak in image_decode
 * EXPECT major: lost in image_decode
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#define CANVAS 1000000

static unsigned long shades;

static NOINLINE void image_decode(unsigned lines)
{
    unsigned char *canvas = must(malloc(CANVAS));

    memset(canvas, (int)lines, CANVAS);
    shades += canvas[lines];
    if (lines % 2)
        return;
    free(canvas);
}

static void end_round(unsigned round)
{
    image_decode(480 + round);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.round = end_round});
}
