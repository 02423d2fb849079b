/*
 * Writes the snapshots of a made-up server, and its names into the symbol
 * cache: the same files on every machine.
 *
 * Usage: make_series DIRECTORY CACHE
 *
 * A main thread and numbered workers; sites that leak, turn over, grow by
 * realloc, stay, and one in code without a module; a mapping; two builds and
 * another process to be refused.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "snapshot_writer.h"

static const char build_id[] = "00c0ffee00c0ffee00c0ffee00c0ffee00c0ffee";
static const char other_build_id[] = "0badcafe0badcafe0badcafe0badcafe0badcafe";

/* What the cache says about the server: call addresses are return addresses
 * less 1; kinds are those of enum tenure_frame_kind. */
static const char names[] =
    "10f 1\n"
    "0 20 0\txmalloc\t/src/server/alloc.c\n"
    "11f 2\n"
    "1 88 0\tparse_header\t/src/server/parse.c\n"
    "0 31 0\tserver::Request::read<std::string>\t/src/server/request.cc\n"
    "12f 1\n"
    "0 140 0\tserve\t/src/server/main.c\n"
    "13f 1\n"
    "0 7 0\tmain\t/src/server/main.c\n"
    "14f 1\n"
    "0 0 0\t__libc_start_call_main\t\n"
    "15f 1\n"
    "0 55 0\tcache_put\t/src/server/cache.c\n"
    "16f 1\n"
    "0 61 0\tlog_append\t/src/server/log.c\n"
    "17f 1\n"
    "0 70 0\tlog_grow\t/src/server/log.c\n"
    "18f 1\n"
    "0 0 28\texported_near\t\n"
    "19f 1\n"
    "0 9 0\tload_config\t/src/server/config.c\n"
    "1af 1\n"
    "0 12 0\tarena_map\t/src/server/arena.c\n";

enum address {
    XMALLOC = 0x10110,
    READ = 0x10120,
    SERVE = 0x10130,
    MAIN = 0x10140,
    START = 0x10150,
    CACHE_PUT = 0x10160,
    LOG_APPEND = 0x10170,
    LOG_GROW = 0x10180,
    STRIPPED = 0x10190,
    CONFIG = 0x101a0,
    ARENA = 0x101b0
};

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void write_cache(const char *directory)
{
    char path[4096];
    struct tenure_checksum sum;
    tenure_checksum_start(&sum);
    tenure_checksum_add(&sum, names, sizeof names - 1);
    snprintf(path, sizeof path, "%s/tenure", directory);
    mkdir(directory, 0700);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/tenure/%s", directory, build_id);
    FILE *file = fopen(path, "w");
    must(file != NULL, path);
    fprintf(file, "tenure-symbols 1 1 %016" PRIx64 "\n%s",
            tenure_checksum_end(&sum), names);
    must(fclose(file) == 0, path);
}

struct sites {
    uint32_t leak, worker_leak, cache, log, log_grow, stripped, config, jit,
        arena;
};

static struct sites make_sites(struct writer *w)
{
    static const uint64_t leak[] = {XMALLOC, READ, SERVE, MAIN, START, 0};
    static const uint64_t cache[] = {CACHE_PUT, SERVE, MAIN, START, 0};
    static const uint64_t grow[] = {LOG_GROW, LOG_APPEND, MAIN, START, 0};
    static const uint64_t log[] = {LOG_APPEND, MAIN, START, 0};
    static const uint64_t stripped[] = {STRIPPED, MAIN, START, 0};
    static const uint64_t config[] = {XMALLOC, CONFIG, MAIN, START, 0};
    static const uint64_t jit[] = {0x7f0000001234, 0x7f0000005678, 0};
    static const uint64_t arena[] = {ARENA, MAIN, START, 0};
    uint32_t exe =
        writer_module(w, "/srv/bin/server", build_id, 0x10000, 0x20000);
    uint32_t thread = writer_thread(w, "server");
    uint32_t one = writer_thread(w, "worker-1");
    uint32_t two = writer_thread(w, "worker-2");
    struct sites sites = {
        .leak = writer_stack(w, one, exe, leak),
        .worker_leak = writer_stack(w, two, exe, leak),
        .cache = writer_stack(w, thread, exe, cache),
        .log = writer_stack(w, thread, exe, log),
        .log_grow = writer_stack(w, thread, exe, grow),
        .stripped = writer_stack(w, thread, exe, stripped),
        .config = writer_stack(w, thread, exe, config),
        .jit = writer_stack(w, thread, TENURE_NONE, jit),
        .arena = writer_stack(w, thread, exe, arena),
    };
    return sites;
}

