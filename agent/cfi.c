/*
 * Finds the call frame information of a pc.
 *
 * In goes a pc; the loader's index names the object, the object's sorted
 * table (.eh_frame_hdr) names the entry, and out come the pieces of the entry
 * and of the common part it refers to. An object whose table has another
 * form than the one every linker writes is searched entry by entry.
 */
#include "agent/cfi.h"

#include <dlfcn.h>
#include <link.h>

#define TABLE_SORTED 0x3b /* data-relative, signed, 4 bytes: two a row */
#define OMITTED 0xff
#define REACH (UINT64_C(1) << 31)

struct row {
    int32_t pc, entry; /* both relative to the header */
};

struct object {
    uint64_t low, high, header;
};

/* The length of an entry, and the cursor narrowed to it; 0 at the end. */
static uint64_t open_entry(struct tenure__cursor *c, uint32_t *id_bytes)
{
    *id_bytes = 4;
    uint64_t length = tenure__cursor_fixed(c, 4);
    if (length == UINT32_MAX) {
        length = tenure__cursor_fixed(c, 8);
        *id_bytes = 8;
    }
    if (c->bad || length > c->end - c->at)
        return 0;
    c->end = c->at + length;
    return length;
}

/* The letters of the augmentation say what its data holds, in order. */
static bool read_augmentation(struct tenure__cursor *c, uint64_t letters,
                              struct tenure__cfi_entry *entry)
{
    const char *letter = (const char *)letters;
    if (*letter != 'z')
        return *letter == 0;
    entry->has_augmentation_data = true;
    uint64_t bytes = tenure__cursor_uleb(c);
    uint64_t end = c->at + bytes;
    while (*++letter) {
        uint8_t encoding;
        switch (*letter) {
        case 'R':
            entry->pc_encoding = (uint8_t)tenure__cursor_fixed(c, 1);
            break;
        case 'P':
            encoding = (uint8_t)tenure__cursor_fixed(c, 1);
            tenure__cursor_pointer(c, encoding & 0x0f, 0);
            break;
        case 'L':
            tenure__cursor_fixed(c, 1);
            break;
        case 'S':
            entry->signal_frame = true;
            break;
        case 'B': /* aarch64: signed with the other key */
        case 'G': /* aarch64: tagged frames */
            break;
        default: /* what follows is not understood, nor needed */
            c->at = end;
            return true;
        }
    }
    c->at = end;
    return end <= c->end;
}

static bool read_common(uint64_t at, struct tenure__cfi_entry *entry)
{
    struct tenure__cursor c = {at, entry->high, false};
    uint32_t id_bytes;
    if (at < entry->low || !open_entry(&c, &id_bytes) ||
        tenure__cursor_fixed(&c, id_bytes) != 0)
        return false;
    uint64_t version = tenure__cursor_fixed(&c, 1);
    uint64_t letters = c.at;
    while (tenure__cursor_fixed(&c, 1) != 0)
        ;
    if (version == 4)
        tenure__cursor_fixed(&c, 2); /* address and segment sizes */
    entry->code_align = tenure__cursor_uleb(&c);
    entry->data_align = tenure__cursor_sleb(&c);
    entry->return_register =
        (uint8_t)(version == 1 ? tenure__cursor_fixed(&c, 1)
                               : tenure__cursor_uleb(&c));
    if (c.bad || !read_augmentation(&c, letters, entry))
        return false;
    entry->common = c.at;
    entry->common_end = c.end;
    return !c.bad && entry->return_register < TENURE_ARCH_REGISTERS;
}

