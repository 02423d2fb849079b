/*
 * An agent without a program around it: listens on the control address of its
 * own PID and answers as it is told. For tests of the commands that talk to
 * one, above all of what they do when it misbehaves.
 *
 *     fake_agent MODE DIRECTORY
 *
 * MODE is `good`, or `half` (writes half a snapshot and says ok), `nothing`
 * (writes none and says ok), `full` (fails as on a full disk), `dies` (writes
 * half of it and ends), `mute` (never answers), `failing`
 * (answers that it cannot write). A file libtenure.so in
 * DIRECTORY is mapped, so that the process looks as if it carried the agent.
 * Requests are appended to DIRECTORY/requests.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "snapshot_writer.h"

static const char *mode, *directory;

static int has_mode(const char *name)
{
    return strcmp(mode, name) == 0;
}

static void *make_snapshot(size_t *bytes)
{
    struct writer *w = writer_new();
    uint32_t thread = writer_thread(w, "fake");
    uint32_t exe = writer_module(w, "/bin/fake", "abcd", 0x1000, 0x9000);
    uint32_t site = writer_stack(w, thread, exe, (uint64_t[]){0x1234, 0});
    writer_row(w, site, 1, 10, 1000);
    void *image = writer_image(w, bytes);
    writer_free(w);
    return image;
}

static void look_like_a_carrier(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/libtenure.so", directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ftruncate(fd, 4096) != 0 ||
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        exit(1);
    close(fd);
}

static int listen_on_own_address(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length = snprintf(address.sun_path + 1, sizeof address.sun_path - 1,
                          "tenure/%d", getpid());
    size_t bytes = offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, (socklen_t)bytes) != 0 ||
        listen(fd, 4) != 0)
        exit(1);
    return fd;
}

/* The request in `line`; the descriptor that came with it, or -1. */
static int receive(int fd, char *line, size_t bytes)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec data = {line, bytes - 1};
    struct msghdr message = {.msg_iov = &data,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    line[got > 0 ? got : 0] = 0;
    int file = -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (header && header->cmsg_type == SCM_RIGHTS)
        memcpy(&file, CMSG_DATA(header), sizeof file);
    return file;
}

static void note(const char *line)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/requests", directory);
    FILE *file = fopen(path, "ae");
    fputs(line, file);
    fclose(file);
}

static void write_snapshot(int file)
{
    size_t bytes;
    void *image = make_snapshot(&bytes);
    if (has_mode("half") || has_mode("dies"))
        bytes /= 2;
    if (!has_mode("nothing") && write(file, image, bytes) < 0)
        exit(1);
    free(image);
}

static void answer(int fd, const char *line, int file)
{
    if (has_mode("mute"))
        pause();
    if (file >= 0)
        write_snapshot(file);
    if (has_mode("dies"))
        _exit(0);
    if (has_mode("full"))
        dprintf(fd, "error the disk is full\n");
    else if (strcmp(line, "status\n") == 0)
        dprintf(fd,
                "ok state=tracking generation=3 age_s=3725 live_blocks=10 "
                "live_bytes=1536 tenured_bytes=512 snapshots=2 %spath=%s\n",
                has_mode("failing") ? "failed=7 errno=13 unseen_modules=2 "
                                    : "",
                directory);
    else if (strncmp(line, "st", 2) == 0)
        dprintf(fd, "ok\n");
    else
        dprintf(fd, "ok seq=1 path=%s/fake.1.0001.tenure\n", directory);
}

int main(int argc, char **argv)
{
    char line[600];
    if (argc != 3)
        return 2;
    mode = argv[1];
    directory = argv[2];
    look_like_a_carrier();
    int listener = listen_on_own_address();
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        int file = receive(fd, line, sizeof line);
        if (line[0])
            note(line);
        answer(fd, line, file);
        if (file >= 0)
            close(file);
        close(fd);
    }
}
