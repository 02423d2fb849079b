/*
 * The blocks whose slot is too small for what must be known of them: those
 * that realloc has resized, and those of 16 MiB and more.
 *
 * A record keeps the size, the size at birth and the stack that made the
 * block larger last; its `id` names the block among all snapshots, however
 * often realloc moves it. Records live in a reserved array and are found by
 * index from the slot's size field. Taking and giving back is lock-free
 * (16 striped stacks); the rest belongs to the block's owner. `folded` lets
 * the fold count a block once that moves while it looks.
 * Async-signal-safe.
 */
#ifndef TENURE_AGENT_RECORDS_H
#define TENURE_AGENT_RECORDS_H

#include <stdbool.h>
#include <stdint.h>

struct tenure__record {
    uint64_t id; /* 0 = free */
    uint64_t bytes;
    uint64_t birth_bytes;
    uint32_t site; /* of birth */
    uint32_t generation;
    uint32_t grown_site; /* 0 = never grew */
    uint32_t resizes;    /* saturating */
    uint32_t folded;     /* generation of the last fold that counted it */
    uint32_t next_free;
};

int tenure__records_open(uint64_t budget_bytes);

/* Index from 1, or 0 if there is none left. `stripe`: any number, best the
 * thread's. The caller fills the record, then sets its id, which no other
 * record has or had. */
uint32_t tenure__record_take(uint32_t stripe);
void tenure__record_release(uint32_t index, uint32_t stripe);
struct tenure__record *tenure__record_at(uint32_t index);

/* Records 1 ... count have been used at some time. */
uint32_t tenure__records_count(void);

#endif
