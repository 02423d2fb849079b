/*
 * From paths and roots to ways.
 *
 * In come every root once more, and the paths of the samples again; out go
 * the RETAINERS records. Samples whose paths lead through blocks of the same
 * sites, from the same kind of root, are one way. Where several roots point
 * to a block, the one that says most is taken: a global before a pointer on
 * a stack that may be gone in a moment.
 */
#include "agent/retaining.h"

#include "agent/helper_arch.h"
#include "agent/mark_words.h"
#include "agent/modules.h"
#include "agent/retain_frame.h"

#define TLS_BYTES (1u << 20) /* of one thread, more is none */
#define WAYS_SEEN 32u        /* beyond: they are not told apart, and not kept */

struct way {
    uint64_t key;
    uint32_t count;
    struct tenure__retain_path path;
    struct tenure_retainer root;
    uint32_t into;    /* at which byte of its top the root points */
    uint32_t several; /* a bit for each step, and for `held` behind the last:
                         it is not the same block for all */
    uint32_t paired;  /* a bit for each step: not its first block holds */
    uint32_t chained; /* and there are so many that it is a chain */
};

/* ---- roots ------------------------------------------------------------- */

struct tenure__retain_top *tenure__retain_top(struct tenure__retaining *making,
                                              uint32_t block)
{
    uint32_t mask = TENURE__RETAIN_TOPS - 1;
    uint32_t at = (block * 2654435761u >> 8) & mask;
    while (making->top[at].block != 0 && making->top[at].block != block + 1)
        at = (at + 1) & mask;
    return &making->top[at];
}

static uint32_t rank(uint32_t kind)
{
    static const uint8_t ranks[] = {
        [TENURE_RETAINER_GLOBAL] = 1, [TENURE_RETAINER_TLS] = 2,
        [TENURE_RETAINER_USER] = 3,   [TENURE_RETAINER_KERNEL] = 4,
        [TENURE_RETAINER_LOADER] = 5, [TENURE_RETAINER_MAPPING] = 6,
        [TENURE_RETAINER_STACK] = 7,  [TENURE_RETAINER_REGISTER] = 8,
    };
    return kind == 0 ? UINT32_MAX : kind < sizeof ranks ? ranks[kind] : 9;
}

static bool is_of_thread(const struct tenure__root *root)
{
    return root->kind == TENURE_RETAINER_STACK ||
           root->kind == TENURE_RETAINER_TLS;
}

static void set_place(struct tenure_retainer *record, uint64_t address)
{
    record->module = tenure__module_around(address);
    if (record->module != TENURE_NONE)
        record->offset = address - tenure__module_at(record->module)->bias;
}

/* The frame; or behind all of them the thread's own block. What lies around
 * the thread pointer may be frames as well. */
static void describe_stack(struct tenure_retainer *record,
                           const struct tenure__root *root, uint64_t address)
{
    uint64_t pc = 0;
    switch (tenure__stack_place(root->thread, address, &pc)) {
    case TENURE__STACK_FRAME:
        record->kind = TENURE_RETAINER_STACK;
        set_place(record, pc);
        break;
    case TENURE__STACK_BEHIND:
        if (root->thread->thread_pointer - address < TLS_BYTES ||
            address - root->thread->thread_pointer < TLS_BYTES)
            record->kind = TENURE_RETAINER_TLS;
        break;
    case TENURE__STACK_UNKNOWN:
        break;
    }
}

/* Variables stand below the thread pointer on x86_64, above it on aarch64;
 * on the other side is the thread's descriptor: 0. */
static uint64_t variable_distance(uint64_t thread_pointer, uint64_t address)
{
    uint64_t below = thread_pointer - address, above = address - thread_pointer;
    if (TENURE_TLS_BELOW)
        return address < thread_pointer ? below : 0;
    return address > thread_pointer ? above : 0;
}

static struct tenure_retainer describe_root(const struct tenure__root *root,
                                            uint64_t address)
{
    struct tenure_retainer record = {
        .kind = root->kind,
        .what = root->kind == TENURE_RETAINER_MAPPING ? root->site : root->tid,
        .address = address,
        .module = TENURE_NONE,
    };
    if (root->kind == TENURE_RETAINER_GLOBAL)
        set_place(&record, address);
    if (is_of_thread(root))
        describe_stack(&record, root, address);
    if (record.kind == TENURE_RETAINER_TLS && root->thread != NULL)
        record.offset =
            variable_distance(root->thread->thread_pointer, address);
    return record;
}

/* At which byte of a block a word points; none if it is far into it. */
static uint32_t into_of(const struct tenure__retaining *making, uint32_t block,
                        uint64_t word)
{
    uint64_t into = tenure__mark_address(word) -
                    tenure__index_address(&making->mark->index, block);
    return into < TENURE_NONE ? (uint32_t)into : TENURE_NONE;
}

