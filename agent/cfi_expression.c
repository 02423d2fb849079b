/*
 * Evaluates a DWARF expression of call frame information (DWARF 5 section
 * 2.5): a few arithmetic operations on a stack of 64-bit words.
 *
 * In go the registers of a frame and a way to read memory; out comes a
 * number, or the answer that something is missing. Nothing is written.
 */
#include <stddef.h>

#include "agent/cfi.h"

#define STACK_WORDS 16u
#define STEPS_MAX 1000u /* a backward branch must not hold up the target */

enum {
    OP_ADDR = 0x03,
    OP_DEREF = 0x06,
    OP_CONST1U = 0x08, /* ... 1s 2u 2s 4u 4s 8u 8s */
    OP_CONST8S = 0x0f,
    OP_CONSTU = 0x10,
    OP_CONSTS = 0x11,
    OP_DUP = 0x12,
    OP_DROP = 0x13,
    OP_OVER = 0x14,
    OP_PICK = 0x15,
    OP_SWAP = 0x16,
    OP_ROT = 0x17,
    OP_ABS = 0x19,
    OP_AND = 0x1a,
    OP_DIV = 0x1b,
    OP_MINUS = 0x1c,
    OP_MOD = 0x1d,
    OP_MUL = 0x1e,
    OP_NEG = 0x1f,
    OP_NOT = 0x20,
    OP_OR = 0x21,
    OP_PLUS = 0x22,
    OP_PLUS_UCONST = 0x23,
    OP_SHL = 0x24,
    OP_SHR = 0x25,
    OP_SHRA = 0x26,
    OP_XOR = 0x27,
    OP_BRA = 0x28,
    OP_EQ = 0x29,
    OP_GE = 0x2a,
    OP_GT = 0x2b,
    OP_LE = 0x2c,
    OP_LT = 0x2d,
    OP_NE = 0x2e,
    OP_SKIP = 0x2f,
    OP_LIT0 = 0x30,
    OP_LIT31 = 0x4f,
    OP_BREG0 = 0x70,
    OP_BREG31 = 0x8f,
    OP_BREGX = 0x92,
    OP_DEREF_SIZE = 0x94,
    OP_NOP = 0x96
};

struct machine {
    struct tenure__cursor code;
    const struct tenure__registers *registers;
    const struct tenure__reader *reader;
    uint32_t used;
    uint64_t word[STACK_WORDS];
};

static bool push(struct machine *m, uint64_t value)
{
    if (m->used == STACK_WORDS)
        return false;
    m->word[m->used++] = value;
    return true;
}

static bool push_register(struct machine *m, uint64_t reg)
{
    int64_t offset = tenure__cursor_sleb(&m->code);
    return reg < TENURE_ARCH_REGISTERS && m->registers->known >> reg & 1 &&
           push(m, m->registers->value[reg] + (uint64_t)offset);
}

static bool push_constant(struct machine *m, uint8_t op)
{
    if (op == OP_CONSTU)
        return push(m, tenure__cursor_uleb(&m->code));
    if (op == OP_CONSTS)
        return push(m, (uint64_t)tenure__cursor_sleb(&m->code));
    if (op == OP_ADDR)
        return push(m, tenure__cursor_fixed(&m->code, 8));
    uint32_t bytes = 1u << (op - OP_CONST1U) / 2;
    if ((op - OP_CONST1U) % 2)
        return push(m, (uint64_t)tenure__cursor_signed(&m->code, bytes));
    return push(m, tenure__cursor_fixed(&m->code, bytes));
}

/* Operations on two words; the result replaces both. */
static bool binary(struct machine *m, uint8_t op)
{
    if (m->used < 2)
        return false;
    uint64_t b = m->word[--m->used];
    uint64_t *a = &m->word[m->used - 1];
    int64_t sa = (int64_t)*a, sb = (int64_t)b;
    /* One operator, one line. */
    /* clang-format off */
    switch (op) {
    case OP_AND: *a &= b; return true;
    case OP_MINUS: *a -= b; return true;
    case OP_MUL: *a *= b; return true;
    case OP_OR: *a |= b; return true;
    case OP_PLUS: *a += b; return true;
    case OP_XOR: *a ^= b; return true;
    case OP_SHL: *a = b < 64 ? *a << b : 0; return true;
    case OP_SHR: *a = b < 64 ? *a >> b : 0; return true;
    case OP_SHRA: *a = (uint64_t)(sa >> (b < 63 ? b : 63)); return true;
    case OP_EQ: *a = sa == sb; return true;
    case OP_GE: *a = sa >= sb; return true;
    case OP_GT: *a = sa > sb; return true;
    case OP_LE: *a = sa <= sb; return true;
    case OP_LT: *a = sa < sb; return true;
    case OP_NE: *a = sa != sb; return true;
    case OP_MOD:
        if (b)
            *a %= b;
        return b != 0;
    case OP_DIV:
        if (sb != 0 && !(sb == -1 && sa == INT64_MIN))
            *a = (uint64_t)(sa / sb);
        return sb != 0;
    default:
        return false;
    }
    /* clang-format on */
}

