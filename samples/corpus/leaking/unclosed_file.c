/*
 * Files that stay open when their first line is wrong.
 *
 * Leaks: settings_read() returns without fclose() on about 2 % of its calls:
 * a FILE and its buffer, allocated by libc.
 * Not to be flagged: the files that are closed, by the same function.
 *
 * EXPECT: leak in settings_read
 */
#include "service.h"

#include <stdio.h>
#include <stdlib.h>

static NOINLINE bool settings_read(bool wrong)
{
    FILE *file = fopen("/proc/self/comm", "r");
    char line[64];

    if (!file || !fgets(line, sizeof line, file) || wrong)
        return false;
    fclose(file);
    return true;
}

static void serve(const struct request *request)
{
    if (request->number % 4 == 0)
        settings_read(service_percent(8));
}

int main(int argc, char **argv)
{
    return service_run(argc, argv, &(struct service){.request = serve});
}
