/*
 * Reads the number encodings of DWARF and of .eh_frame, within bounds.
 *
 * Data comes from mapped objects of the target; what leaves is a number, or
 * zero and a mark in the cursor that the data ended too early.
 */
#include "agent/cfi.h"

uint64_t tenure__cursor_fixed(struct tenure__cursor *cursor, uint32_t bytes)
{
    if (cursor->at > cursor->end || cursor->end - cursor->at < bytes) {
        cursor->bad = true;
        cursor->at = cursor->end;
        return 0;
    }
    uint64_t value = 0; /* little-endian on both machines */
    for (uint32_t i = 0; i < bytes; i++)
        value |= (uint64_t)((const uint8_t *)cursor->at)[i] << 8 * i;
    cursor->at += bytes;
    return value;
}

int64_t tenure__cursor_signed(struct tenure__cursor *cursor, uint32_t bytes)
{
    uint32_t unused = 64 - 8 * bytes;
    return (int64_t)(tenure__cursor_fixed(cursor, bytes) << unused) >> unused;
}

/* The groups of seven bits that both kinds of LEB128 are made of; the last
 * byte and the bits read in all tell the sign. */
static uint64_t read_groups(struct tenure__cursor *cursor, uint64_t *byte,
                            uint32_t *shift)
{
    uint64_t value = 0;
    *shift = 0;
    do {
        *byte = tenure__cursor_fixed(cursor, 1);
        if (*shift < 64)
            value |= (*byte & 0x7f) << *shift;
        *shift += 7;
    } while (*byte & 0x80);
    return value;
}

uint64_t tenure__cursor_uleb(struct tenure__cursor *cursor)
{
    uint64_t byte;
    uint32_t shift;
    return read_groups(cursor, &byte, &shift);
}

int64_t tenure__cursor_sleb(struct tenure__cursor *cursor)
{
    uint64_t byte;
    uint32_t shift;
    uint64_t value = read_groups(cursor, &byte, &shift);
    if (shift < 64 && (byte & 0x40))
        value |= ~UINT64_C(0) << shift;
    return (int64_t)value;
}

uint64_t tenure__cursor_pointer(struct tenure__cursor *cursor, uint8_t encoding,
                                uint64_t data)
{
    uint64_t base = 0;
    switch (encoding & 0x70) {
    case 0x00:
        break;
    case 0x10:
        base = cursor->at;
        break;
    case 0x30:
        base = data;
        break;
    default:
        cursor->bad = true;
    }
    switch (encoding & 0x0f) {
    case 0x00:
    case 0x04:
    case 0x0c:
        return base + tenure__cursor_fixed(cursor, 8);
    case 0x01:
        return base + tenure__cursor_uleb(cursor);
    case 0x02:
        return base + tenure__cursor_fixed(cursor, 2);
    case 0x03:
        return base + tenure__cursor_fixed(cursor, 4);
    case 0x09:
        return base + (uint64_t)tenure__cursor_sleb(cursor);
    case 0x0a:
        return base + (uint64_t)tenure__cursor_signed(cursor, 2);
    case 0x0b:
        return base + (uint64_t)tenure__cursor_signed(cursor, 4);
    default:
        cursor->bad = true;
        return 0;
    }
}
