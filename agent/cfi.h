/*
 * Call frame information (DWARF 5 section 6.4, as .eh_frame): how to get
 * from one frame to its caller at a given pc.
 *
 * tenure__cfi_find() asks the loader's lock-free index (_dl_find_object) for
 * the object and searches its .eh_frame_hdr; tenure__cfi_execute() runs the
 * entry's program up to the pc. Async-signal-safe, no lock, no allocation,
 * errno untouched; the caller lends the memory. Entries are only read within
 * the object that the loader named, so a damaged one is TENURE__CFI_BAD.
 */
#ifndef TENURE_AGENT_CFI_H
#define TENURE_AGENT_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/unwind_arch.h"

enum {
    TENURE__CFI_NO_OBJECT = -1, /* no ELF object: JIT, trampolines */
    TENURE__CFI_NO_ENTRY = -2,  /* an object that says nothing of this pc */
    TENURE__CFI_BAD = -3        /* damaged, or of a kind not known here */
};

/* The entry that covers a pc: pieces of its CIE and FDE. */
struct tenure__cfi_entry {
    uint64_t start, end;         /* pcs it covers */
    uint64_t low, high;          /* what may be read: the object */
    uint64_t common, common_end; /* program of the CIE */
    uint64_t program, program_end;
    uint64_t code_align;
    int64_t data_align;
    uint8_t return_register;
    uint8_t pc_encoding;
    bool has_augmentation_data;
    bool signal_frame; /* 'S': the caller was interrupted, not calling */
};

enum tenure__cfi_kind {
    TENURE__CFI_SAME,          /* unchanged, which is also the default */
    TENURE__CFI_UNDEFINED,     /* lost; of the return address: no caller */
    TENURE__CFI_AT_CFA,        /* saved at CFA + value */
    TENURE__CFI_IS_CFA,        /* equals CFA + value */
    TENURE__CFI_REGISTER,      /* is in register `value` */
    TENURE__CFI_AT_EXPRESSION, /* saved where the expression says */
    TENURE__CFI_IS_EXPRESSION  /* equals the expression */
};

/* One row of the table that the CFI describes. An expression's value is its
 * address, where its length stands as ULEB128 before its operations. */
struct tenure__cfi_row {
    uint64_t cfa_expression; /* 0: CFA = cfa_register + cfa_offset */
    int64_t cfa_offset;
    int64_t value[TENURE_ARCH_REGISTERS];
    uint8_t kind[TENURE_ARCH_REGISTERS];
    uint8_t cfa_register;
};

#define TENURE_CFI_NESTING 4 /* of remember_state; deeper is BAD */

struct tenure__cfi_work {
    struct tenure__cfi_row row; /* the result */
    struct tenure__cfi_row initial;
    struct tenure__cfi_row remembered[TENURE_CFI_NESTING];
};

/* `pc` is the address to look up: one less than a return address. 0 or an
 * error from above. */
int tenure__cfi_find(uint64_t pc, struct tenure__cfi_entry *entry);
int tenure__cfi_execute(const struct tenure__cfi_entry *entry, uint64_t pc,
                        struct tenure__cfi_work *work);

/* Registers by their DWARF numbers; bit r of `known` says that r is. */
struct tenure__registers {
    uint64_t value[TENURE_ARCH_REGISTERS];
    uint64_t known;
};

/* Reads 8 bytes of the target, or says that they are not there. */
struct tenure__reader {
    bool (*read)(void *context, uint64_t address, uint64_t *value);
    void *context;
};

/* Evaluates the expression at `expression` on `registers`, with `*initial`
 * on the stack if it is not NULL. False if it needs what is not known. */
bool tenure__cfi_evaluate(uint64_t expression,
                          const struct tenure__registers *registers,
                          const uint64_t *initial,
                          const struct tenure__reader *reader,
                          uint64_t *result);

/* A bounded cursor over encoded data; after a read beyond `end` it yields
 * zeros and `bad` is set. Shared by the three cfi files. */
struct tenure__cursor {
    uint64_t at, end;
    bool bad;
};
uint64_t tenure__cursor_fixed(struct tenure__cursor *cursor, uint32_t bytes);
int64_t tenure__cursor_signed(struct tenure__cursor *cursor, uint32_t bytes);
uint64_t tenure__cursor_uleb(struct tenure__cursor *cursor);
int64_t tenure__cursor_sleb(struct tenure__cursor *cursor);

/* A pointer in one of the DW_EH_PE encodings; `data` is the base of the
 * data-relative ones. Indirect pointers are not followed. */
uint64_t tenure__cursor_pointer(struct tenure__cursor *cursor, uint8_t encoding,
                                uint64_t data);

#endif
