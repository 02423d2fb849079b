/*
 * The streams of blocks and edges: entry by entry, in and out.
 *
 * A coder remembers what the entry before was; the writing and the reading
 * one go through the same values. Layout: objects.h.
 */
#include "agent/format/objects.h"

#include <string.h>

#define SAME_SITE 0x40u
#define SAME_BYTES 0x80u
#define FORM_SHIFT 3

#define OTHER_ROOT 0x04u
#define OTHER_BLOCK 0x04u
#define FROM_LAST_TO 0x08u
#define HIGH_SHIFT 4
#define HIGH_MAX 15u

#define ADDRESS_END (1ull << 48)

/* ---- numbers ----------------------------------------------------------- */

static uint64_t zigzag(int64_t value)
{
    return (uint64_t)value << 1 ^ (value < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t value)
{
    return (int64_t)(value >> 1 ^ (0 - (value & 1)));
}

static uint32_t varint_bytes(uint64_t value)
{
    return (70u - (uint32_t)__builtin_clzll(value | 1)) / 7;
}

static uint8_t *put_varint(uint8_t *at, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

/* False: it does not end, or not within 64 bits. */
static bool get_varint(const uint8_t **at, const uint8_t *end, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint8_t byte = *(*at)++;
        if (shift == 63 && byte > 1)
            return false;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

static bool get_small(const uint8_t **at, const uint8_t *end, uint32_t *value)
{
    uint64_t wide;
    if (!get_varint(at, end, &wide) || wide > UINT32_MAX)
        return false;
    *value = (uint32_t)wide;
    return true;
}

/* `to` = base + a zigzag, still 32 bits. */
static bool get_near(const uint8_t **at, const uint8_t *end, uint32_t base,
                     uint32_t *to)
{
    uint64_t coded;
    if (!get_varint(at, end, &coded) || coded >= 1ull << 33)
        return false;
    int64_t sum = (int64_t)base + unzigzag(coded);
    *to = (uint32_t)sum;
    return sum >= 0 && sum <= UINT32_MAX;
}

static uint64_t apart(uint32_t from, uint32_t to)
{
    return zigzag((int64_t)to - (int64_t)from);
}

/* ---- blocks ------------------------------------------------------------ */

static uint64_t coded_word(const struct tenure_object_coder *coder,
                           const struct tenure_object *object,
                           enum tenure_object_word form)
{
    switch (form) {
    case TENURE_WORD_NEAR:
        return zigzag((int64_t)(object->word - object->address));
    case TENURE_WORD_FAR:
        return zigzag((int64_t)(object->word - coder->far));
    default:
        return object->word;
    }
}

static enum tenure_object_word
shortest_form(const struct tenure_object_coder *coder,
              const struct tenure_object *object)
{
    enum tenure_object_word best = TENURE_WORD_RAW;
    uint32_t least = 8;
    if (!object->has_word)
        return TENURE_WORD_NONE;
    if (object->word == 0)
        return TENURE_WORD_ZERO;
    for (uint32_t form = TENURE_WORD_SMALL; form <= TENURE_WORD_FAR; form++) {
        uint32_t bytes = varint_bytes(coded_word(coder, object, form));
        if (bytes < least) {
            least = bytes;
            best = form;
        }
    }
    return best;
}

static uint8_t *put_word(struct tenure_object_coder *coder,
                         const struct tenure_object *object,
                         enum tenure_object_word form, uint8_t *at)
{
    if (form <= TENURE_WORD_ZERO)
        return at;
    if (form == TENURE_WORD_RAW) {
        memcpy(at, &object->word, 8);
        at += 8;
    } else {
        at = put_varint(at, coded_word(coder, object, form));
    }
    if (form >= TENURE_WORD_FAR)
        coder->far = object->word;
    return at;
}

uint32_t tenure_object_put(struct tenure_object_coder *coder,
                           const struct tenure_object *object, uint8_t *to)
{
    enum tenure_object_word form = shortest_form(coder, object);
    uint8_t *at = to + 1;
    *to = (uint8_t)(object->mark | (uint32_t)form << FORM_SHIFT);
    at = put_varint(at, (object->address - coder->address) >> 3);
    at = put_varint(at, coder->generation - object->generation);
    if (object->bytes == coder->bytes)
        *to |= SAME_BYTES;
    else
        at = put_varint(at, object->bytes);
    if (object->site == coder->site)
        *to |= SAME_SITE;
    else
        at = put_varint(at, apart(coder->site, object->site));
    at = put_word(coder, object, form, at);
    coder->address = object->address;
    coder->bytes = object->bytes;
    coder->site = object->site;
    return (uint32_t)(at - to);
}

void tenure_objects_read(struct tenure_object_reader *reader,
                         const void *section, uint64_t bytes)
{
    const struct tenure_objects_head *head = section;
    *reader = (struct tenure_object_reader){
        .head = head,
        .at = (const uint8_t *)(head + 1),
        .end = (const uint8_t *)section + bytes,
        .left = head->blocks,
        .coder.generation = head->generation,
    };
}

static bool get_word(struct tenure_object_reader *reader, uint32_t form,
                     struct tenure_object *object)
{
    uint64_t coded = 0;
    object->has_word = form != TENURE_WORD_NONE;
    object->word = 0;
    if (form <= TENURE_WORD_ZERO)
        return true;
    if (form > TENURE_WORD_RAW)
        return false;
    if (form == TENURE_WORD_RAW) {
        if (reader->end - reader->at < 8)
            return false;
        memcpy(&object->word, reader->at, 8);
        reader->at += 8;
    } else if (!get_varint(&reader->at, reader->end, &coded)) {
        return false;
    }
    if (form == TENURE_WORD_SMALL)
        object->word = coded;
    else if (form == TENURE_WORD_NEAR)
        object->word = object->address + (uint64_t)unzigzag(coded);
    else if (form == TENURE_WORD_FAR)
        object->word = reader->coder.far + (uint64_t)unzigzag(coded);
    if (form >= TENURE_WORD_FAR)
        reader->coder.far = object->word;
    return true;
}

static bool get_object(struct tenure_object_reader *reader,
                       struct tenure_object *object)
{
    struct tenure_object_coder *coder = &reader->coder;
    bool marked = reader->head->flags & TENURE_OBJECTS_MARKED;
    uint64_t step;
    uint32_t age;
    if (reader->at == reader->end)
        return false;
    uint8_t first = *reader->at++;
    object->mark = first & 7;
    object->bytes = coder->bytes;
    object->site = coder->site;
    if (!get_varint(&reader->at, reader->end, &step) ||
        !get_small(&reader->at, reader->end, &age) || age > coder->generation)
        return false;
    object->address = coder->address + (step << 3);
    object->generation = coder->generation - age;
    if ((first & SAME_BYTES) == 0 &&
        !get_varint(&reader->at, reader->end, &object->bytes))
        return false;
    if ((first & SAME_SITE) == 0 &&
        !get_near(&reader->at, reader->end, coder->site, &object->site))
        return false;
    if (!get_word(reader, first >> FORM_SHIFT & 7, object) ||
        object->mark >= TENURE_OBJECT_MARKS_END ||
        marked != (object->mark != TENURE_OBJECT_UNKNOWN) ||
        object->address >= ADDRESS_END ||
        (marked && object->address <= coder->address))
        return false;
    coder->address = object->address;
    coder->bytes = object->bytes;
    coder->site = object->site;
    return true;
}

int tenure_object_next(struct tenure_object_reader *reader,
                       struct tenure_object *object)
{
    if (reader->left == 0)
        return reader->at == reader->end ? 0 : -1;
    reader->left--;
    return get_object(reader, object) ? 1 : -1;
}

/* ---- edges ------------------------------------------------------------- */

static uint32_t put_root_edge(struct tenure_edge_coder *coder,
                              const struct tenure_edge *edge, uint8_t *to)
{
    uint8_t *at = to + 1;
    *to = (uint8_t)edge->how;
    if (!coder->started || edge->root_kind != coder->root_kind ||
        edge->what != coder->what) {
        *to |= (uint8_t)(OTHER_ROOT | edge->root_kind << HIGH_SHIFT);
        at = put_varint(at, edge->what + 1u); /* NONE wraps to 0 */
        coder->root_kind = edge->root_kind;
        coder->what = edge->what;
    }
    at = put_varint(
        at, zigzag((int64_t)(edge->place >> 3) - (int64_t)(coder->place >> 3)));
    at = put_varint(at, apart(coder->to, edge->to));
    coder->place = edge->place;
    return (uint32_t)(at - to);
}

static uint32_t put_block_edge(struct tenure_edge_coder *coder,
                               const struct tenure_edge *edge, uint8_t *to)
{
    uint8_t *at = to + 1;
    *to = (uint8_t)edge->how;
    if (edge->from >= coder->from) {
        *to |= OTHER_BLOCK;
        at = put_varint(at, edge->from - coder->from);
        coder->from = edge->from + 1;
        coder->place = 0;
    }
    if (edge->how == TENURE_EDGE_UNALIGNED) {
        if (coder->placed)
            at = put_varint(at, edge->place);
    } else {
        uint64_t skipped = edge->place / 8 - coder->place;
        coder->place = edge->place / 8 + 1;
        *to |=
            (uint8_t)((skipped < HIGH_MAX ? skipped : HIGH_MAX) << HIGH_SHIFT);
        if (skipped >= HIGH_MAX)
            at = put_varint(at, skipped - HIGH_MAX);
    }
    uint64_t from_here = apart(edge->from, edge->to);
    uint64_t from_there = apart(coder->to, edge->to);
    if (from_there < from_here)
        *to |= FROM_LAST_TO;
    at = put_varint(at, from_there < from_here ? from_there : from_here);
    return (uint32_t)(at - to);
}

/* From the roots to the blocks: addresses no longer count. */
static void leave_roots(struct tenure_edge_coder *coder)
{
    if (coder->from == 0)
        coder->place = 0;
}

uint32_t tenure_edge_put(struct tenure_edge_coder *coder,
                         const struct tenure_edge *edge, uint8_t *to)
{
    uint32_t bytes;
    if (edge->from == TENURE_NONE) {
        bytes = put_root_edge(coder, edge, to);
    } else {
        leave_roots(coder);
        bytes = put_block_edge(coder, edge, to);
    }
    coder->to = edge->to;
    coder->started = true;
    return bytes;
}

void tenure_edges_read(struct tenure_edge_reader *reader,
                       const struct tenure_objects_head *head,
                       const void *section, uint64_t bytes)
{
    *reader = (struct tenure_edge_reader){
        .head = head,
        .at = section,
        .end = bytes > 0 ? (const uint8_t *)section + bytes : section,
        .roots = head->roots,
        .edges = head->edges,
        .coder.placed = (head->flags & TENURE_OBJECTS_PLACED) != 0,
    };
}

static bool get_root_edge(struct tenure_edge_reader *reader, uint8_t first,
                          struct tenure_edge *edge)
{
    struct tenure_edge_coder *coder = &reader->coder;
    uint64_t step;
    edge->from = TENURE_NONE;
    if (first & FROM_LAST_TO)
        return false;
    if (first & OTHER_ROOT) {
        coder->root_kind = first >> HIGH_SHIFT;
        if (!get_small(&reader->at, reader->end, &coder->what))
            return false;
        coder->what--;
    } else if (!coder->started || first >> HIGH_SHIFT != 0) {
        return false;
    }
    edge->root_kind = coder->root_kind;
    edge->what = coder->what;
    if (edge->root_kind > TENURE_RETAINER_LOADER ||
        !get_varint(&reader->at, reader->end, &step))
        return false;
    edge->place = coder->place + ((uint64_t)unzigzag(step) << 3);
    coder->place = edge->place;
    return get_near(&reader->at, reader->end, coder->to, &edge->to);
}

static bool get_block_edge(struct tenure_edge_reader *reader, uint8_t first,
                           struct tenure_edge *edge)
{
    struct tenure_edge_coder *coder = &reader->coder;
    uint64_t skipped = first >> HIGH_SHIFT;
    uint32_t blocks = 0;
    leave_roots(coder);
    if (first & OTHER_BLOCK) {
        if (!get_small(&reader->at, reader->end, &blocks) ||
            (uint64_t)coder->from + blocks >= reader->head->blocks)
            return false;
        coder->from += blocks + 1;
        coder->place = 0;
    }
    if (coder->from == 0)
        return false;
    edge->from = coder->from - 1;
    edge->root_kind = 0;
    edge->what = TENURE_NONE;
    edge->place = 0;
    if (edge->how == TENURE_EDGE_UNALIGNED) {
        if (skipped != 0 ||
            (coder->placed &&
             !get_varint(&reader->at, reader->end, &edge->place)))
            return false;
    } else {
        uint64_t more = 0;
        if (skipped == HIGH_MAX && !get_varint(&reader->at, reader->end, &more))
            return false;
        edge->place = (coder->place + skipped + more) * 8;
        coder->place += skipped + more + 1;
    }
    return get_near(&reader->at, reader->end,
                    first & FROM_LAST_TO ? coder->to : edge->from, &edge->to);
}

int tenure_edge_next(struct tenure_edge_reader *reader,
                     struct tenure_edge *edge)
{
    if (reader->roots == 0 && reader->edges == 0)
        return reader->at == reader->end ? 0 : -1;
    if (reader->at == reader->end)
        return -1;
    uint8_t first = *reader->at++;
    edge->how = first & 3;
    bool right = reader->roots > 0 ? get_root_edge(reader, first, edge)
                                   : get_block_edge(reader, first, edge);
    if (!right || edge->to >= reader->head->blocks)
        return -1;
    *(reader->roots > 0 ? &reader->roots : &reader->edges) -= 1;
    reader->coder.to = edge->to;
    reader->coder.started = true;
    return 1;
}
