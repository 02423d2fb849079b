/*
 * Runs the program of a CFI entry up to a pc (DWARF 5 section 6.4.2).
 *
 * In go the pieces that tenure__cfi_find() found; out comes the one row of
 * the described table that holds at the pc. Values of registers beyond those
 * that unwinding needs (vector registers and the like) are read over.
 */
#include "agent/cfi.h"

enum {
    ADVANCE = 0x40,
    OFFSET = 0x80,
    RESTORE = 0xc0,
    NOP = 0x00,
    SET_LOC = 0x01,
    ADVANCE1 = 0x02,
    ADVANCE2 = 0x03,
    ADVANCE4 = 0x04,
    OFFSET_EXTENDED = 0x05,
    RESTORE_EXTENDED = 0x06,
    UNDEFINED = 0x07,
    SAME_VALUE = 0x08,
    IN_REGISTER = 0x09,
    REMEMBER = 0x0a,
    RECALL = 0x0b,
    DEF_CFA = 0x0c,
    DEF_CFA_REGISTER = 0x0d,
    DEF_CFA_OFFSET = 0x0e,
    DEF_CFA_EXPRESSION = 0x0f,
    EXPRESSION = 0x10,
    OFFSET_SF = 0x11,
    DEF_CFA_SF = 0x12,
    DEF_CFA_OFFSET_SF = 0x13,
    VAL_OFFSET = 0x14,
    VAL_OFFSET_SF = 0x15,
    VAL_EXPRESSION = 0x16,
    NEGATE_RA_STATE = 0x2d, /* x86: never written; pcs are stripped always */
    GNU_ARGS_SIZE = 0x2e,
    GNU_NEGATIVE_OFFSET = 0x2f
};

struct machine {
    const struct tenure__cfi_entry *entry;
    struct tenure__cfi_work *work;
    struct tenure__cursor code;
    uint64_t location;
    uint32_t depth; /* of remembered rows */
};

static void set(struct machine *m, uint64_t reg, enum tenure__cfi_kind kind,
                int64_t value)
{
    if (reg >= TENURE_ARCH_REGISTERS)
        return;
    m->work->row.kind[reg] = (uint8_t)kind;
    m->work->row.value[reg] = value;
}

static void restore(struct machine *m, uint64_t reg)
{
    if (reg < TENURE_ARCH_REGISTERS)
        set(m, reg, m->work->initial.kind[reg], m->work->initial.value[reg]);
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t offset)
{
    m->work->row.cfa_expression = 0;
    m->work->row.cfa_register =
        reg < TENURE_ARCH_REGISTERS ? (uint8_t)reg : TENURE_ARCH_REGISTERS;
    m->work->row.cfa_offset = offset;
}

static uint64_t skip_expression(struct machine *m)
{
    uint64_t at = m->code.at;
    uint64_t bytes = tenure__cursor_uleb(&m->code);
    m->code.at += bytes;
    return at;
}

/* Operations that say where a register is. False: not one of them. */
static bool run_register(struct machine *m, uint8_t op)
{
    struct tenure__cursor *c = &m->code;
    int64_t align = m->entry->data_align;
    uint64_t reg = tenure__cursor_uleb(c);
    switch (op) {
    case OFFSET_EXTENDED:
        set(m, reg, TENURE__CFI_AT_CFA,
            (int64_t)tenure__cursor_uleb(c) * align);
        return true;
    case OFFSET_SF:
        set(m, reg, TENURE__CFI_AT_CFA, tenure__cursor_sleb(c) * align);
        return true;
    case GNU_NEGATIVE_OFFSET:
        set(m, reg, TENURE__CFI_AT_CFA,
            -(int64_t)tenure__cursor_uleb(c) * align);
        return true;
    case VAL_OFFSET:
        set(m, reg, TENURE__CFI_IS_CFA,
            (int64_t)tenure__cursor_uleb(c) * align);
        return true;
    case VAL_OFFSET_SF:
        set(m, reg, TENURE__CFI_IS_CFA, tenure__cursor_sleb(c) * align);
        return true;
    case IN_REGISTER:
        set(m, reg, TENURE__CFI_REGISTER, (int64_t)tenure__cursor_uleb(c));
        return true;
    case EXPRESSION:
        set(m, reg, TENURE__CFI_AT_EXPRESSION, (int64_t)skip_expression(m));
        return true;
    case VAL_EXPRESSION:
        set(m, reg, TENURE__CFI_IS_EXPRESSION, (int64_t)skip_expression(m));
        return true;
    case RESTORE_EXTENDED:
        restore(m, reg);
        return true;
    case UNDEFINED:
        set(m, reg, TENURE__CFI_UNDEFINED, 0);
        return true;
    case SAME_VALUE:
        set(m, reg, TENURE__CFI_SAME, 0);
        return true;
    default:
        return false;
    }
}

