/*
 * Finds the next definition of every interposed function.
 *
 * The loader's list (_r_debug.r_map) holds the objects in search order; ours
 * stands right behind the program. Each object after ours is asked through
 * its GNU hash table (or its old one), default versions only. Once the
 * program runs, objects come and go: then the list is walked by
 * dl_iterate_phdr(), whose lock keeps them where they are.
 */
#include "preload/real.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "preload/hooks.h"

struct tenure__real tenure__real;
struct tenure__allocator tenure__allocator;

extern ElfW(Dyn) _DYNAMIC[] __attribute__((visibility("hidden")));

struct object {
    uint64_t base;
    const ElfW(Sym) * symbols;
    const char *strings;
    const uint32_t *gnu_hash, *old_hash;
    const uint16_t *versions;
};

/* The loader has relocated these pointers, but for objects it did not load
 * itself (the vDSO), where they are offsets. */
static const void *pointer(uint64_t base, const ElfW(Dyn) * entry)
{
    uint64_t at = entry->d_un.d_ptr;
    return (const void *)(at < base ? at + base : at);
}

static bool read_object(uint64_t base, const ElfW(Dyn) * dynamic,
                        struct object *object)
{
    memset(object, 0, sizeof *object);
    object->base = base;
    for (const ElfW(Dyn) *at = dynamic; at->d_tag != DT_NULL; at++) {
        if (at->d_tag == DT_SYMTAB)
            object->symbols = pointer(base, at);
        else if (at->d_tag == DT_STRTAB)
            object->strings = pointer(base, at);
        else if (at->d_tag == DT_GNU_HASH)
            object->gnu_hash = pointer(base, at);
        else if (at->d_tag == DT_HASH)
            object->old_hash = pointer(base, at);
        else if (at->d_tag == DT_VERSYM)
            object->versions = pointer(base, at);
    }
    return object->symbols != NULL && object->strings != NULL;
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t hash = 5381;
    for (; *name != 0; name++)
        hash = hash * 33 + (uint8_t)*name;
    return hash;
}

