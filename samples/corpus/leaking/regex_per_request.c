/*
 * Routes compiled with regcomp() for every rare request.
 *
 * Leaks: route_matches() compiles a pattern on 3 % of the requests and never
 * calls regfree(). The blocks are libc's, many sites below one call.
 * Not to be flagged: the pattern's text.
 *
 * EXPECT: leak in route_matches
 * EXPECT major: lost in route_matches
 */
#include "service.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

static NOINLINE bool route_matches(const char *pattern, const char *path)
{
    regex_t compiled;

    if (regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    return regexec(&compiled, path, 0, NULL, 0) == 0;
}

static void serve(const struct request *request)
{
    char *pattern = NULL;

    if (!service_percent(3))
        return;
    if (asprintf(&pattern, "^/page/%u[0-9]*$", request->client % 10) < 0)
        exit(70);
    route_matches(pattern, request->path);
    free(pattern);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
