/*
 * Names for places in an image that are no calls: variables, thread-local
 * ones, and the function that contains an address.
 *
 *     struct tenure_data *data = tenure_data_new(image, process);
 *     if (tenure_data_find(data, address, &variable)) ...
 *     tenure_data_free(data);
 *
 * Names come from the same files as those of code, see symbolize.h. Not
 * thread-safe; names live as long as `data`.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_DATA_H
#define TENURE_REPORT_SYMBOLIZE_DATA_H

#include <stdbool.h>
#include <stdint.h>

#include "report/calltree.h"

/* The type at which a pointer points, by that of the pointer. Zeroed: it is
 * not known. Lives as long as the data that it is from. */
struct tenure_pointee {
    void *type[4]; /* internal to symbolize_type.c */
    bool known;
};

struct tenure_variable {
    const char *name; /* readable */
    uint64_t offset;  /* of the address in it */
    /* What of it is there, by its type: "server.db[0].dict"; "" = unknown,
     * or the variable is no struct and no array. */
    const char *member;
    struct tenure_pointee to; /* if it is a pointer */
};

/* The symbols of an image of this process; none if its file is gone or
 * another one by now. */
struct tenure_data *tenure_data_new(const struct tenure_image *image,
                                    const struct tenure_process *process);
void tenure_data_free(struct tenure_data *data);

/* The variable that contains `address`, counted as the ELF file does; false
 * if none is known to. */
bool tenure_data_find(struct tenure_data *data, uint64_t address,
                      struct tenure_variable *variable);

/* The same for a function: only name and offset. */
bool tenure_data_function(struct tenure_data *data, uint64_t address,
                          struct tenure_variable *function);

/* A thread-local variable of an executable, by its distance from the thread
 * pointer; `machine` is the ELF file's. */
bool tenure_data_thread_local(struct tenure_data *data, uint32_t machine,
                              uint64_t distance,
                              struct tenure_variable *variable);

/* In a block, of which something at `into` is of that type: what stands at
 * `offset` of the block, as "struct entry.value", and *at becomes what that
 * points to. False if it is not certain. */
bool tenure_pointee_step(struct tenure_pointee *at, uint64_t into,
                         uint64_t offset, char *text, size_t bytes);

/* Both are known, and the same. */
bool tenure_pointee_equal(const struct tenure_pointee *a,
                          const struct tenure_pointee *b);

#endif