static bool is_it(const struct object *object, uint32_t index, const char *name)
{
    const ElfW(Sym) *symbol = &object->symbols[index];
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    if (symbol->st_shndx == SHN_UNDEF || symbol->st_value == 0 ||
        (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
        return false;
    if (object->versions != NULL && object->versions[index] & 0x8000)
        return false; /* an old version, kept for old programs */
    return strcmp(object->strings + symbol->st_name, name) == 0;
}

/* GNU hash table: count, offset, bloom words, shift, bloom[], buckets[],
 * chain[]; a chain ends at a hash with its low bit set. */
static uint32_t find_by_gnu_hash(const struct object *object, const char *name)
{
    const uint32_t *table = object->gnu_hash;
    uint32_t buckets = table[0], offset = table[1], blooms = table[2];
    const uint64_t *bloom = (const void *)(table + 4);
    const uint32_t *bucket = (const void *)(bloom + blooms);
    const uint32_t *chain = bucket + buckets;
    uint32_t hash = gnu_hash(name);
    uint64_t word = blooms > 0 ? bloom[hash / 64 % blooms] : ~0ull;
    if (buckets == 0 || !(word >> hash % 64 & 1) ||
        !(word >> (hash >> table[3]) % 64 & 1))
        return 0;
    uint32_t index = bucket[hash % buckets];
    if (index < offset)
        return 0;
    for (;; index++) {
        uint32_t there = chain[index - offset];
        if ((there | 1) == (hash | 1) && is_it(object, index, name))
            return index;
        if (there & 1)
            return 0;
    }
}

static uint32_t find_by_old_hash(const struct object *object, const char *name)
{
    uint32_t count = object->old_hash[1];
    for (uint32_t index = 1; index < count; index++)
        if (is_it(object, index, name))
            return index;
    return 0;
}

static void *find_in(uint64_t base, const ElfW(Dyn) * dynamic, const char *name)
{
    struct object object;
    if (!read_object(base, dynamic, &object))
        return NULL;
    uint32_t index = object.gnu_hash   ? find_by_gnu_hash(&object, name)
                     : object.old_hash ? find_by_old_hash(&object, name)
                                       : 0;
    if (index == 0)
        return NULL;
    const ElfW(Sym) *symbol = &object.symbols[index];
    void *at = (void *)(base + symbol->st_value);
    if (ELF64_ST_TYPE(symbol->st_info) == STT_GNU_IFUNC)
        at = ((void *(*)(void))at)();
    return at;
}

/* ---- at start ---------------------------------------------------------- */

static const struct link_map *own_map(void)
{
    const struct link_map *map = _r_debug.r_map;
    while (map != NULL && map->l_ld != _DYNAMIC)
        map = map->l_next;
    return map;
}

/* The next definition after our own, and whose it is. */
static void *find_next(const char *name, const struct link_map **whose)
{
    const struct link_map *own = own_map();
    for (const struct link_map *map = own ? own->l_next : NULL; map != NULL;
         map = map->l_next) {
        void *at = find_in(map->l_addr, map->l_ld, name);
        if (at != NULL) {
            *whose = map;
            return at;
        }
    }
    *whose = NULL;
    return NULL;
}

static void name_allocator(const char *path)
{
    static const char *const known[][2] = {{"libc.so", "glibc"},
                                           {"libc-", "glibc"},
                                           {"jemalloc", "jemalloc"},
                                           {"tcmalloc", "tcmalloc"},
                                           {"mimalloc", "mimalloc"}};
    const char *file = strrchr(path, '/');
    file = file != NULL ? file + 1 : path;
    const char *name = file;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strstr(file, known[i][0]) != NULL)
            name = known[i][1];
    size_t bytes = strnlen(name, sizeof tenure__allocator.name - 1);
    memcpy(tenure__allocator.name, name, bytes);
    tenure__allocator.name[bytes] = 0;
}

/* The ELF header is mapped at the load address of every shared object. */
static void find_range(const struct link_map *map)
{
    const ElfW(Ehdr) *header = (const void *)map->l_addr;
    const ElfW(Phdr) *segment = (const void *)(map->l_addr + header->e_phoff);
    tenure__allocator.start = UINT64_MAX;
    for (int i = 0; i < header->e_phnum; i++) {
        uint64_t start = map->l_addr + segment[i].p_vaddr;
        if (segment[i].p_type != PT_LOAD)
            continue;
        if (start < tenure__allocator.start)
            tenure__allocator.start = start;
        if (start + segment[i].p_memsz > tenure__allocator.end)
            tenure__allocator.end = start + segment[i].p_memsz;
    }
}

static void learn_allocator(void)
{
    const struct link_map *malloc_in, *new_in, *program = _r_debug.r_map;
    find_next("malloc", &malloc_in);
    find_next("_Znwm", &new_in);
    tenure__allocator.own_operators = new_in != NULL && new_in == malloc_in;
    tenure__allocator.in_program =
        program != NULL &&
        find_in(program->l_addr, program->l_ld, "malloc") != NULL;
    if (malloc_in == NULL)
        return;
    name_allocator(malloc_in->l_name);
    find_range(malloc_in);
}

/* What stayed NULL here comes and goes with plugins. */
static struct tenure__real at_start;

void tenure__real_find(void)
{
    const struct link_map *whose;
    learn_allocator();
#define X(result, name, parameters)                                            \
    at_start.name = (result(*) parameters)find_next(#name, &whose);
#include "preload/hooks.def"
#undef X
    tenure__real = at_start;
    __atomic_fetch_or(&tenure__tracking, TENURE_TRACK_READY, __ATOMIC_RELEASE);
    tenure__hooks_choose();
}

/* ---- while the program runs -------------------------------------------- */

/* How many dlclose() are under way. Meanwhile nothing is remembered, since
 * it may be what they take away. */
static uint32_t closing;

struct search {
    const char *name;
    bool behind_ours;
    void *found;
};

static int look_into(struct dl_phdr_info *info, size_t bytes, void *with)
{
    struct search *search = with;
    const ElfW(Dyn) *dynamic = NULL;
    (void)bytes;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            dynamic =
                (const void *)(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
    if (dynamic != NULL && search->behind_ours)
        search->found = find_in(info->dlpi_addr, dynamic, search->name);
    search->behind_ours |= dynamic == _DYNAMIC;
    return search->found != NULL;
}

void *tenure__real_find_late(const char *name, void **slot)
{
    struct search search = {.name = name};
    dl_iterate_phdr(look_into, &search);
    if (__atomic_load_n(&closing, __ATOMIC_SEQ_CST) == 0) {
        __atomic_store_n(slot, search.found, __ATOMIC_SEQ_CST);
        /* One that began in between may have passed this slot already. */
        if (__atomic_load_n(&closing, __ATOMIC_SEQ_CST) != 0)
            __atomic_store_n(slot, NULL, __ATOMIC_SEQ_CST);
    }
    return search.found;
}

void tenure__real_unload(bool begins)
{
    if (!begins) {
        __atomic_fetch_sub(&closing, 1, __ATOMIC_SEQ_CST);
        return;
    }
    __atomic_fetch_add(&closing, 1, __ATOMIC_SEQ_CST);
#define X(result, name, parameters)                                            \
    if (at_start.name == NULL)                                                 \
        __atomic_store_n((void **)&tenure__real.name, NULL, __ATOMIC_SEQ_CST);
#include "preload/hooks.def"
#undef X
}
