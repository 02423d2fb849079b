/*
 * Which sites make blocks of one type, as far as can be told.
 *
 * A list is filled from many call stacks, and is one list all the same. In
 * come the sites with the sizes of their blocks; out goes a number for each,
 * its family. Sites are of one family if their innermost frame is the same
 * call of malloc; but where that hands out blocks of several sizes it stands
 * in a wrapper (zmalloc, operator new), and its caller has to be the same too.
 */
#include "agent/retaining.h"
#include "agent/sites.h"

#define FRAMES_MAX 4u

static uint64_t key_of(uint32_t site, uint32_t frames)
{
    uint64_t key = frames;
    struct tenure__node node;
    while (frames-- > 0 && tenure__site_get(site, &node) &&
           node.tag != TENURE__NODE_THREAD) {
        key = (key ^ node.pc ^ node.gone) * 0x9e3779b97f4a7c15u;
        key ^= key >> 32;
        site = node.parent;
    }
    return key | 1;
}

static struct tenure__retain_caller *caller_at(struct tenure__retaining *making,
                                               uint64_t key)
{
    uint32_t mask = TENURE__RETAIN_CALLERS - 1;
    uint32_t at = (uint32_t)(key >> 40) & mask;
    while (making->caller[at].key != 0 && making->caller[at].key != key)
        at = (at + 1) & mask;
    return &making->caller[at];
}

/* Those of these sites that so many frames do not tell apart from others of
 * other sizes; they are moved to the front. */
static uint32_t settle(struct tenure__retaining *making, uint32_t *site,
                       uint32_t count, uint32_t frames)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct tenure__retain_site *of = &making->site[site[i]];
        struct tenure__retain_caller *caller =
            caller_at(making, key_of(site[i], frames));
        if (of->sizes_differ || (caller->key != 0 && caller->size != of->size))
            caller->sizes_differ = true;
        caller->key = key_of(site[i], frames);
        caller->size = of->size;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t key = key_of(site[i], frames);
        making->site[site[i]].family = (uint32_t)(key >> 32);
        if (caller_at(making, key)->sizes_differ)
            site[left++] = site[i];
    }
    return left;
}

void tenure__retain_families(struct tenure__retaining *making)
{
    struct tenure__node node;
    uint32_t count = 0;
    for (uint32_t site = 1; site < making->sites; site++) {
        making->site[site].family = site;
        if (making->site[site].blocks > 0 &&
            count < TENURE__RETAIN_CALLERS / 2 / FRAMES_MAX &&
            tenure__site_get(site, &node) && node.tag != TENURE__NODE_THREAD)
            making->member[count++] = site;
    }
    for (uint32_t frames = 1; frames <= FRAMES_MAX && count > 0; frames++)
        count = settle(making, making->member, count, frames);
}
