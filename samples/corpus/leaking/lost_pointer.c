/*
 * A banner that is loaded again over the pointer to the old one.
 *
 * Leaks: banner_refresh() overwrites the only pointer to the last banner, on
 * 2 % of the requests.
 * Not to be flagged: the greeting made from it.
 *
 * EXPECT: leak in banner_load
 * EXPECT major: lost in banner_load
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>

static char *banner;

static NOINLINE char *banner_load(unsigned version)
{
    char *text = must(malloc(512));

    memset(text, (int)('a' + version % 26), 511);
    text[511] = '\0';
    return text;
}

static void banner_refresh(unsigned version)
{
    banner = banner_load(version);
}

static void serve(const struct request *request)
{
    char *greeting;

    if (!banner || service_percent(2))
        banner_refresh(request->number);
    greeting = must(strdup(banner));
    greeting[request->client] = '\n';
    free(greeting);
}

static void stop(void)
{
    free(banner);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
