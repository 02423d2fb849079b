/*
 * A second look before a block is called unreached: pointers at addresses
 * that are no multiple of 8, as in packed structures and in machine code,
 * and pointers with a tag in the upper 16 bits, as language runtimes have
 * them in their values.
 *
 * Only a pointer to a block's first byte counts there, and what it reaches
 * is `possible`. After tenure__mark_run(), and only where something is left
 * unreached: it costs about as much again.
 */
#ifndef TENURE_AGENT_MARK_ODD_H
#define TENURE_AGENT_MARK_ODD_H

#include "agent/limits.h"
#include "agent/mark.h"

/* Root memory; for tagged pointers only, where `tagged_only`. */
void tenure__mark_odd_words(struct tenure__mark *mark, const uint64_t *word,
                            size_t count, bool tagged_only);

/* All reached blocks, and what that reaches in turn. Sorts mark->odd. */
void tenure__mark_odd_blocks(struct tenure__mark *mark);

/* An entry of mark->odd: what holds the block, which the roots sort before,
 * and the block. */
static inline uint32_t tenure__odd_parent(uint64_t entry)
{
    return (uint32_t)(entry >> 32) - 2;
}
static inline uint32_t tenure__odd_block(uint64_t entry)
{
    return (uint32_t)entry;
}

#endif
