/*
 * From the side metadata to blocks for the mark.
 *
 * A block whose memory is not here is left out: the service may have kept a
 * mapping from its children (MADV_DONTFORK), or freed a block behind our
 * back. One that the loader has allocated for itself counts as a root: the
 * loader keeps link maps and thread-local storage in ways of its own. So does
 * what a fork inherited from a process with several threads: where those had
 * pointers to it is gone, and nobody is to blame.
 */
#include "agent/major_source.h"

#include <elf.h>
#include <errno.h>

#include "agent/annotate.h"
#include "agent/blocks.h"
#include "agent/generations.h"
#include "agent/identity.h"
#include "agent/modules.h"
#include "agent/os.h"
#include "agent/procfs.h"
#include "agent/records.h"
#include "agent/sites.h"

#define MAPPINGS_MAX (1u << 17)

enum { UNKNOWN, LOADER, OTHER };

static bool may_hold_blocks(const struct tenure__map *map)
{
    return map->readable && map->name[0] != '/';
}

static void find_loader(struct tenure__major_source *source)
{
    uint64_t base = tenure__os_auxiliary(AT_BASE);
    for (uint32_t i = 0; i < tenure__modules_count(); i++) {
        const struct tenure__module *module = tenure__module_at(i);
        if (base != 0 && base >= module->start && base < module->end) {
            source->loader_start = module->start;
            source->loader_end = module->end;
        }
    }
}

int tenure__major_source_open(struct tenure__major_source *source)
{
    *source = (struct tenure__major_source){0};
    source->sites = tenure__sites_count() + 1;
    source->root_site = tenure__os_map(source->sites);
    if (source->root_site == NULL ||
        tenure__ranges_open(&source->readable, MAPPINGS_MAX) != 0)
        return -ENOMEM;
    tenure__ranges_add_maps(&source->readable, may_hold_blocks);
    tenure__ranges_sort(&source->readable);
    find_loader(source);
    return 0;
}

static bool is_loader_site(struct tenure__major_source *source, uint32_t site)
{
    struct tenure__node node;
    if (site >= source->sites)
        return false;
    if (source->root_site[site] == UNKNOWN)
        source->root_site[site] = tenure__site_get(site, &node) &&
                                          node.tag != TENURE__NODE_THREAD &&
                                          node.pc >= source->loader_start &&
                                          node.pc < source->loader_end
                                      ? LOADER
                                      : OTHER;
    return source->root_site[site] == LOADER;
}

struct visiting {
    struct tenure__major_source *source;
    tenure__mark_visit *visit;
    void *with;
    uint32_t generation;
    struct tenure__range range; /* the readable one last met */
};

static bool is_readable(struct visiting *visiting, uint64_t start, uint64_t end)
{
    if (start >= visiting->range.start && end <= visiting->range.end)
        return true;
    const struct tenure__ranges *readable = &visiting->source->readable;
    uint32_t first = 0, last = readable->count;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (readable->range[middle].end <= start)
            first = middle + 1;
        else
            last = middle;
    }
    if (first == readable->count)
        return false;
    visiting->range = readable->range[first];
    return start >= visiting->range.start && end <= visiting->range.end;
}

static void visit_slot(uint64_t address, tenure__slot *slot, uint64_t value,
                       void *with)
{
    struct visiting *visiting = with;
    uint32_t low = (uint32_t)value & TENURE_SLOT_SIZE_MAX;
    struct tenure__mark_block block = {
        .address = address,
        .bytes = low,
        .site = tenure__slot_site(value),
        .generation = tenure__slot_generation(value, visiting->generation),
    };
    (void)slot;
    if (value & TENURE_SLOT_EXT) {
        const struct tenure__record *record = tenure__record_at(low);
        block.bytes = record->bytes;
        block.site = record->site;
        block.generation = record->generation;
        block.is_resized = record->resizes > 0;
    }
    if (!is_readable(visiting, address, address + (block.bytes + 7) / 8 * 8)) {
        visiting->source->unreadable++;
        return;
    }
    block.is_root = block.generation <= tenure__identity.orphaned_generation ||
                    is_loader_site(visiting->source, block.site) ||
                    tenure__is_ignored(address, block.generation);
    visiting->visit(&block, visiting->with);
}

static void each(void *self, tenure__mark_visit *visit, void *with)
{
    struct visiting visiting = {
        .source = self,
        .visit = visit,
        .with = with,
        .generation = tenure__generation(),
    };
    visiting.source->unreadable = 0;
    tenure__blocks_each(visit_slot, &visiting, NULL);
}

struct tenure__mark_source
tenure__major_blocks(struct tenure__major_source *source)
{
    return (struct tenure__mark_source){each, source};
}
