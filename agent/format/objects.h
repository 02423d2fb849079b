/*
 * Every live block and every pointer between them, as OBJECTS and EDGES hold
 * them: two streams of bytes, written once from front to back and read so.
 *
 * OBJECTS is a struct tenure_objects_head and then `blocks` entries, one a
 * block, in rising order of address (if they are marked; else blocks at odd
 * multiples of 8 may follow the others). The block's number is its place.
 * A varint has 7 bits a byte, low ones first, bit 7: more follow; a zigzag
 * is a varint of a signed number n: 2n, or -2n - 1 below zero.
 *
 *   byte     mark : 3 | first word's form : 3 | same site : 1 | same size : 1
 *   varint   (address - that of the block before) / 8, modulo 2^61
 *   varint   head.generation - birth generation
 *   varint   size in bytes              unless it is that of the block before
 *   zigzag   site - that of the block before               unless it is equal
 *   ...      the first word, in the shortest of these forms:
 *     NONE   nothing: it is unknown, or the block has less than 8 bytes
 *     ZERO   nothing: it is 0
 *     SMALL  varint   the word
 *     NEAR   zigzag   word - address            a pointer into the same heap
 *     FAR    zigzag   word - the last FAR or RAW one               a vtable
 *     RAW    8 bytes  the word
 *
 * Before the first block stands one whose address, size, site and word are 0.
 * Example: head.generation 3; at 0x1000 a reached block of site 5 and 24
 * bytes, born in 2, that points to the next; at 0x1020 another, of 0:
 *
 *   19 80 04 01 18 0a 40       reached, NEAR; 512 * 8; 3 - 1; 24; +5; +32
 *   c9 04 01                   reached, ZERO, same site and size; 4 * 8; 3 - 1
 *
 * EDGES is head.roots pointers from roots, then head.edges from blocks.
 * From a root:
 *
 *   byte     how it points : 2 | another root : 1 | 0 : 1 | its kind : 4
 *   varint   thread, or module + 1, 0 = none        if it is another root
 *   zigzag   (address - that of the pointer before) / 8
 *   zigzag   number of the block pointed to - the one before
 *
 * From a block, in rising order of the blocks and of the words in them:
 *
 *   byte     how : 2 | another block : 1 | base : 1 | words skipped : 4
 *   varint   blocks skipped                         if it is another block
 *   varint   words skipped - 15                     if the four bits are 15
 *   zigzag   number of the block pointed to - base (0: the pointing block,
 *            1: the one pointed to before)
 *
 * Unaligned pointers skip no words and are none. Since version 2
 * (TENURE_OBJECTS_PLACED) those from blocks have their place, a varint of
 * bytes, before the zigzag; and its four bits are 0. Of roots it is not known.
 * Example: block 0 points to 1 with its first word and to 7 with its third:
 *
 *   04 00 02                   another block, none skipped, 0 + 1
 *   18 0c                      base 1, one word skipped, 1 + 6
 *
 * Allocates nothing; one thread for each coder. Reading trusts no byte.
 */
#ifndef TENURE_FORMAT_OBJECTS_H
#define TENURE_FORMAT_OBJECTS_H

#include <stdbool.h>

#include "agent/format/format.h"

/* What OBJECTS begins with (--objects); then, and in EDGES, streams of bytes
 * as drawn above. */
struct tenure_objects_head {
    uint64_t blocks;     /* those born while the mark began are there too */
    uint64_t roots;      /* pointers from roots to blocks */
    uint64_t edges;      /* pointers from blocks to blocks */
    uint32_t generation; /* no block was born after it */
    uint32_t flags;      /* TENURE_OBJECTS_... */
    uint32_t note;       /* string: why there are none, or "" */
    uint32_t reserved;
};
#define TENURE_OBJECTS_MARKED 1u /* marks and edges are known */
#define TENURE_OBJECTS_PLACED 2u /* unaligned edges have a place */
_Static_assert(sizeof(struct tenure_objects_head) == 40, "on disk");

