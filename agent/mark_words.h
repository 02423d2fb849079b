/*
 * The words of a block, without pages that were never written to.
 *
 * A program may ask for 20 GB and use 20 MB of it. Reading the rest would
 * take seconds, and page tables. So of blocks of TENURE__SPARSE_BYTES and more
 * only the pages are read that /proc/self/pagemap says exist, in memory or in
 * the swap: any other page of private anonymous memory holds zeros. Blocks in
 * other memory (a file's untouched page holds the file) are read whole, and
 * so is every block where pagemap or maps cannot be read.
 *
 *     struct tenure__words words = tenure__words_of(index, block);
 *     while (tenure__words_next(index, &words))
 *         look at words.word[0 .. words.count - 1]
 *
 * In the walker: nothing appears meanwhile. One thread.
 */
#ifndef TENURE_AGENT_MARK_WORDS_H
#define TENURE_AGENT_MARK_WORDS_H

#include "agent/mark_index.h"
#include "agent/ranges.h"

#define TENURE__SPARSE_BYTES 65536u
#define TENURE__SPARSE_PAGES 512u

struct tenure__sparse {
    int pagemap; /* negative: everything is read */
    uint64_t page_bytes;
    struct tenure__ranges anonymous; /* private, by address */
    uint64_t first, pages;           /* page numbers that entry[] is of */
    uint64_t entry[TENURE__SPARSE_PAGES];
};

/* Whatever fails here makes it slower, not wrong. */
void tenure__sparse_open(struct tenure__sparse *sparse);
void tenure__sparse_close(struct tenure__sparse *sparse);

struct tenure__words {
    const uint64_t *word;
    uint64_t count;
    uint64_t next, end; /* addresses still to come */
    bool sparse;
};

/* pre: index->sparse != NULL */
bool tenure__sparse_has(const struct tenure__index *index, uint64_t start,
                        uint64_t end);
bool tenure__sparse_next(const struct tenure__index *index,
                         struct tenure__words *words);

static inline struct tenure__words
tenure__words_of(const struct tenure__index *index, uint32_t block)
{
    struct tenure__words words;
    uint64_t bytes = tenure__index_bytes(index, block);
    words.next = tenure__index_address(index, block);
    words.end = words.next + bytes;
    words.sparse = tenure__unlikely(bytes >= TENURE__SPARSE_BYTES) &&
                   index->sparse != NULL &&
                   tenure__sparse_has(index, words.next, words.end);
    return words;
}

/* False: there are no more. */
static inline bool tenure__words_next(const struct tenure__index *index,
                                      struct tenure__words *words)
{
    if (tenure__unlikely(words->sparse))
        return tenure__sparse_next(index, words);
    words->word = (const uint64_t *)words->next;
    words->count = (words->end - words->next) / 8;
    words->next = words->end;
    return words->count > 0;
}

#endif
