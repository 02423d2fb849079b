/*
 * Makes valid snapshot files out of rows, nodes and modules, for tests.
 *
 *     struct writer *w = writer_new();
 *     w->process.seq = w->process.generation = 2;
 *     uint32_t main_thread = writer_thread(w, "server");
 *     uint32_t exe = writer_module(w, "/bin/server", "abcd", 0x1000, 0x9000);
 *     uint32_t site = writer_stack(w, main_thread, exe, (uint64_t[]){0x1234,
 *                                  0x1500, 0}); innermost first, 0 ends
 *     writer_row(w, site, 1, 10, 1000);
 *     writer_value(w, TENURE_VALUE_RSS_BYTES, 1 << 20);
 *     writer_save(w, "a.tenure");   or  void *image = writer_image(w, &bytes);
 *     writer_free(w);
 *
 * Totals of live blocks and bytes are the sums of the rows unless a test sets
 * them. The same calls in the same order give the same ids, so two writers
 * make two snapshots of one process. Any failure aborts the test.
 */
#ifndef TENURE_TESTS_SNAPSHOT_WRITER_H
#define TENURE_TESTS_SNAPSHOT_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "agent/format/objects.h"

enum { WRITER_SECTIONS = 21 };

struct writer {
    /* Filled with one run's constants; a test may change any of it before
     * the image is made. */
    struct tenure_process process;
    struct {
        char *data;
        size_t bytes, room, record_bytes;
    } table[WRITER_SECTIONS]; /* by section type */
    uint32_t next_node;
};

struct writer *writer_new(void);
void writer_free(struct writer *w);

/* Offset of `text` in STRINGS; the same for the same text. */
uint32_t writer_string(struct writer *w, const char *text);

/* The generation (and seq) that this snapshot closes, `age_s` after start. */
void writer_generation(struct writer *w, uint32_t generation, double age_s);

/* `run` makes the run_id: another number is another process. */
void writer_run(struct writer *w, uint8_t run, uint32_t pid, const char *exe);

uint32_t writer_module(struct writer *w, const char *path, const char *build_id,
                       uint64_t start, uint64_t end);
uint32_t writer_thread(struct writer *w, const char *name);
uint32_t writer_frame(struct writer *w, uint32_t parent, uint32_t module,
                      uint64_t pc);
/* The site whose pcs are given innermost first, ended by 0; all in `module`;
 * common outer frames are shared with earlier stacks. */
uint32_t writer_stack(struct writer *w, uint32_t thread, uint32_t module,
                      const uint64_t *pcs);

void writer_row(struct writer *w, uint32_t site, uint32_t generation,
                uint64_t blocks, uint64_t bytes);
void writer_mapping(struct writer *w, uint32_t site, uint32_t generation,
                    uint64_t blocks, uint64_t bytes);
void writer_growth(struct writer *w, uint64_t record, uint32_t site,
                   uint32_t generation, uint64_t birth_bytes, uint64_t bytes,
                   uint32_t grown_site);
void writer_late(struct writer *w, uint32_t site, uint64_t blocks,
                 uint64_t bytes);
void writer_value(struct writer *w, uint32_t key, uint64_t value);

/* Every block and every pointer, as with --objects and a mark; edges from
 * roots come first. Once. */
void writer_objects(struct writer *w, const struct tenure_object *object,
                    uint32_t blocks, const struct tenure_edge *edge,
                    uint32_t roots, uint32_t edges);

/* Any other record, as it stands in format.h. */
void writer_add(struct writer *w, uint32_t section, const void *record);

/* The whole file in memory (free() it), or on disk. */
void *writer_image(const struct writer *w, size_t *bytes);
void writer_save(const struct writer *w, const char *path);

/* Makes the checksum right again after a test edited an image. */
void writer_seal(void *image, size_t bytes);

#endif
