/*
 * The blocks of a snapshot, one by one.
 *
 * In come the numbered blocks of the index with the flags of the mark, or
 * the side metadata as it stands; entries of OBJECTS leave. Their head is
 * written last, when the numbers in it are known.
 */
#include "agent/objects.h"

#include <errno.h>
#include <sys/uio.h>

#include "agent/blocks.h"
#include "agent/os.h"
#include "agent/records.h"
#include "agent/stream.h"

struct listing {
    const struct tenure__objects_target *target;
    struct tenure__objects *objects;
    struct tenure__stream stream;
    struct tenure_object_coder coder;
};

static void put(struct listing *listing, struct tenure_object *object)
{
    const struct tenure__objects_target *target = listing->target;
    uint8_t *room =
        tenure__stream_room(&listing->stream, TENURE_OBJECT_ENTRY_MAX);
    if (room == NULL)
        return;
    if (tenure__unlikely(object->site >= target->sites))
        object->site = 0;
    target->site[object->site / 64] |= 1ull << object->site % 64;
    tenure__stream_use(&listing->stream,
                       tenure_object_put(&listing->coder, object, room));
    listing->objects->head.blocks++;
}

/* The stream stands where OBJECTS begins. */
static void begin(struct listing *listing, uint32_t generation)
{
    struct tenure__objects *objects = listing->objects;
    uint8_t *room = tenure__stream_room(&listing->stream, sizeof objects->head);
    objects->objects_at = tenure__stream_place(&listing->stream);
    objects->head.generation = listing->coder.generation = generation;
    if (room != NULL) /* for the head */
        tenure__stream_use(&listing->stream, sizeof objects->head);
}

static void end(struct listing *listing)
{
    struct tenure__objects *objects = listing->objects;
    objects->objects_bytes =
        tenure__stream_place(&listing->stream) - objects->objects_at;
    tenure__stream_pad(&listing->stream);
    objects->error = tenure__stream_close(&listing->stream);
    if (objects->error == 0)
        objects->error =
            tenure__write_at(listing->target->fd, &objects->head,
                             sizeof objects->head, objects->objects_at);
}

/* ---- with a mark ------------------------------------------------------- */

static uint32_t mark_of(uint32_t flags)
{
    if (flags & TENURE__BLOCK_REACHED)
        return flags & TENURE__BLOCK_POSSIBLE ? TENURE_OBJECT_POSSIBLE
                                              : TENURE_OBJECT_REACHED;
    return flags & TENURE__BLOCK_LOST ? TENURE_OBJECT_LOST
                                      : TENURE_OBJECT_UNREACHED;
}

struct marking {
    struct listing listing;
    const struct tenure__mark *mark;
};

#define FETCH_AHEAD 16u /* blocks */

static void put_marked(const struct tenure__mark_block *block, void *with)
{
    struct marking *marking = with;
    const struct tenure__index *index = &marking->mark->index;
    if (block->number + FETCH_AHEAD < index->count)
        __builtin_prefetch((const void *)tenure__index_address(
            index, block->number + FETCH_AHEAD));
    struct tenure_object object = {
        .address = block->address,
        .bytes = block->bytes,
        .site = block->site,
        .generation = block->generation,
        .mark = mark_of(tenure__mark_flags(marking->mark, block->number)),
        .has_word = block->bytes >= 8,
    };
    if (object.has_word)
        object.word = *(const uint64_t *)block->address;
    put(&marking->listing, &object);
}

void tenure__objects_write(const struct tenure__objects_marked *marked,
                           const struct tenure__objects_target *target,
                           struct tenure__objects *objects)
{
    struct marking marking = {.listing = {.target = target, .objects = objects},
                              .mark = marked->mark};
    struct tenure__mark_source source =
        tenure__index_source(&marked->mark->index);
    struct tenure__stream *stream = &marking.listing.stream;
    *objects = (struct tenure__objects){.error = -EIO,
                                        .head.flags = TENURE_OBJECTS_MARKED,
                                        .edges_at = target->from};
    tenure__stream_open(stream, target->fd, target->from);
    tenure__edges_write(marked, stream, &objects->head);
    objects->edges_bytes = tenure__stream_place(stream) - target->from;
    tenure__stream_pad(stream);
    begin(&marking.listing, marked->generation);
    source.each(source.self, put_marked, &marking);
    end(&marking.listing);
}

/* ---- without ----------------------------------------------------------- */

#define READ_AT_ONCE 512u

struct live {
    struct listing listing;
    bool may_read;
    uint32_t count;
    struct tenure_object object[READ_AT_ONCE];
    struct iovec place[READ_AT_ONCE];
    uint64_t word[READ_AT_ONCE];
};

/* The first words of blocks, whose memory may be gone by now: through the
 * kernel, which stops before the first that is. */
static void read_words(struct live *live)
{
    uint32_t done = 0;
    for (uint32_t i = 0; i < live->count; i++)
        live->place[i] = (struct iovec){(void *)live->object[i].address, 8};
    while (live->may_read && done < live->count) {
        struct iovec to = {live->word, (live->count - done) * 8ul};
        long got = tenure__syscall6(SYS_process_vm_readv, tenure__os_pid(),
                                    (long)&to, 1, (long)&live->place[done],
                                    (long)(live->count - done), 0);
        uint32_t words = got > 0 ? (uint32_t)got / 8 : 0;
        for (uint32_t i = 0; i < words; i++, done++) {
            struct tenure_object *object = &live->object[done];
            object->has_word = object->bytes >= 8;
            object->word = object->has_word ? live->word[i] : 0;
        }
        done += words == 0;
    }
}

static void put_read(struct live *live)
{
    read_words(live);
    for (uint32_t i = 0; i < live->count; i++)
        put(&live->listing, &live->object[i]);
    live->count = 0;
}

static void note_live(uint64_t address, tenure__slot *slot, uint64_t value,
                      void *with)
{
    struct live *live = with;
    uint32_t generation = live->listing.coder.generation;
    uint32_t low = (uint32_t)value & TENURE_SLOT_SIZE_MAX;
    struct tenure_object object = {
        .address = address,
        .bytes = low,
        .site = tenure__slot_site(value),
        .generation = tenure__slot_generation(value, generation),
    };
    (void)slot;
    if (value & TENURE_SLOT_EXT) {
        const struct tenure__record *record = tenure__record_at(low);
        object.bytes = __atomic_load_n(&record->bytes, __ATOMIC_RELAXED);
        object.generation =
            __atomic_load_n(&record->generation, __ATOMIC_RELAXED);
    }
    if (object.generation > generation)
        return;
    live->object[live->count++] = object;
    if (live->count == READ_AT_ONCE)
        put_read(live);
}

void tenure__objects_write_live(uint32_t generation, bool may_read,
                                const struct tenure__objects_target *target,
                                struct tenure__objects *objects)
{
    struct live *live = tenure__os_map(sizeof *live);
    *objects = (struct tenure__objects){.error = -ENOMEM};
    if (live == NULL)
        return;
    live->may_read = may_read;
    live->listing.target = target;
    live->listing.objects = objects;
    tenure__stream_open(&live->listing.stream, target->fd, target->from);
    begin(&live->listing, generation);
    tenure__blocks_each(note_live, live, NULL);
    put_read(live);
    end(&live->listing);
    tenure__os_unmap(live, sizeof *live);
}