/* The entry at `at`, or the next one's address through `next`. */
static int read_entry(uint64_t at, const struct object *object, uint64_t pc,
                      struct tenure__cfi_entry *entry, uint64_t *next)
{
    struct tenure__cursor c = {at, object->high, false};
    uint32_t id_bytes;
    *next = 0;
    if (at < object->low || !open_entry(&c, &id_bytes))
        return TENURE__CFI_BAD;
    *next = c.end;
    uint64_t id_at = c.at;
    uint64_t id = tenure__cursor_fixed(&c, id_bytes);
    if (id == 0)
        return TENURE__CFI_NO_ENTRY; /* a common part */
    *entry =
        (struct tenure__cfi_entry){.low = object->low, .high = object->high};
    if (!read_common(id_at - id, entry))
        return TENURE__CFI_BAD;
    entry->start =
        tenure__cursor_pointer(&c, entry->pc_encoding, object->header);
    entry->end =
        entry->start + tenure__cursor_pointer(&c, entry->pc_encoding & 0x0f, 0);
    if (entry->has_augmentation_data) {
        uint64_t bytes = tenure__cursor_uleb(&c);
        c.at += bytes;
    }
    entry->program = c.at;
    entry->program_end = c.end;
    if (c.bad || c.at > c.end)
        return TENURE__CFI_BAD;
    return pc >= entry->start && pc < entry->end ? 0 : TENURE__CFI_NO_ENTRY;
}

static int search_sorted(uint64_t table, uint64_t count, uint64_t pc,
                         const struct object *object,
                         struct tenure__cfi_entry *entry)
{
    const struct row *rows = (const struct row *)table;
    if (count > (object->high - table) / sizeof *rows)
        return TENURE__CFI_BAD;
    int64_t wanted = (int64_t)(pc - object->header);
    uint64_t low = 0, high = count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (rows[middle].pc <= wanted)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return TENURE__CFI_NO_ENTRY;
    uint64_t at = object->header + (uint64_t)(int64_t)rows[low - 1].entry;
    uint64_t next;
    return read_entry(at, object, pc, entry, &next);
}

static int search_all(uint64_t at, uint64_t pc, const struct object *object,
                      struct tenure__cfi_entry *entry)
{
    while (at) {
        int error = read_entry(at, object, pc, entry, &at);
        if (error == 0)
            return 0;
    }
    return TENURE__CFI_NO_ENTRY;
}

/* Of an object with gaps between its segments the loader names only the one
 * with the pc; the CFI is then taken to be within reach of the 32-bit offsets
 * that refer to it. */
static struct object bounds_of(const struct dl_find_object *found)
{
    struct object object = {(uint64_t)found->dlfo_map_start,
                            (uint64_t)found->dlfo_map_end,
                            (uint64_t)found->dlfo_eh_frame};
    if (object.header < object.low || object.header >= object.high) {
        object.low = object.header > REACH ? object.header - REACH : 0;
        object.high = object.header + REACH;
    }
    return object;
}

int tenure__cfi_find(uint64_t pc, struct tenure__cfi_entry *entry)
{
    struct dl_find_object found;
    if (_dl_find_object((void *)pc, &found) != 0)
        return TENURE__CFI_NO_OBJECT;
    if (!found.dlfo_eh_frame)
        return TENURE__CFI_NO_ENTRY;
    struct object object = bounds_of(&found);
    struct tenure__cursor c = {object.header, object.high, false};
    uint64_t version = tenure__cursor_fixed(&c, 1);
    uint8_t frame_encoding = (uint8_t)tenure__cursor_fixed(&c, 1);
    uint8_t count_encoding = (uint8_t)tenure__cursor_fixed(&c, 1);
    uint8_t table_encoding = (uint8_t)tenure__cursor_fixed(&c, 1);
    uint64_t frames = tenure__cursor_pointer(&c, frame_encoding, object.header);
    if (version != 1 || c.bad)
        return TENURE__CFI_BAD;
    if (count_encoding == OMITTED || table_encoding != TABLE_SORTED)
        return search_all(frames, pc, &object, entry);
    uint64_t count = tenure__cursor_pointer(&c, count_encoding, object.header);
    if (c.bad)
        return TENURE__CFI_BAD;
    return search_sorted(c.at, count, pc, &object, entry);
}