/* Operations that say what the CFA is. False: not one of them. */
static bool run_cfa(struct machine *m, uint8_t op)
{
    struct tenure__cursor *c = &m->code;
    struct tenure__cfi_row *row = &m->work->row;
    int64_t align = m->entry->data_align;
    uint64_t reg;
    switch (op) {
    case DEF_CFA:
        reg = tenure__cursor_uleb(c);
        set_cfa(m, reg, (int64_t)tenure__cursor_uleb(c));
        return true;
    case DEF_CFA_SF:
        reg = tenure__cursor_uleb(c);
        set_cfa(m, reg, tenure__cursor_sleb(c) * align);
        return true;
    case DEF_CFA_REGISTER:
        set_cfa(m, tenure__cursor_uleb(c), row->cfa_offset);
        return true;
    case DEF_CFA_OFFSET:
        row->cfa_offset = (int64_t)tenure__cursor_uleb(c);
        return true;
    case DEF_CFA_OFFSET_SF:
        row->cfa_offset = tenure__cursor_sleb(c) * align;
        return true;
    case DEF_CFA_EXPRESSION:
        row->cfa_expression = skip_expression(m);
        return true;
    default:
        return false;
    }
}

static bool run_state(struct machine *m, uint8_t op)
{
    switch (op) {
    case REMEMBER:
        if (m->depth == TENURE_CFI_NESTING)
            return false;
        m->work->remembered[m->depth++] = m->work->row;
        return true;
    case RECALL:
        if (m->depth == 0)
            return false;
        m->work->row = m->work->remembered[--m->depth];
        return true;
    case GNU_ARGS_SIZE:
        tenure__cursor_uleb(&m->code);
        return true;
    default:
        return op == NOP || op == NEGATE_RA_STATE;
    }
}

/* Moves the location if `op` is an advance; false if it is not. */
static bool run_advance(struct machine *m, uint8_t op)
{
    uint64_t by;
    switch (op) {
    case ADVANCE1:
    case ADVANCE2:
        by = tenure__cursor_fixed(&m->code, op - 1u);
        break;
    case ADVANCE4:
        by = tenure__cursor_fixed(&m->code, 4);
        break;
    case SET_LOC:
        m->location =
            tenure__cursor_pointer(&m->code, m->entry->pc_encoding, 0);
        return true;
    default:
        if ((op & 0xc0) != ADVANCE)
            return false;
        by = op & 0x3f;
    }
    m->location += by * m->entry->code_align;
    return true;
}

static int run(struct machine *m, uint64_t pc)
{
    while (m->code.at < m->code.end && !m->code.bad) {
        uint8_t op = (uint8_t)tenure__cursor_fixed(&m->code, 1);
        uint8_t low = op & 0x3f;
        if (run_advance(m, op)) {
            if (m->location > pc)
                break;
        } else if ((op & 0xc0) == OFFSET) {
            set(m, low, TENURE__CFI_AT_CFA,
                (int64_t)tenure__cursor_uleb(&m->code) * m->entry->data_align);
        } else if ((op & 0xc0) == RESTORE) {
            restore(m, low);
        } else if (!run_state(m, op) && !run_cfa(m, op) &&
                   !(op >= OFFSET_EXTENDED && run_register(m, op))) {
            return TENURE__CFI_BAD;
        }
    }
    return m->code.bad ? TENURE__CFI_BAD : 0;
}

int tenure__cfi_execute(const struct tenure__cfi_entry *entry, uint64_t pc,
                        struct tenure__cfi_work *work)
{
    struct machine m = {.entry = entry,
                        .work = work,
                        .code = {entry->common, entry->common_end, false},
                        .location = entry->start};
    work->row = (struct tenure__cfi_row){0};
    work->initial = work->row;
    int error = run(&m, UINT64_MAX);
    if (error)
        return error;
    work->initial = work->row;
    m.code = (struct tenure__cursor){entry->program, entry->program_end, false};
    m.location = entry->start;
    return run(&m, pc);
}