void tenure__retain_root(const struct tenure__root *root, const uint64_t *word,
                         size_t count, uint64_t address, void *with)
{
    struct tenure__retain *retain = with;
    struct tenure__retaining *making = retain->making;
    uint32_t module = TENURE_NONE - 1; /* not looked for yet */
    for (size_t w = 0; w < count; w++) {
        uint32_t block = tenure__index_find(&making->mark->index,
                                            tenure__mark_address(word[w]));
        if (block == TENURE__NO_BLOCK)
            continue;
        uint64_t at = address != 0 ? address + w * 8 : 0;
        if (root->kind == TENURE_RETAINER_GLOBAL && !root->starts_only) {
            if (module == TENURE_NONE - 1)
                module = tenure__module_around(address);
            tenure__retain_global(making, block, module, at);
        }
        struct tenure__retain_top *top = tenure__retain_top(making, block);
        uint32_t best =
            rank(is_of_thread(root) ? TENURE_RETAINER_TLS : root->kind);
        if (top->block == 0 || best >= rank(top->root.kind))
            continue;
        struct tenure_retainer found = describe_root(root, at);
        if (rank(found.kind) >= rank(top->root.kind))
            continue;
        top->root = found;
        top->into = into_of(making, block, word[w]);
    }
}

/* ---- ways -------------------------------------------------------------- */

static uint64_t mix(uint64_t key, uint64_t more)
{
    return (key ^ more) * 0x9e3779b97f4a7c15u + (key >> 29);
}

/* A thread's, whichever it is; then `what` is its number. */
static bool is_threads(const struct tenure_retainer *root)
{
    return root->kind == TENURE_RETAINER_STACK ||
           root->kind == TENURE_RETAINER_TLS ||
           root->kind == TENURE_RETAINER_REGISTER;
}

static uint64_t key_of(const struct tenure__retain_path *path,
                       const struct tenure_retainer *root)
{
    uint64_t key = mix(root->kind, root->module);
    key = mix(key, root->kind == TENURE_RETAINER_STACK ? root->offset
                   : root->kind == TENURE_RETAINER_TLS ? root->offset != 0
                   : is_threads(root)                  ? 0
                                                       : root->what);
    for (uint32_t s = 0; s < path->steps; s++)
        key = mix(key, path->step[s].type);
    return mix(key, path->steps);
}

static const struct tenure_retainer *root_of(struct tenure__retaining *making,
                                             uint32_t sample)
{
    return &tenure__retain_top(making, making->path[sample].top)->root;
}

static void join_way(struct way *way, const struct tenure__retain_path *path)
{
    for (uint32_t s = 0; s < path->steps; s++) {
        const struct tenure__retain_step *step = &path->step[s];
        if (step->first != way->path.step[s].first)
            way->several |= 1u << s;
        if (step->first != step->via)
            way->paired |= 1u << s;
        if (step->run >= TENURE__RETAIN_REPEATS || step->rounds > 1)
            way->chained |= 1u << s;
    }
    if (path->held != way->path.held)
        way->several |= 1u << path->steps;
    way->count++;
}

static uint32_t gather(struct tenure__retaining *making,
                       const struct tenure__retain_chosen *chosen,
                       struct way *way)
{
    uint32_t ways = 0;
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure__retain_path *path = &making->path[i];
        const struct tenure__retain_top *top =
            tenure__retain_top(making, path->top);
        const struct tenure_retainer *root = &top->root;
        uint64_t key = key_of(path, root);
        uint32_t at = 0;
        while (at < ways && way[at].key != key)
            at++;
        if (at == WAYS_SEEN)
            continue;
        if (at == ways)
            way[ways++] =
                (struct way){.key = key, .path = *path, .root = *root};
        join_way(&way[at], path);
    }
    return ways;
}

/* Those that hold most come first; as they were seen where they hold the
 * same. */
static void sort_ways(struct way *way, uint32_t ways)
{
    for (uint32_t i = 1; i < ways; i++) {
        struct way moving = way[i];
        uint32_t to = i;
        for (; to > 0 && way[to - 1].count < moving.count; to--)
            way[to] = way[to - 1];
        way[to] = moving;
    }
}

/* ---- records ----------------------------------------------------------- */

/* Where in a block the pointer to another stands, and at which byte of that
 * it points; if it is not found, 0 and no byte. */
static uint64_t offset_to(const struct tenure__retaining *making,
                          uint32_t holder, uint32_t held, uint32_t *into)
{
    const struct tenure__index *index = &making->mark->index;
    struct tenure__words words = tenure__words_of(index, holder);
    uint64_t start = tenure__index_address(index, held);
    uint64_t bytes = tenure__index_bytes(index, held);
    *into = TENURE_NONE;
    while (tenure__words_next(index, &words))
        for (uint64_t i = 0; i < words.count; i++) {
            if (tenure__mark_address(words.word[i]) - start >= bytes)
                continue;
            *into = into_of(making, held, words.word[i]);
            return (uint64_t)&words.word[i] -
                   tenure__index_address(index, holder);
        }
    return 0;
}

