/* What /proc tells about a process: ours, a child, one that is gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include "report/peer.h"

static struct tenure_peer peer;
static struct tenure_why why;

static void a_process_id_is_a_number_of_a_living_process(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",  "x",           "12x",    "-3",
                                        "0", "99999999999", "4194305"};
    char own[16];
    snprintf(own, sizeof own, "%d", getpid());
    assert_int_equal(tenure_peer_named(own, &peer, &why), 0);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(tenure_peer_named(wrong[i], &peer, &why), -1);
        assert_non_null(strstr(why.text, "tenure ps"));
    }
}

static void we_see_ourselves(void **state)
{
    (void)state;
    char exe[256], real[256];
    assert_int_equal(tenure_peer_read(getpid(), &peer), 0);
    assert_int_equal(peer.pid, getpid());
    assert_int_equal(peer.inner_pid, getpid());
    assert_int_equal(peer.parent, getppid());
    assert_int_equal(peer.uids[1], geteuid());
    assert_string_equal(peer.name, "test_peer");
    assert_true(tenure_peer_is_ours(&peer));
    assert_int_equal(tenure_peer_carries(&peer), TENURE_CARRIES_NOT);
    tenure_peer_exe(&peer, exe, sizeof exe);
    real[readlink("/proc/self/exe", real, sizeof real - 1)] = 0;
    assert_string_equal(exe, real);
}

static void a_zombie_is_no_process(void **state)
{
    (void)state;
    siginfo_t info;
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_int_equal(tenure_peer_read(pid, &peer), -1);
    waitpid(pid, NULL, 0);
}

/* Maps a file of the agent's name, as the loader would. */
static void pretend_to_carry(const char *dir)
{
    char path[64];
    snprintf(path, sizeof path, "%s/libtenure.so", dir);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (ftruncate(fd, 4096) != 0 ||
        mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        _exit(1);
    close(fd);
}

static void *go_on(void *with)
{
    pause();
    return with;
}

static void a_process_goes_on_without_its_first_thread(void **state)
{
    (void)state;
    char exe[256] = "", number[16];
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t thread;
        pthread_create(&thread, NULL, go_on, NULL);
        pthread_exit(NULL);
    }
    snprintf(number, sizeof number, "%d", pid);
    do {
        usleep(1000);
        assert_int_equal(tenure_peer_named(number, &peer, &why), 0);
    } while (peer.thread == pid);
    assert_int_equal(peer.pid, pid);
    assert_true(peer.state != 'Z');
    tenure_peer_exe(&peer, exe, sizeof exe);
    assert_non_null(strstr(exe, "test_peer"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void tracked_descendants_are_found_below_their_parents(void **state)
{
    (void)state;
    char dir[] = "/tmp/tenure_peer_XXXXXX", list[64], expected[16], command[64];
    int ready[2];
    assert_non_null(mkdtemp(dir));
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(tenure_peer_descendants(getpid(), list, sizeof list), 0);
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            pretend_to_carry(dir);
            grandchild = getpid();
            write(ready[1], &grandchild, sizeof grandchild);
            pause();
        }
        pause();
    }
    pid_t grandchild;
    assert_int_equal(read(ready[0], &grandchild, sizeof grandchild),
                     sizeof grandchild);
    assert_int_equal(tenure_peer_descendants(getpid(), list, sizeof list), 1);
    snprintf(expected, sizeof expected, "%d", grandchild);
    assert_string_equal(list, expected);
    assert_int_equal(tenure_peer_read(grandchild, &peer), 0);
    assert_int_equal(tenure_peer_carries(&peer), TENURE_CARRIES);
    kill(grandchild, SIGKILL);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    assert_int_equal(system(command), 0);
}

static void a_file_in_the_same_root_keeps_its_name(void **state)
{
    (void)state;
    char path[64];
    assert_int_equal(tenure_peer_read(getpid(), &peer), 0);
    tenure_peer_file(&peer, "/etc/passwd", path, sizeof path);
    assert_string_equal(path, "/etc/passwd");
    tenure_peer_file(&peer, "/no/such", path, sizeof path);
    assert_string_equal(path, "/no/such");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_process_id_is_a_number_of_a_living_process),
        cmocka_unit_test(we_see_ourselves),
        cmocka_unit_test(a_zombie_is_no_process),
        cmocka_unit_test(a_process_goes_on_without_its_first_thread),
        cmocka_unit_test(tracked_descendants_are_found_below_their_parents),
        cmocka_unit_test(a_file_in_the_same_root_keeps_its_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
