/*
 * The first process of the machine that tests/aarch64/system.sh starts.
 *
 * Mounts what programs expect, runs /tests.sh, says on the console what
 * became of it, and turns the machine off.
 */
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

static void mount_at(const char *type, const char *place)
{
    mkdir(place, 0755);
    if (mount(type, place, type, 0, NULL) != 0)
        perror(place);
}

static void write_to(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        perror(path);
    close(fd);
}

static void raise_loopback(void)
{
    struct ifreq request = {.ifr_flags = IFF_UP};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    strcpy(request.ifr_name, "lo");
    if (ioctl(fd, SIOCSIFFLAGS, &request) != 0)
        perror("lo");
    close(fd);
}

static int run_tests(void)
{
    char *const words[] = {"sh", "/tests.sh", NULL};
    char *const environment[] = {"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "HOME=/",
                                 "LC_ALL=C", NULL};
    int status = -1;
    pid_t child = fork();
    if (child == 0) {
        setsid();
        execve("/bin/sh", words, environment);
        perror("/bin/sh");
        _exit(127);
    }
    for (pid_t ended = 0; ended != child && ended >= 0;) {
        int its = 0;
        ended = wait(&its); /* orphans end here as well */
        if (ended == child)
            status = its;
    }
    return status;
}

int main(void)
{
    mount_at("proc", "/proc");
    mount_at("sysfs", "/sys");
    mount_at("devtmpfs", "/dev");
    mkdir("/dev/shm", 01777);
    mount_at("tmpfs", "/dev/shm");
    mkdir("/tmp", 01777);
    /* One situation has a block of 8 GB, of which it uses little. */
    write_to("/proc/sys/vm/overcommit_memory", "1");
    raise_loopback();
    int status = run_tests();
    printf("init: the tests ended with status %d\n",
           WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    fflush(stdout);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