static void add_record(struct tenure__retain *retain,
                       const struct tenure__retain_chosen *chosen,
                       uint32_t step, struct tenure_retainer record)
{
    record.site = chosen->site;
    record.step = step;
    retain->making->out[retain->count++] = record;
}

/* The threads whose roots a way begins at. */
static uint32_t count_threads(struct tenure__retaining *making,
                              const struct tenure__retain_chosen *chosen,
                              const struct way *way)
{
    uint32_t thread[TENURE_RETAIN_SAMPLES], threads = 0;
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure_retainer *of = root_of(making, i);
        uint32_t at = 0;
        if (key_of(&making->path[i], of) != way->key)
            continue;
        while (at < threads && thread[at] != of->what)
            at++;
        if (at == threads)
            thread[threads++] = of->what;
    }
    return threads;
}

static void add_threads(struct tenure__retain *retain,
                        const struct tenure__retain_chosen *chosen,
                        const struct way *way, struct tenure_retainer root)
{
    uint32_t threads = count_threads(retain->making, chosen, way);
    if (threads > 1) {
        root.what = 0;
        root.address = threads;
    }
    add_record(retain, chosen, 0, root);
}

/* The words of a global root, as far as they are told apart. */
static void add_global(struct tenure__retain *retain,
                       const struct tenure__retain_chosen *chosen,
                       const struct way *way)
{
    struct tenure__retaining *making = retain->making;
    struct tenure_retainer root[TENURE_RETAIN_ROOTS];
    uint32_t votes[TENURE_RETAIN_ROOTS], roots = 0, sum = 0;
    for (uint32_t i = 0; i < chosen->count; i++) {
        const struct tenure_retainer *of = root_of(making, i);
        uint32_t at = 0;
        if (key_of(&making->path[i], of) != way->key)
            continue;
        while (at < roots && root[at].address != of->address)
            at++;
        if (at == TENURE_RETAIN_ROOTS)
            continue;
        if (at == roots) {
            root[roots] = *of;
            votes[roots++] = 0;
        }
        votes[at]++;
        sum++;
    }
    for (uint32_t i = 0; i < roots; i++) {
        root[i].what = i;
        root[i].share = tenure__retain_share((uint64_t)votes[i] * way->count,
                                             (uint64_t)sum * chosen->count);
        add_record(retain, chosen, 0, root[i]);
    }
}

static uint32_t step_kind(const struct way *way, uint32_t step)
{
    if (way->several & 1u << step)
        return TENURE_RETAINER_BLOCKS;
    if (way->chained & 1u << step)
        return TENURE_RETAINER_CHAIN;
    if (way->paired & 1u << step)
        return TENURE_RETAINER_BLOCKS;
    return way->several & 1u << (step + 1) ? TENURE_RETAINER_TABLE
                                           : TENURE_RETAINER_BLOCK;
}

static void add_way(struct tenure__retain *retain,
                    const struct tenure__retain_chosen *chosen,
                    const struct way *way)
{
    struct tenure__retaining *making = retain->making;
    const struct tenure__retain_path *path = &way->path;
    struct tenure_retainer root = way->root;
    uint32_t next_into = way->into;
    root.share = tenure__retain_share(way->count, chosen->count);
    if (root.kind == 0)
        root.module = TENURE_NONE;
    if (root.kind == TENURE_RETAINER_GLOBAL)
        add_global(retain, chosen, way);
    else if (is_threads(&root))
        add_threads(retain, chosen, way, root);
    else
        add_record(retain, chosen, 0, root);
    for (uint32_t s = 0; s < path->steps; s++) {
        const struct tenure__retain_step *step = &path->step[s];
        uint32_t into = next_into;
        uint64_t offset = offset_to(making, step->via, step->onto, &next_into);
        add_record(retain, chosen, s + 1,
                   (struct tenure_retainer){
                       .kind = step_kind(way, s),
                       .module = next_into != TENURE_NONE ? into : TENURE_NONE,
                       .what = tenure__retain_site_of(making, step->first),
                       .share = root.share,
                       .address = tenure__index_address(&making->mark->index,
                                                        step->first),
                       .offset = offset,
                   });
    }
}

void tenure__retain_end(struct tenure__retain *retain)
{
    static struct way way[WAYS_SEEN]; /* there is one walker */
    struct tenure__retaining *making = retain->making;
    retain->retainer = making->out;
    retain->container = making->out_container;
    for (uint32_t i = 0; i < making->chosen_count; i++) {
        struct tenure__retain_chosen *chosen = &making->chosen[i];
        tenure__retain_paths(making, chosen);
        uint32_t ways = gather(making, chosen, way);
        sort_ways(way, ways);
        for (uint32_t w = 0; w < ways && w < TENURE_RETAIN_WAYS; w++)
            if (w == 0 || tenure__retain_share(way[w].count, chosen->count) >=
                              TENURE_RETAIN_WAY_SHARE)
                add_way(retain, chosen, &way[w]);
        tenure__retain_container_end(making, chosen);
        if (chosen->has_container)
            making->out_container[retain->container_count++] =
                chosen->container;
    }
}
