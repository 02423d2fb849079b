/*
 * What an ELF file says about itself that decides whether a preloaded agent
 * can work in it. Reads the file only; trusts nothing in it; thread-safe.
 */
#ifndef TENURE_REPORT_ELF_H
#define TENURE_REPORT_ELF_H

#include <stdbool.h>
#include <stdint.h>

#define TENURE_ELF_INTERPRETER_BYTES 256

struct tenure_elf {
    uint8_t class;    /* ELFCLASS32 or ELFCLASS64 */
    uint8_t data;     /* ELFDATA2LSB or ELFDATA2MSB */
    uint16_t machine; /* EM_... */
    /* The program loader it asks for; "" for a static program and for most
     * shared libraries. Not filled in for a foreign class or byte order. */
    char interpreter[TENURE_ELF_INTERPRETER_BYTES];
    const char *sanitizer; /* static text such as "AddressSanitizer", or NULL */
    bool own_malloc;       /* it defines malloc for the whole process */
};

/* Fills `elf` from the open file; 0, or -1 if the file is no ELF file or is
 * too damaged to say. The file's offset is not moved. */
int tenure_elf_read(int fd, struct tenure_elf *elf);

/* "x86_64", "aarch64" ... or "machine N" in a static buffer. */
const char *tenure_elf_machine_name(uint16_t machine);

#endif
