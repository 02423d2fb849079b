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

struct tenure_variable {
    const char *name; /* readable */
    uint64_t offset;  /* of the address in it */
    /* What of it is there, by its type: "server.db[0].dict"; "" = unknown,
     * or the variable is no struct and no array. */
    const char *member;
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
 * pointer; `machine` is the ELF file's. Only name and offset. */
bool tenure_data_thread_local(struct tenure_data *data, uint32_t machine,
                              uint64_t distance,
                              struct tenure_variable *variable);

#endif
