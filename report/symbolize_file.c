/*
 * The files of an image: which one is the right one.
 *
 * A path and a build-id come in, the file that has this build-id goes out,
 * wherever it is. libdwfl finds separate debug files by build-id and debug
 * link and unpacks .gnu_debugdata.
 */
#include "report/symbolize_file.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/symbolize_lookup.h"

bool tenure_debug_file(const char *build_id, char *path, size_t bytes)
{
    if (strlen(build_id) < 3)
        return false;
    snprintf(path, bytes, "/usr/lib/debug/.build-id/%.2s/%s.debug", build_id,
             build_id + 2);
    return access(path, R_OK) == 0;
}

/* The build-id of an open file as text; "" if it has none. */
static void build_id_of(int fd, char *text, size_t bytes)
{
    const uint8_t *id = NULL;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    ssize_t count = elf ? dwelf_elf_gnu_build_id(elf, (void *)&id) : 0;
    text[0] = 0;
    for (ssize_t i = 0; i < count && (size_t)(2 * i + 3) <= bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
    elf_end(elf);
}

/* Without a build-id, a file that is younger than the process is another. */
static bool is_the_one(int fd, const char *build_id, uint64_t started_unix_ns)
{
    char found[129];
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return false;
    if (*build_id) {
        build_id_of(fd, found, sizeof found);
        return strcmp(found, build_id) == 0;
    }
    return (uint64_t)st.st_mtim.tv_sec <= started_unix_ns / 1000000000;
}

/* Opens `path` if it is the right file; *exists says whether there is one. */
static int open_if_right(const char *path, const char *build_id,
                         uint64_t started_unix_ns, bool *exists)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    *exists = fd >= 0;
    if (fd < 0 || is_the_one(fd, build_id, started_unix_ns))
        return fd;
    close(fd);
    return -1;
}

/*
 * The file to read names from, or -1 with the problem. After a deployment
 * the old process still runs the old file: the kernel has it under
 * /proc/PID/exe, and a container's files under /proc/PID/root.
 */
static int open_file(const struct tenure_image *image,
                     const struct tenure_process *process, char *path,
                     size_t bytes, const char **problem)
{
    const char *build_id = image->build_id;
    bool exists, ignored;
    if (image->path[0] != '/') { /* [vdso] */
        *problem = "not a file";
        return -1;
    }
    snprintf(path, bytes, "%s", image->path);
    int fd = open_if_right(path, build_id, process->started_unix_ns, &exists);
    *problem = exists ? "changed on disk" : "not found on disk";
    if (fd < 0 && *build_id) {
        snprintf(path, bytes, "/proc/%u/exe", process->pid);
        fd = open_if_right(path, build_id, 0, &ignored);
    }
    if (fd < 0 && *build_id) {
        snprintf(path, bytes, "/proc/%u/root%s", process->pid, image->path);
        fd = open_if_right(path, build_id, 0, &ignored);
    }
    if (fd < 0 && tenure_debug_file(build_id, path, bytes))
        fd = open_if_right(path, build_id, 0, &ignored);
    return fd;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* Takes `fd` over. */
static bool open_elf(struct tenure_elf_file *file, const char *path, int fd)
{
    file->dwfl = dwfl_begin(&callbacks);
    if (!file->dwfl) {
        close(fd);
        return false;
    }
    dwfl_report_begin(file->dwfl);
    file->module = dwfl_report_elf(file->dwfl, path, path, fd, 0, true);
    dwfl_report_end(file->dwfl, NULL, NULL);
    if (!file->module) {
        close(fd);
        return false;
    }
    GElf_Addr bias = 0;
    dwfl_module_getelf(file->module, &bias);
    file->bias = bias;
    return true;
}

bool tenure_elf_file_open(struct tenure_elf_file *file,
                          const struct tenure_image *image,
                          const struct tenure_process *process,
                          const char **problem)
{
    char path[4096];
    *file = (struct tenure_elf_file){0};
    elf_version(EV_CURRENT);
    int fd = open_file(image, process, path, sizeof path, problem);
    if (fd < 0)
        return false;
    *problem = NULL;
    if (open_elf(file, path, fd))
        return true;
    *problem = "not a readable ELF file";
    tenure_elf_file_close(file);
    return false;
}

void tenure_elf_file_close(struct tenure_elf_file *file)
{
    if (file->dwfl)
        dwfl_end(file->dwfl);
    *file = (struct tenure_elf_file){0};
}