static bool deref(struct machine *m, uint32_t bytes)
{
    uint64_t *top = &m->word[m->used - 1];
    if (m->used == 0 || bytes == 0 || bytes > 8 ||
        !m->reader->read(m->reader->context, *top, top))
        return false;
    *top = *top << (64 - 8 * bytes) >> (64 - 8 * bytes);
    return true;
}

static bool unary(struct machine *m, uint8_t op)
{
    if (m->used == 0)
        return false;
    uint64_t *top = &m->word[m->used - 1];
    switch (op) {
    case OP_DEREF:
        return deref(m, 8);
    case OP_DEREF_SIZE:
        return deref(m, (uint32_t)tenure__cursor_fixed(&m->code, 1));
    case OP_ABS:
        *top = (int64_t)*top < 0 ? 0 - *top : *top;
        return true;
    case OP_NEG:
        *top = 0 - *top;
        return true;
    case OP_NOT:
        *top = ~*top;
        return true;
    case OP_PLUS_UCONST:
        *top += tenure__cursor_uleb(&m->code);
        return true;
    default:
        return false;
    }
}

static bool shuffle(struct machine *m, uint8_t op)
{
    uint64_t *end = &m->word[m->used];
    uint64_t pick = 0;
    switch (op) {
    case OP_DROP:
        return m->used && m->used--;
    case OP_PICK:
        pick = tenure__cursor_fixed(&m->code, 1);
        break;
    case OP_OVER:
        pick = 1;
        break;
    case OP_DUP:
        break;
    case OP_SWAP:
    case OP_ROT: {
        uint32_t words = op == OP_SWAP ? 2 : 3;
        if (m->used < words)
            return false;
        uint64_t top = end[-1];
        for (uint32_t i = 1; i < words; i++)
            end[-(int)i] = end[-(int)i - 1];
        end[-(int)words] = top;
        return true;
    }
    default:
        return false;
    }
    return pick < m->used && push(m, end[-1 - (int)pick]);
}

static bool jump(struct machine *m, uint8_t op)
{
    int64_t by = tenure__cursor_signed(&m->code, 2);
    if (op == OP_BRA) {
        if (m->used == 0)
            return false;
        if (m->word[--m->used] == 0)
            return true;
    }
    m->code.at += (uint64_t)by;
    return true;
}

static bool run_one(struct machine *m, uint8_t op)
{
    if (op >= OP_LIT0 && op <= OP_LIT31)
        return push(m, (uint64_t)op - OP_LIT0);
    if (op >= OP_BREG0 && op <= OP_BREG31)
        return push_register(m, (uint64_t)op - OP_BREG0);
    if (op == OP_BREGX)
        return push_register(m, tenure__cursor_uleb(&m->code));
    if (op == OP_ADDR || (op >= OP_CONST1U && op <= OP_CONSTS))
        return push_constant(m, op);
    if (op >= OP_DUP && op <= OP_ROT)
        return shuffle(m, op);
    if (op == OP_SKIP || op == OP_BRA)
        return jump(m, op);
    if (op == OP_NOP)
        return true;
    if (op == OP_DEREF || op == OP_DEREF_SIZE || op == OP_ABS || op == OP_NEG ||
        op == OP_NOT || op == OP_PLUS_UCONST)
        return unary(m, op);
    return binary(m, op);
}

bool tenure__cfi_evaluate(uint64_t expression,
                          const struct tenure__registers *registers,
                          const uint64_t *initial,
                          const struct tenure__reader *reader, uint64_t *result)
{
    /* The length stands before the operations and lies in the object, as
     * tenure__cfi_execute() has seen. */
    struct machine m = {.code = {expression, expression + 10, false},
                        .registers = registers,
                        .reader = reader};
    uint64_t bytes = tenure__cursor_uleb(&m.code);
    uint64_t start = m.code.at;
    m.code.end = start + bytes;
    if (initial)
        push(&m, *initial);
    for (uint32_t steps = 0; m.code.at < m.code.end; steps++) {
        if (steps == STEPS_MAX || m.code.at < start ||
            !run_one(&m, (uint8_t)tenure__cursor_fixed(&m.code, 1)) ||
            m.code.bad)
            return false;
    }
    if (m.used == 0)
        return false;
    *result = m.word[m.used - 1];
    return true;
}
