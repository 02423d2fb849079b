/*
 * The symbols of an image that are asked for one by one, sorted for the
 * search.
 *
 * Objects, functions and thread-local variables of the symbol table come in;
 * an address is inside of one or has no name: in a stripped file the nearest
 * symbol before it is another variable as often as not. The file stays open
 * for its DWARF, which is only looked at for a variable that was found.
 */
#include "report/symbolize_data.h"

#include <stdlib.h>
#include <string.h>

#include "report/demangle.h"
#include "report/memory.h"
#include "report/symbolize_file.h"
#include "report/symbolize_member.h"
#include "report/text.h"

struct symbol {
    uint64_t address, bytes;
    const char *name;
};

struct symbols {
    struct symbol *at;
    size_t count, room;
};

struct tenure_data {
    struct symbols objects, functions, thread_locals;
    struct tenure_elf_file file;
    bool open;
    struct tenure_members *members; /* NULL until they are asked for */
    uint64_t tls_bytes, tls_align;
    struct tenure_arena arena;
};

/* The search ends at the last of those that start together: the name for
 * the whole is the better one. */
static int by_address(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes < b->bytes ? -1 : 1;
    return -strcmp(a->name, b->name);
}

static const char *keep(struct tenure_data *data, const char *text)
{
    return tenure_text_clean(
        tenure_arena_text(&data->arena, text, strlen(text)));
}

static void add(struct tenure_data *data, struct symbols *to, const char *name,
                uint64_t address, uint64_t bytes)
{
    to->at = tenure_grow(to->at, to->count, &to->room, sizeof *to->at);
    to->at[to->count++] = (struct symbol){address, bytes, keep(data, name)};
}

static void read_symbol(struct tenure_data *data, int number)
{
    GElf_Sym symbol;
    GElf_Addr address;
    GElf_Word section;
    const char *name = dwfl_module_getsym_info(
        data->file.module, number, &symbol, &address, &section, NULL, NULL);
    if (!name || !*name || section == SHN_UNDEF || symbol.st_size == 0)
        return;
    switch (GELF_ST_TYPE(symbol.st_info)) {
    case STT_OBJECT:
        add(data, &data->objects, name, address - data->file.bias,
            symbol.st_size);
        break;
    case STT_FUNC:
        add(data, &data->functions, name, address - data->file.bias,
            symbol.st_size);
        break;
    case STT_TLS:
        add(data, &data->thread_locals, name, symbol.st_value, symbol.st_size);
        break;
    default:
        break;
    }
}

static void sort(struct symbols *symbols)
{
    if (symbols->count > 0)
        qsort(symbols->at, symbols->count, sizeof *symbols->at, by_address);
}

static void read_tls(struct tenure_data *data)
{
    GElf_Addr bias;
    GElf_Phdr segment;
    Elf *elf = dwfl_module_getelf(data->file.module, &bias);
    size_t count = 0;
    if (!elf || elf_getphdrnum(elf, &count) != 0)
        return;
    for (int i = 0; i < (int)count; i++) {
        if (!gelf_getphdr(elf, i, &segment) || segment.p_type != PT_TLS)
            continue;
        data->tls_bytes = segment.p_memsz;
        data->tls_align = segment.p_align > 0 ? segment.p_align : 1;
    }
}

struct tenure_data *tenure_data_new(const struct tenure_image *image,
                                    const struct tenure_process *process)
{
    struct tenure_data *data = tenure_zeroed(1, sizeof *data);
    const char *problem;
    data->open = tenure_elf_file_open(&data->file, image, process, &problem);
    if (!data->open)
        return data;
    int count = dwfl_module_getsymtab(data->file.module);
    for (int i = 1; i < count; i++)
        read_symbol(data, i);
    sort(&data->objects);
    sort(&data->functions);
    sort(&data->thread_locals);
    read_tls(data);
    return data;
}

void tenure_data_free(struct tenure_data *data)
{
    if (data == NULL)
        return;
    tenure_members_free(data->members);
    if (data->open)
        tenure_elf_file_close(&data->file);
    free(data->objects.at);
    free(data->functions.at);
    free(data->thread_locals.at);
    tenure_arena_drop(&data->arena);
    free(data);
}

static const struct symbol *search(const struct symbols *in, uint64_t address)
{
    size_t low = 0, high = in->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (in->at[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0 || address - in->at[low - 1].address >= in->at[low - 1].bytes)
        return NULL;
    return &in->at[low - 1];
}

static bool find(struct tenure_data *data, const struct symbols *in,
                 uint64_t address, struct tenure_variable *variable)
{
    const struct symbol *found = search(in, address);
    if (found == NULL)
        return false;
    char *readable = tenure_demangle(found->name);
    *variable = (struct tenure_variable){.name = readable ? keep(data, readable)
                                                          : found->name,
                                         .offset = address - found->address,
                                         .member = ""};
    free(readable);
    return true;
}

/* By DWARF, where its variable begins there. */
static void find_member(struct tenure_data *data, uint64_t address,
                        struct tenure_variable *variable)
{
    char text[1024], whole[2048];
    if (data->members == NULL)
        data->members = tenure_members_new(data->file.module);
    if (!tenure_members_find(data->members, address, variable->offset, text,
                             sizeof text, &variable->to))
        return;
    snprintf(whole, sizeof whole, "%s%s", variable->name, text);
    variable->member = keep(data, whole);
}

bool tenure_data_find(struct tenure_data *data, uint64_t address,
                      struct tenure_variable *variable)
{
    if (!find(data, &data->objects, address, variable))
        return false;
    find_member(data, address - variable->offset, variable);
    return true;
}

bool tenure_data_function(struct tenure_data *data, uint64_t address,
                          struct tenure_variable *function)
{
    return find(data, &data->functions, address, function);
}

static uint64_t rounded(uint64_t value, uint64_t align)
{
    return (value + align - 1) / align * align;
}

bool tenure_data_thread_local(struct tenure_data *data, uint32_t machine,
                              uint64_t distance,
                              struct tenure_variable *variable)
{
    if (data->tls_bytes == 0 || data->tls_align > UINT32_MAX)
        return false;
    uint64_t bytes = rounded(data->tls_bytes, data->tls_align);
    uint64_t behind = rounded(16, data->tls_align); /* words of the thread */
    if (distance < behind && machine == EM_AARCH64)
        return false;
    if (distance > bytes && machine != EM_AARCH64)
        return false;
    uint64_t at = machine == EM_AARCH64 ? distance - behind : bytes - distance;
    if (!find(data, &data->thread_locals, at, variable))
        return false;
    find_member(data, (at - variable->offset) | TENURE_MEMBER_THREAD_LOCAL,
                variable);
    return true;
}