/* X(NAME, number, "name in reports") */
#define TENURE_OBJECT_MARKS(X)                                                 \
    X(UNKNOWN, 0, "unknown")                                                   \
    X(REACHED, 1, "reached")                                                   \
    X(POSSIBLE, 2, "possible") /* over interior pointers only */               \
    X(UNREACHED, 3, "unreached")                                               \
    X(LOST, 4, "lost")

enum tenure_object_mark {
#define X(name, number, text) TENURE_OBJECT_##name = number,
    TENURE_OBJECT_MARKS(X)
#undef X
        TENURE_OBJECT_MARKS_END
};

enum tenure_object_word {
    TENURE_WORD_NONE,
    TENURE_WORD_ZERO,
    TENURE_WORD_SMALL,
    TENURE_WORD_NEAR,
    TENURE_WORD_FAR,
    TENURE_WORD_RAW,
};

struct tenure_object {
    uint64_t address; /* a multiple of 8 below 2^48 */
    uint64_t bytes;   /* as requested */
    uint64_t word;    /* the first 8 bytes, if has_word */
    uint32_t site, generation;
    uint32_t mark; /* enum tenure_object_mark */
    bool has_word;
};

enum tenure_edge_how {
    TENURE_EDGE_START,
    TENURE_EDGE_TAGGED, /* into the first 8 bytes */
    TENURE_EDGE_INSIDE,
    TENURE_EDGE_UNALIGNED, /* no aligned word */
};

struct tenure_edge {
    uint32_t from, to; /* numbers of blocks; from TENURE_NONE: a root */
    uint32_t how;      /* enum tenure_edge_how */
    /* Of a root: enum tenure_retainer_kind (0: unknown), and the thread of a
     * stack or a register, the module of a global, or TENURE_NONE. */
    uint32_t root_kind, what;
    /* Of the pointer: its offset in the block, or its address. 0 where it is
     * unaligned: it is not known (a multiple of 8 it is not). */
    uint64_t place;
};

/* What an entry is told apart from. Zero it, but for `generation` and, to
 * write what TENURE_OBJECTS_PLACED says, `placed`. */
struct tenure_object_coder {
    uint64_t address, bytes, far;
    uint32_t site;
    uint32_t generation; /* head.generation */
};
struct tenure_edge_coder {
    uint64_t place; /* of roots: address; of blocks: words until the next */
    uint32_t from;  /* of blocks: the next that may come */
    uint32_t to, root_kind, what;
    bool started; /* there was an edge */
    bool placed;  /* unaligned ones have a place */
};

/* No entry is longer. */
#define TENURE_OBJECT_ENTRY_MAX 48u
#define TENURE_EDGE_ENTRY_MAX 40u

/* Adds an entry at `to`, which has room for the longest; its bytes.
 * pre: as the struct says; generation <= head.generation. */
uint32_t tenure_object_put(struct tenure_object_coder *coder,
                           const struct tenure_object *object, uint8_t *to);
uint32_t tenure_edge_put(struct tenure_edge_coder *coder,
                         const struct tenure_edge *edge, uint8_t *to);

/* Reads from the sections of a file. */
struct tenure_object_reader {
    const struct tenure_objects_head *head;
    const uint8_t *at, *end;
    uint64_t left;
    struct tenure_object_coder coder;
};
struct tenure_edge_reader {
    const struct tenure_objects_head *head;
    const uint8_t *at, *end;
    uint64_t roots, edges; /* left */
    struct tenure_edge_coder coder;
};

/* pre: bytes >= sizeof(struct tenure_objects_head) */
void tenure_objects_read(struct tenure_object_reader *reader,
                         const void *section, uint64_t bytes);
void tenure_edges_read(struct tenure_edge_reader *reader,
                       const struct tenure_objects_head *head,
                       const void *section, uint64_t bytes);

/* 1: the next one is in *object or *edge; 0: that was all; -1: damaged. Of a
 * file that tenure_format_check() accepts nothing is. */
int tenure_object_next(struct tenure_object_reader *reader,
                       struct tenure_object *object);
int tenure_edge_next(struct tenure_edge_reader *reader,
                     struct tenure_edge *edge);

#endif
