/*
 * A small reader of ELF headers: class, machine, loader and the few dynamic
 * symbols that tell a sanitizer or an allocator inside the program.
 *
 * The file is mapped, and every offset in it is checked against its size
 * before it is followed, since the file may be anything that has an execute
 * bit. libdw would do this too, but `tenure run` must start in no time.
 */
#include "report/elf.h"

#include <elf.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/elf_image.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_DATA ELFDATA2LSB
#else
#define OWN_DATA ELFDATA2MSB
#endif

static void read_interpreter(const struct tenure_elf_image *in,
                             const Elf64_Ehdr *header, struct tenure_elf *elf)
{
    const Elf64_Phdr *at =
        tenure_elf_array(in, header->e_phoff, header->e_phnum, sizeof *at);
    for (int i = 0; at && i < header->e_phnum; i++) {
        if (at[i].p_type != PT_INTERP)
            continue;
        const char *path = tenure_elf_piece(in, at[i].p_offset, at[i].p_filesz);
        size_t bytes = at[i].p_filesz;
        if (path && bytes > 0 && bytes <= sizeof elf->interpreter &&
            path[bytes - 1] == 0)
            memcpy(elf->interpreter, path, bytes);
    }
}

static const char *sanitizer_of(const char *symbol)
{
    static const struct {
        const char *symbol, *name;
    } known[] = {
        {"__asan_init", "AddressSanitizer"},
        {"__hwasan_init", "HWAddressSanitizer"},
        {"__tsan_init", "ThreadSanitizer"},
        {"__msan_init", "MemorySanitizer"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(symbol, known[i].symbol) == 0)
            return known[i].name;
    return NULL;
}

/* A function that the program itself defines for everybody: the linker puts
 * it here because libc.so defines it too. */
static bool defines(const Elf64_Sym *symbol, const char *name,
                    const char *wanted)
{
    return symbol->st_shndx != SHN_UNDEF &&
           ELF64_ST_TYPE(symbol->st_info) == STT_FUNC &&
           strcmp(name, wanted) == 0;
}

static void read_symbols(const struct tenure_elf_image *in,
                         const Elf64_Shdr *symbols, const Elf64_Shdr *strings,
                         struct tenure_elf *elf)
{
    uint64_t count = symbols->sh_size / sizeof(Elf64_Sym);
    const Elf64_Sym *at =
        tenure_elf_array(in, symbols->sh_offset, count, sizeof *at);
    const char *names =
        tenure_elf_piece(in, strings->sh_offset, strings->sh_size);
    if (!at || !names || strings->sh_size == 0 ||
        names[strings->sh_size - 1] != 0)
        return;
    for (uint64_t i = 0; i < count; i++) {
        if (at[i].st_name >= strings->sh_size)
            continue;
        const char *name = names + at[i].st_name;
        if (name[0] == '_' && name[1] == '_' && !elf->sanitizer)
            elf->sanitizer = sanitizer_of(name);
        else if (name[0] == 'm' && defines(&at[i], name, "malloc"))
            elf->own_malloc = true;
    }
}

static void read_sections(const struct tenure_elf_image *in,
                          const Elf64_Ehdr *header, struct tenure_elf *elf)
{
    const Elf64_Shdr *at =
        tenure_elf_array(in, header->e_shoff, header->e_shnum, sizeof *at);
    for (int i = 0; at && i < header->e_shnum; i++)
        if (at[i].sh_type == SHT_DYNSYM && at[i].sh_link < header->e_shnum)
            read_symbols(in, &at[i], &at[at[i].sh_link], elf);
}

static int read_image(const struct tenure_elf_image *in, struct tenure_elf *elf)
{
    const unsigned char *ident = tenure_elf_piece(in, 0, sizeof(Elf32_Ehdr));
    if (!ident || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return -1;
    elf->class = ident[EI_CLASS];
    elf->data = ident[EI_DATA];
    /* At the same place in both classes; foreign byte order says enough. */
    memcpy(&elf->machine, ident + offsetof(Elf64_Ehdr, e_machine),
           sizeof elf->machine);
    if (elf->class != ELFCLASS64 || elf->data != OWN_DATA)
        return 0;
    const Elf64_Ehdr *header = tenure_elf_piece(in, 0, sizeof *header);
    if (!header)
        return -1;
    read_interpreter(in, header, elf);
    read_sections(in, header, elf);
    return 0;
}

int tenure_elf_read(int fd, struct tenure_elf *elf)
{
    struct stat st;
    memset(elf, 0, sizeof *elf);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return -1;
    struct tenure_elf_image in = {NULL, (uint64_t)st.st_size};
    void *data = mmap(NULL, in.bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (data == MAP_FAILED)
        return -1;
    in.data = data;
    int result = read_image(&in, elf);
    munmap(data, in.bytes);
    return result;
}

const char *tenure_elf_machine_name(uint16_t machine)
{
    static char other[24];
    switch (machine) {
    case EM_X86_64:
        return "x86_64";
    case EM_AARCH64:
        return "aarch64";
    case EM_386:
        return "i386";
    case EM_ARM:
        return "arm";
    case EM_RISCV:
        return "riscv";
    case EM_PPC64:
        return "ppc64";
    case EM_S390:
        return "s390";
    default:
        snprintf(other, sizeof other, "machine %u", machine);
        return other;
    }
}
