/*
 * From an ELF file to the text that one of its functions returns.
 *
 * The file is mapped and trusted in nothing: every offset is checked before
 * it is followed. The function's few instructions are decoded: what compilers
 * make of `return "text";` is one address, relative to the instruction.
 */
#include "report/suppress_program.h"

#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/elf_image.h"

static const char wanted[] = "__lsan_default_suppressions";

struct image {
    struct tenure_elf_image file;
    const Elf64_Ehdr *header;
};

/* What is at an address of the program, and how much of it there is. */
static const uint8_t *at_address(const struct image *image, uint64_t address,
                                 uint64_t *room)
{
    const Elf64_Ehdr *header = image->header;
    const Elf64_Phdr *segments = tenure_elf_array(
        &image->file, header->e_phoff, header->e_phnum, sizeof *segments);
    for (int i = 0; segments && i < header->e_phnum; i++) {
        const Elf64_Phdr *s = &segments[i];
        if (s->p_type != PT_LOAD || address < s->p_vaddr ||
            address - s->p_vaddr >= s->p_filesz)
            continue;
        uint64_t offset = address - s->p_vaddr;
        *room = s->p_filesz - offset;
        return s->p_offset <= image->file.bytes
                   ? tenure_elf_piece(&image->file, s->p_offset + offset, *room)
                   : NULL;
    }
    return NULL;
}

static bool is_wanted(const struct image *image, const Elf64_Shdr *names,
                      const Elf64_Sym *symbol)
{
    if (symbol->st_name >= names->sh_size || symbol->st_value == 0 ||
        ELF64_ST_TYPE(symbol->st_info) != STT_FUNC)
        return false;
    if (names->sh_size - symbol->st_name < sizeof wanted)
        return false;
    const char *name =
        names->sh_offset <= image->file.bytes
            ? tenure_elf_piece(&image->file, names->sh_offset + symbol->st_name,
                               sizeof wanted)
            : NULL;
    return name && memcmp(name, wanted, sizeof wanted) == 0;
}

/* The function's address, or 0. */
static uint64_t find_function(const struct image *image)
{
    const Elf64_Ehdr *header = image->header;
    const Elf64_Shdr *sections = tenure_elf_array(
        &image->file, header->e_shoff, header->e_shnum, sizeof *sections);
    for (int i = 0; sections && i < header->e_shnum; i++) {
        const Elf64_Shdr *table = &sections[i];
        if ((table->sh_type != SHT_SYMTAB && table->sh_type != SHT_DYNSYM) ||
            table->sh_link >= header->e_shnum)
            continue;
        uint64_t count = table->sh_size / sizeof(Elf64_Sym);
        const Elf64_Sym *symbols = tenure_elf_array(
            &image->file, table->sh_offset, count, sizeof *symbols);
        for (uint64_t k = 0; symbols && k < count; k++)
            if (is_wanted(image, &sections[table->sh_link], &symbols[k]))
                return symbols[k].st_value;
    }
    return 0;
}

static int32_t word_at(const uint8_t *code)
{
    int32_t word;
    memcpy(&word, code, sizeof word);
    return word;
}

/* What stands before the address at different levels of optimisation. */
static uint64_t skip_x86_64(const uint8_t *code, uint64_t room)
{
    static const struct {
        uint8_t bytes[4];
        uint8_t count;
    } parts[] = {{{0xf3, 0x0f, 0x1e, 0xfa}, 4}, /* endbr64 */
                 {{0x55}, 1},                   /* push %rbp */
                 {{0x48, 0x89, 0xe5}, 3}};      /* mov %rsp,%rbp */
    uint64_t at = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (room - at >= parts[i].count &&
            memcmp(code + at, parts[i].bytes, parts[i].count) == 0)
            at += parts[i].count;
    return at;
}

/* Is that all it does? Unoptimised code may keep the address in a variable
 * first: mov %rax,x(%rbp); mov x(%rbp),%rax. */
static bool returns_x86_64(const uint8_t *code, uint64_t room)
{
    static const uint8_t store[] = {0x48, 0x89, 0x45},
                         load[] = {0x48, 0x8b, 0x45};
    uint64_t at = 0;
    if (room >= 8 && memcmp(code, store, 3) == 0 &&
        memcmp(code + 4, load, 3) == 0 && code[3] == code[7])
        at = 8;
    if (room - at >= 1 && (code[at] == 0x5d || code[at] == 0xc9))
        at++; /* pop %rbp, leave */
    if (room - at >= 1 && code[at] == 0xf3)
        at++; /* of rep ret */
    return room - at >= 1 && code[at] == 0xc3;
}

