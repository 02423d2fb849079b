/*
 * The blocks and edges of one snapshot, from the wish to the sections: the
 * file they may go to, who writes them, and what is said if nobody can.
 *
 * What goes wrong costs the blocks and not the snapshot: they are left out,
 * which is counted (failed_objects), and a note in their place says why.
 * Helper thread only.
 */
#ifndef TENURE_AGENT_LISTING_H
#define TENURE_AGENT_LISTING_H

#include "agent/major.h"
#include "agent/tree.h"

struct tenure__listing {
    bool wanted;
    struct tenure__objects_target target; /* fd -1: cannot be written to */
    struct tenure__objects objects;
};

/* They are wanted, in this file, which is to be empty, regular, readable and
 * writable. */
void tenure__listing_open(struct tenure__listing *listing, int fd);

/* Takes what the walker has written, or lists them itself if there was no
 * mark; has the tree want their sites. */
void tenure__listing_finish(struct tenure__listing *listing,
                            const struct tenure__major *major,
                            uint32_t generation, struct tenure__tree *tree);

/* They cannot stay: for this reason the file is empty again. */
void tenure__listing_fail(struct tenure__listing *listing, int error);

/* Adds the sections, or the note. */
void tenure__listing_add(struct tenure__listing *listing,
                         struct tenure__output *output);

void tenure__listing_drop(struct tenure__listing *listing);

#endif
