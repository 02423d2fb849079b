/*
 * The file that an image was mapped from, as libdwfl opens it. Internal to
 * symbolize*.c.
 */
#ifndef TENURE_REPORT_SYMBOLIZE_FILE_H
#define TENURE_REPORT_SYMBOLIZE_FILE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>

#include "report/calltree.h"

struct tenure_elf_file {
    Dwfl *dwfl;
    Dwfl_Module *module;
    uint64_t bias; /* of libdwfl's addresses to the file's */
};

/* False: there is none to be had, and *problem says why; otherwise *problem
 * is NULL. */
bool tenure_elf_file_open(struct tenure_elf_file *file,
                          const struct tenure_image *image,
                          const struct tenure_process *process,
                          const char **problem);
void tenure_elf_file_close(struct tenure_elf_file *file);

#endif