static uint64_t returned_x86_64(const uint8_t *code, uint64_t room,
                                uint64_t address)
{
    static const uint8_t lea[] = {0x48, 0x8d, 0x05}; /* x(%rip),%rax */
    uint64_t at = skip_x86_64(code, room);
    if (room - at >= 7 && memcmp(code + at, lea, sizeof lea) == 0 &&
        returns_x86_64(code + at + 7, room - at - 7))
        return address + at + 7 + (uint64_t)(int64_t)word_at(code + at + 3);
    if (room - at >= 5 && code[at] == 0xb8 && /* mov $x,%eax */
        returns_x86_64(code + at + 5, room - at - 5))
        return (uint32_t)word_at(code + at + 1);
    return 0;
}

static uint64_t returned_aarch64(const uint8_t *code, uint64_t room,
                                 uint64_t address)
{
    uint64_t at = 0;
    if (room >= 4 && (uint32_t)word_at(code) == 0xd503245f) /* bti c */
        at = 4;
    if (room - at < 12 || (uint32_t)word_at(code + at + 8) != 0xd65f03c0)
        return 0; /* ret */
    uint32_t adrp = (uint32_t)word_at(code + at);
    uint32_t add = (uint32_t)word_at(code + at + 4);
    if ((adrp & 0x9f00001f) != 0x90000000 || /* adrp x0, page */
        (add & 0xffc003ff) != 0x91000000)    /* add x0, x0, #offset */
        return 0;
    uint64_t pages = ((adrp >> 5 & 0x7ffff) << 2) | (adrp >> 29 & 3);
    if (pages & 0x100000)
        pages |= ~(uint64_t)0x1fffff;
    return ((address + at) & ~(uint64_t)0xfff) + (pages << 12) +
           (add >> 10 & 0xfff);
}

/* The text, or NULL if the function does something else. */
static const char *text_of(const struct image *image, uint64_t function)
{
    uint64_t room, address = 0;
    const uint8_t *code = at_address(image, function, &room);
    if (code && image->header->e_machine == EM_X86_64)
        address = returned_x86_64(code, room, function);
    else if (code && image->header->e_machine == EM_AARCH64)
        address = returned_aarch64(code, room, function);
    const uint8_t *text = address ? at_address(image, address, &room) : NULL;
    return text && memchr(text, 0, room) ? (const char *)text : NULL;
}

static enum tenure_program_rules add_rules(struct tenure_suppressions *list,
                                           const struct image *image,
                                           const char *path,
                                           struct tenure_why *why)
{
    const char *slash = strrchr(path, '/');
    size_t before = list->count;
    uint64_t function = find_function(image);
    if (!function)
        return TENURE_PROGRAM_HAS_NONE;
    const char *text = text_of(image, function);
    if (!text) {
        tenure_because(why, "%s computes its text; only a constant is read",
                       wanted);
        return TENURE_PROGRAM_RULES_UNREADABLE;
    }
    int result =
        tenure_suppressions_parse(list, slash ? slash + 1 : path, text, why);
    for (size_t i = before; i < list->count; i++)
        list->at[i].optional = true;
    return result == 0 ? TENURE_PROGRAM_RULES_ADDED
                       : TENURE_PROGRAM_RULES_UNREADABLE;
}

enum tenure_program_rules
tenure_suppressions_of_program(struct tenure_suppressions *list,
                               const char *path, struct tenure_why *why)
{
    enum tenure_program_rules result = TENURE_PROGRAM_HAS_NONE;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return result;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
        st.st_size >= (off_t)sizeof(Elf64_Ehdr)) {
        size_t bytes = (size_t)st.st_size;
        void *data = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
        struct image image = {{data, bytes}, data};
        if (data != MAP_FAILED) {
            if (memcmp(data, ELFMAG, SELFMAG) == 0 &&
                image.header->e_ident[EI_CLASS] == ELFCLASS64 &&
                image.header->e_ident[EI_DATA] == ELFDATA2LSB)
                result = add_rules(list, &image, path, why);
            munmap(data, bytes);
        }
    }
    close(fd);
    return result;
}
