/*
 * Players that are kept on a free list when they leave the game.
 *
 * Grows: with the largest number of players at once, which rises evenly
 * through round 5 and never again.
 * Not to be flagged: growth that has stopped is no leak.
 *
 * EXPECT 8: warming|steady|pool|one-off|cache|suspect in player_get
 * EXPECT 12: warming|steady|pool|one-off|cache in player_get
 */
#include "service.h"

#include <stdlib.h>

struct player {
    struct player *next;
    unsigned score;
    char name[80];
};

static struct player *unused;
static struct player *playing;
static unsigned count;

static NOINLINE struct player *player_get(void)
{
    struct player *player = unused;

    if (player)
        unused = player->next;
    else
        player = must(calloc(1, sizeof *player));
    return player;
}

static void join(unsigned score)
{
    struct player *player = player_get();

    player->score = score;
    player->next = playing;
    playing = player;
    count++;
}

static void leave(void)
{
    struct player *player = playing;

    playing = player->next;
    player->next = unused;
    unused = player;
    count--;
}

static void serve(const struct request *request)
{
    unsigned round = service_round() < 5 ? service_round() : 5;
    unsigned most = 40 * round;

    if (count < most && service_percent(60))
        join(request->client);
    else if (count)
        leave();
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
