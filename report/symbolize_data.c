/*
 * The data symbols of an image, sorted for the search.
 *
 * Objects of the symbol table come in; an address is inside of one or has no
 * name: in a stripped file the nearest symbol before it is another variable
 * as often as not.
 */
#include "report/symbolize_data.h"

#include <stdlib.h>
#include <string.h>

#include "report/demangle.h"
#include "report/memory.h"
#include "report/symbolize_file.h"
#include "report/text.h"

struct symbol {
    uint64_t address, bytes;
    const char *name, *readable; /* in the arena */
};

struct tenure_data {
    struct symbol *symbols;
    size_t count, room;
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

static void add(struct tenure_data *data, const char *name, uint64_t address,
                uint64_t bytes)
{
    char *readable = tenure_demangle(name);
    data->symbols = tenure_grow(data->symbols, data->count, &data->room,
                                sizeof *data->symbols);
    struct symbol *symbol = &data->symbols[data->count++];
    *symbol = (struct symbol){.address = address, .bytes = bytes};
    symbol->name = keep(data, name);
    symbol->readable = readable ? keep(data, readable) : symbol->name;
    free(readable);
}

static void read_symbols(struct tenure_data *data,
                         const struct tenure_elf_file *file)
{
    int count = dwfl_module_getsymtab(file->module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name = dwfl_module_getsym_info(
            file->module, i, &symbol, &address, &section, NULL, NULL);
        if (name && *name && section != SHN_UNDEF &&
            GELF_ST_TYPE(symbol.st_info) == STT_OBJECT && symbol.st_size > 0)
            add(data, name, address - file->bias, symbol.st_size);
    }
    if (data->count > 0)
        qsort(data->symbols, data->count, sizeof *data->symbols, by_address);
}

struct tenure_data *tenure_data_new(const struct tenure_image *image,
                                    const struct tenure_process *process)
{
    struct tenure_data *data = tenure_zeroed(1, sizeof *data);
    struct tenure_elf_file file;
    const char *problem;
    if (tenure_elf_file_open(&file, image, process, &problem)) {
        read_symbols(data, &file);
        tenure_elf_file_close(&file);
    }
    return data;
}

void tenure_data_free(struct tenure_data *data)
{
    if (data == NULL)
        return;
    free(data->symbols);
    tenure_arena_drop(&data->arena);
    free(data);
}

bool tenure_data_find(const struct tenure_data *data, uint64_t address,
                      struct tenure_variable *variable)
{
    size_t low = 0, high = data->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (data->symbols[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return false;
    const struct symbol *found = &data->symbols[low - 1];
    if (address - found->address >= found->bytes)
        return false;
    *variable =
        (struct tenure_variable){found->readable, address - found->address};
    return true;
}
