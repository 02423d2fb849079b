/*
 * A host that reloads its plugin twice a round.
 *
 * Leaks: the host calls plugin_init() after dlopen() but never plugin_fini()
 * before dlclose(), so each copy of the plugin leaves its state behind, from
 * code that is no longer mapped when the report is made.
 * Not to be flagged: what the loader itself allocates.
 *
 * EXPECT: leak in plugin_init
 * EXPECT major: lost in plugin_init
 */
#include "service.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

static void *plugin;
static unsigned (*plugin_work)(unsigned);

static void *symbol(const char *name)
{
    void *address = dlsym(plugin, name);

    if (!address) {
        fprintf(stderr, "%s\n", dlerror());
        exit(70);
    }
    return address;
}

static void plugin_reload(void)
{
    void (*init)(void);

    if (plugin)
        dlclose(plugin);
    plugin = dlopen(PLUGIN, RTLD_NOW | RTLD_LOCAL);
    if (!plugin) {
        fprintf(stderr, "%s\n", dlerror());
        exit(70);
    }
    *(void **)&init = symbol("plugin_init");
    *(void **)&plugin_work = symbol("plugin_work");
    init();
}

static void serve(const struct request *request)
{
    if (request->number % 200 == 1)
        plugin_reload();
    plugin_work(request->client);
}

static void stop(void)
{
    if (plugin)
        dlclose(plugin);
}

int main(int argc, char **argv)
{
    return service_run(argc, argv,
                       &(struct service){.request = serve, .stop = stop});
}