static void add_totals(struct writer *w, uint32_t generation)
{
    static const struct {
        uint32_t key;
        uint64_t first, more;
    } values[] = {
        {TENURE_VALUE_ALLOCATED_BLOCKS, 20000, 150000},
        {TENURE_VALUE_ALLOCATED_BYTES, 5 << 20, 24 << 20},
        {TENURE_VALUE_RSS_BYTES, 40 << 20, 3 << 20},
        {TENURE_VALUE_ALLOCATOR_BYTES, 18 << 20, 2 << 20},
        {TENURE_VALUE_MAPPED_BYTES, 1 << 20, 1 << 18},
        {TENURE_VALUE_STACK_BYTES, 96 << 10, 0},
        {TENURE_VALUE_FILE_RSS_BYTES, 6 << 20, 0},
        {TENURE_VALUE_AGENT_BYTES, 2 << 20, 64 << 10},
        {TENURE_VALUE_LIMIT_BYTES, 512 << 20, 0},
        {TENURE_VALUE_THREADS, 3, 0},
        {TENURE_VALUE_UNTRACKED_FREES, 2, 0},
    };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        writer_value(w, values[i].key,
                     values[i].first + values[i].more * generation);
}

static void add_threads(struct writer *w)
{
    static const char *const thread_names[] = {"server", "worker-1",
                                               "worker-2"};
    for (uint32_t i = 0; i < 3; i++) {
        struct tenure_thread thread = {4242 + i,
                                       writer_string(w, thread_names[i]),
                                       100000 / (i + 1), 9000000 / (i + 1)};
        writer_add(w, TENURE_SECTION_THREADS, &thread);
    }
}

static void add_rows(struct writer *w, const struct sites *at, uint32_t now)
{
    for (uint32_t g = 1; g <= now; g++) {
        uint64_t age = now - g;
        writer_row(w, at->leak, g, 600, 60000);
        writer_row(w, at->worker_leak, g, 400, 40000);
        if (age < 2)
            writer_row(w, at->cache, g, 1000 - 600 * age, 64000 - 38400 * age);
        writer_mapping(w, at->arena, g, 1, 65536);
    }
    writer_row(w, at->log, 1, 1, 4096 * (uint64_t)now);
    if (now > 1)
        writer_growth(w, 7, at->log, 1, 4096, 4096 * (uint64_t)now,
                      at->log_grow);
    writer_row(w, at->stripped, 1, 3, 3000);
    writer_row(w, at->config, 1, 12, 1234567);
    writer_row(w, at->jit, now, 5, 320);
}

enum { ENDED = 6 }; /* the generation in which the server does */

static struct writer *server(uint32_t generation)
{
    struct writer *w = writer_new();
    writer_run(w, 1, 4242, "/srv/bin/server");
    w->process.command = writer_string(w, "/srv/bin/server --port 80");
    writer_generation(w, generation, generation * 60.0);
    if (generation == 3)
        w->process.label = writer_string(w, "after deploy");
    struct sites sites = make_sites(w);
    add_totals(w, generation);
    add_threads(w);
    if (generation < ENDED)
        add_rows(w, &sites, generation);
    return w;
}

/* The server has freed all as it ended. */
static struct writer *ended(void)
{
    struct writer *w = server(ENDED);
    w->process.kind = TENURE_MAJOR;
    w->process.trigger = TENURE_TRIGGER_EXIT;
    struct sites at = make_sites(w);
    writer_late(w, at.leak, 3, 300);
    return w;
}

/* A major snapshot: the cache holds what leaks, and some of it is lost. */
static struct writer *major(void)
{
    struct writer *w = server(2);
    struct sites at = make_sites(w);
    w->process.kind = TENURE_MAJOR;
    w->process.stop_method = writer_string(w, "ptrace");
    const struct tenure_retainer way[] = {
        {.site = at.leak,
         .kind = TENURE_RETAINER_GLOBAL,
         .module = 0,
         .share = 9800,
         .address = 0x1f008,
         .offset = 0xf008},
        {.site = at.leak,
         .step = 1,
         .kind = TENURE_RETAINER_BLOCK,
         .module = TENURE_NONE,
         .what = at.cache,
         .share = 9800,
         .address = 0x5000,
         .offset = 24},
    };
    for (uint32_t i = 0; i < sizeof way / sizeof *way; i++)
        writer_add(w, TENURE_SECTION_RETAINERS, &way[i]);
    const struct tenure_mark mark = {.site = at.config,
                                     .generation = 1,
                                     .unreached_blocks = 3,
                                     .unreached_bytes = 300,
                                     .lost_blocks = 2,
                                     .lost_bytes = 200,
                                     .retained_bytes = 250};
    writer_add(w, TENURE_SECTION_MARKS, &mark);
    writer_value(w, TENURE_VALUE_LOST_BLOCKS, 2);
    writer_value(w, TENURE_VALUE_LOST_BYTES, 200);
    const struct tenure_retained retained[] = {{at.leak, 0, 300000},
                                               {at.cache, 0, 310000}};
    for (uint32_t i = 0; i < sizeof retained / sizeof *retained; i++)
        writer_add(w, TENURE_SECTION_RETAINED, &retained[i]);
    return w;
}

