/*
 * Writes a line about the generation that was closed, from the rows of the
 * last fold and of this one.
 */
#include "agent/trace.h"

#include <fcntl.h>
#include <string.h>

#include "agent/identity.h"
#include "agent/modules.h"
#include "agent/os.h"
#include "agent/sites.h"
#include "agent/text.h"

static const char *path = "";

void tenure__trace_open(const char *file)
{
    path = file;
}

bool tenure__trace_keeps_stderr(void)
{
    return strcmp(path, "-") == 0;
}

static const char *trigger_text(enum tenure_trigger trigger)
{
    switch (trigger) {
#define X(name, number, text)                                                  \
    case TENURE_TRIGGER_##name:                                                \
        return text;
        TENURE_TRIGGERS(X)
#undef X
    }
    return "?";
}

struct sums {
    uint64_t blocks, bytes, promoted, tenured;
};

static struct sums sum_up(const struct tenure__rows *rows, uint32_t generation)
{
    struct sums sums = {0};
    for (size_t i = 0; i < rows->count; i++) {
        const struct tenure_row *row = &rows->row[i];
        sums.blocks += row->blocks;
        sums.bytes += row->bytes;
        if (row->generation + 2 <= generation)
            sums.tenured += row->bytes;
        if (row->generation + 2 == generation)
            sums.promoted += row->bytes;
    }
    return sums;
}

/* The bytes of the site at *at, which moves behind its rows. */
static uint64_t site_bytes(const struct tenure__rows *rows, size_t *at,
                           uint32_t site)
{
    uint64_t bytes = 0;
    while (*at < rows->count && rows->row[*at].site < site)
        ++*at;
    for (; *at < rows->count && rows->row[*at].site == site; ++*at)
        bytes += rows->row[*at].bytes;
    return bytes;
}

static uint32_t top_site(const struct tenure__trace *trace, uint64_t *growth)
{
    size_t i = 0, j = 0;
    uint32_t top = 0;
    *growth = 0;
    while (i < trace->now->count) {
        uint32_t site = trace->now->row[i].site;
        uint64_t now = site_bytes(trace->now, &i, site);
        uint64_t before = site_bytes(trace->before, &j, site);
        if (now > before && now - before > *growth) {
            *growth = now - before;
            top = site;
        }
    }
    return top;
}

static const char *file_name(const struct tenure__module *module)
{
    const char *slash = strrchr(module->path, '/');
    return slash != NULL ? slash + 1 : module->path;
}

static const struct tenure__module *module_at(uint64_t pc)
{
    uint32_t count = tenure__modules_count();
    for (uint32_t i = 0; i < count; i++) {
        const struct tenure__module *module = tenure__module_at(i);
        if (module->unload_epoch == 0 && pc >= module->start &&
            pc < module->end)
            return module;
    }
    return NULL;
}

static bool is_plumbing(const char *file)
{
    return strncmp(file, "libtenure", 9) == 0 ||
           strncmp(file, "libc.so", 7) == 0 ||
           strncmp(file, "libstdc++", 9) == 0 || strstr(file, "malloc") != NULL;
}

static void add_frame(struct tenure__text *text, uint32_t site)
{
    struct tenure__node node;
    for (; tenure__site_get(site, &node) && node.name == NULL;
         site = node.parent) {
        const struct tenure__module *module = module_at(node.pc - 1);
        if (module == NULL || is_plumbing(file_name(module)))
            continue;
        uint64_t offset = node.pc - 1 - module->bias;
        uint8_t bytes[4] = {(uint8_t)(offset >> 24), (uint8_t)(offset >> 16),
                            (uint8_t)(offset >> 8), (uint8_t)offset};
        tenure__text_add(text, file_name(module));
        tenure__text_add(text, "+0x");
        tenure__text_hex(text, bytes, 4);
        return;
    }
    tenure__text_add(text, "unknown");
}

/* One decimal. */
static void add_tenths(struct tenure__text *text, uint64_t tenths)
{
    tenure__text_number(text, tenths / 10, 1);
    tenure__text_add(text, ".");
    tenure__text_number(text, tenths % 10, 1);
}

static void add_mb(struct tenure__text *text, uint64_t bytes)
{
    add_tenths(text, (bytes * 10 + (1 << 19)) >> 20);
}

static void add_live(struct tenure__text *text, const struct sums *sums)
{
    add_mb(text, sums->bytes);
    tenure__text_add(text, " (");
    tenure__text_number(text, sums->blocks, 1);
    tenure__text_add(text, ")");
}

static void compose(struct tenure__text *text,
                    const struct tenure__trace *trace)
{
    struct sums was = sum_up(trace->before, 0);
    struct sums is = sum_up(trace->now, trace->generation);
    uint64_t growth;
    uint32_t top = top_site(trace, &growth);
    tenure__text_add(text, "[");
    tenure__text_number(text, tenure__identity.pid, 1);
    tenure__text_add(text, "] ");
    tenure__text_number(text, trace->age_ns / 1000000, 1);
    tenure__text_add(text, trace->major ? " ms: Major " : " ms: Minor ");
    tenure__text_number(text, trace->generation, 1);
    tenure__text_add(text, " (");
    tenure__text_add(text, trigger_text(trace->trigger));
    tenure__text_add(text, "): live ");
    add_live(text, &was);
    tenure__text_add(text, " -> ");
    add_live(text, &is);
    tenure__text_add(text, " MB (blocks), promoted ");
    add_mb(text, is.promoted);
    tenure__text_add(text, " MB, tenured ");
    add_mb(text, is.tenured);
    tenure__text_add(text, " MB, ");
    add_tenths(text, trace->took_ns / 100000);
    tenure__text_add(text, " ms");
    if (top != 0) {
        tenure__text_add(text, ", top +");
        add_mb(text, growth);
        tenure__text_add(text, " MB ");
        add_frame(text, top);
    }
    if (trace->error != 0) {
        tenure__text_add(text, ", NOT WRITTEN: errno ");
        tenure__text_number(text, (uint64_t)-trace->error, 1);
    }
    tenure__text_add(text, "\n");
}

void tenure__trace_line(const struct tenure__trace *trace)
{
    char line[1024];
    struct tenure__text text;
    if (path[0] == 0)
        return;
    tenure__text_start(&text, line, sizeof line);
    compose(&text, trace);
    if (tenure__trace_keeps_stderr()) {
        tenure__syscall3(SYS_write, 2, line, text.used);
        return;
    }
    long fd = tenure__syscall4(
        SYS_openat, AT_FDCWD, path,
        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    tenure__syscall3(SYS_write, fd, line, text.used);
    tenure__syscall1(SYS_close, fd);
}