/* The same with what holds them all. */
static struct writer *contained(void)
{
    struct writer *w = major();
    struct sites at = make_sites(w);
    const struct tenure_container container[] = {
        {.site = at.leak,
         .kind = TENURE_RETAINER_BLOCK,
         .what = at.cache,
         .module = TENURE_NONE,
         .generation = 1,
         .flags = TENURE_CONTAINER_RESIZED,
         .share = 9800,
         .words = 1024,
         .filled = 400,
         .blocks = 400},
        {.site = at.cache,
         .kind = TENURE_RETAINER_GLOBAL,
         .module = 0,
         .share = 10000,
         .words = 8,
         .filled = 1,
         .blocks = 1}};
    for (uint32_t i = 0; i < sizeof container / sizeof *container; i++)
        writer_add(w, TENURE_SECTION_CONTAINERS, &container[i]);
    return w;
}

/* The same with some of its blocks: a table that holds the others. */
static struct writer *listed(void)
{
    struct writer *w = major();
    struct sites at = make_sites(w);
    const struct tenure_object object[] = {
        {0x5000, 64, 0x5040, at.cache, 1, TENURE_OBJECT_REACHED, true},
        {0x5040, 100, 0, at.leak, 2, TENURE_OBJECT_REACHED, true},
        {0x50b0, 100, 0x1f000, at.leak, 1, TENURE_OBJECT_REACHED, true},
        {0x5120, 100, 0x73736572646461, at.leak, 1, TENURE_OBJECT_POSSIBLE,
         true},
        {0x5190, 5, 0, at.config, 1, TENURE_OBJECT_LOST, false},
        {0x51b0, 2048, 17, at.config, 1, TENURE_OBJECT_LOST, true}};
    const struct tenure_edge edge[] = {
        {TENURE_NONE, 0, TENURE_EDGE_START, TENURE_RETAINER_GLOBAL, 0, 0x1f008},
        {TENURE_NONE, 2, TENURE_EDGE_START, TENURE_RETAINER_STACK, 4242,
         0x7ffe1000},
        {0, 1, TENURE_EDGE_START, 0, TENURE_NONE, 0},
        {0, 2, TENURE_EDGE_TAGGED, 0, TENURE_NONE, 24},
        {0, 3, TENURE_EDGE_INSIDE, 0, TENURE_NONE, 32},
        {5, 4, TENURE_EDGE_UNALIGNED, 0, TENURE_NONE, 13}};
    writer_objects(w, object, 6, edge, 2, 4);
    return w;
}

static void save(struct writer *w, const char *directory, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s.tenure", directory, name);
    writer_save(w, path);
    writer_free(w);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    mkdir(argv[1], 0700);
    write_cache(argv[2]);
    for (uint32_t g = 1; g <= 4; g++) {
        char name[32];
        snprintf(name, sizeof name, "server.4242.%04u", g);
        save(server(g), argv[1], name);
    }
    save(major(), argv[1], "major");
    save(contained(), argv[1], "contained");
    save(listed(), argv[1], "listed");
    save(ended(), argv[1], "ended");
    struct writer *dropped = server(5);
    writer_value(dropped, TENURE_VALUE_DROPPED_NO_SITE, 1200);
    save(dropped, argv[1], "dropped");
    struct writer *other = writer_new();
    writer_run(other, 2, 77, "/srv/bin/other");
    save(other, argv[1], "other_process");
    struct writer *rebuilt = writer_new();
    writer_run(rebuilt, 3, 78, "/srv/bin/server");
    writer_module(rebuilt, "/srv/bin/server", other_build_id, 0x10000, 0x20000);
    save(rebuilt, argv[1], "other_build");
    return 0;
}
