/*
 * The helper's loop in this very process: requests by the mailbox and by the
 * socket, with answers to the good ones and the bad ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/control.h"
#include "agent/counters.h"
#include "agent/format/address.h"
#include "agent/helper.h"
#include "agent/identity.h"
#include "agent/include/tenure.h"
#include "agent/limits.h"
#include "agent/snapshot.h"
#include "agent/track.h"
#include "tests/unit/scratch.h"

#define LONG_MS 60000u /* never reached but in a broken build */
#define RACERS 4

static int open_agent(void **state)
{
    static char options[128];
    char *environment[] = {options, NULL};
    struct tenure__track_setup setup = {
        .environment = environment, .allocator = "glibc", .granule_shift = 5};
    (void)state;
    if (scratch_make(state) != 0)
        return -1;
    snprintf(options, sizeof options, "TENURE_OPTIONS=dir=%s/out", scratch);
    tenure__track_open(&setup);
    /* Who is answered once knows that it listens. */
    return tenure__control_request(TENURE_TRIGGER_PROGRAM, 0, "", LONG_MS,
                                   LONG_MS) < 0;
}

static int close_agent(void **state)
{
    tenure__helper_stop(LONG_MS);
    return scratch_remove(state);
}

static int request(uint32_t kind, const char *label)
{
    return tenure__control_request(TENURE_TRIGGER_PROGRAM, kind, label, LONG_MS,
                                   LONG_MS);
}

static void snapshots_are_numbered_in_the_order_they_are_asked_for(void **state)
{
    (void)state;
    int first = request(0, "first");
    assert_true(first > 0);
    assert_int_equal(request(0, NULL), first + 1);
    assert_int_equal(request(0, ""), first + 2);
}

static void *ask_often(void *failed)
{
    int last = 0;
    for (int i = 0; i < 5; i++) {
        int seq = request(0, "");
        if (seq <= last)
            return failed;
        last = seq;
    }
    return NULL;
}

static void threads_that_ask_together_all_get_their_own(void **state)
{
    (void)state;
    pthread_t threads[RACERS];
    int before = request(0, "");
    for (int i = 0; i < RACERS; i++)
        pthread_create(&threads[i], NULL, ask_often, scratch);
    for (int i = 0; i < RACERS; i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    assert_int_equal(request(0, ""), before + RACERS * 5 + 1);
}

static void a_label_that_is_too_long_is_cut(void **state)
{
    (void)state;
    char label[2 * TENURE_LABEL_BYTES];
    memset(label, 'x', sizeof label);
    label[sizeof label - 1] = 0;
    assert_true(request(0, label) > 0);
}

/* ---- the socket -------------------------------------------------------- */

static int fd_for(uint32_t which,
                  int (*join)(int, const struct sockaddr *, socklen_t))
{
    struct sockaddr_un name;
    socklen_t bytes = tenure_format_address(&name, (uint32_t)getpid(), which);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (join(fd, (struct sockaddr *)&name, bytes) == 0)
        return fd;
    close(fd);
    return -1;
}

static int call_agent(void)
{
    int fd = fd_for(0, connect);
    assert_true(fd >= 0);
    return fd;
}

/* The answer to a line, without its newline; the next one goes over it. */
static const char *ask(const char *line)
{
    static char answer[8192];
    size_t used = 0;
    ssize_t got;
    int fd = call_agent();
    assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL),
                     (ssize_t)strlen(line));
    while ((got = read(fd, answer + used, sizeof answer - 1 - used)) > 0)
        used += (size_t)got;
    close(fd);
    assert_true(used > 0 && answer[used - 1] == '\n');
    answer[used - 1] = 0;
    return answer;
}

static void assert_starts(const char *text, const char *start)
{
    if (strncmp(text, start, strlen(start)) != 0)
        fail_msg("\"%s\" does not start with \"%s\"", text, start);
}

static void a_snapshot_is_answered_with_number_and_path(void **state)
{
    (void)state;
    const char *answer = ask("snap\n");
    assert_starts(answer, "ok seq=");
    const char *path = strstr(answer, " path=");
    assert_non_null(path);
    assert_starts(path + 6, tenure__identity.dir);
    assert_int_equal(access(path + 6, R_OK), 0);
}

static void a_mark_is_a_snapshot_with_a_label(void **state)
{
    (void)state;
    assert_starts(ask("mark after reload\n"), "ok seq=");
    assert_starts(ask("mark\n"), "ok seq=");
}

static void status_tells_state_and_numbers(void **state)
{
    (void)state;
    const char *answer = ask("status\n");
    assert_starts(answer, "ok state=tracking generation=");
    assert_non_null(strstr(answer, " live_blocks="));
    assert_non_null(strstr(answer, tenure__identity.dir));
}

static void stop_and_start_change_the_state(void **state)
{
    (void)state;
    assert_starts(ask("stop\n"), "ok state=dormant");
    assert_true(tenure__control_was_paused());
    assert_false(tenure__tracking & TENURE_TRACK_BIRTHS);
    assert_true(tenure__tracking & TENURE_TRACK_DEATHS);
    assert_starts(ask("start\n"), "ok state=tracking");
    assert_true(tenure__tracking & TENURE_TRACK_BIRTHS);
}

static void a_word_that_only_begins_like_one_is_no_request(void **state)
{
    (void)state;
    assert_starts(ask("snapshot\n"), "error this agent does not know");
    assert_starts(ask("\n"), "error this agent does not know");
    assert_starts(ask("stopper\n"), "error this agent does not know");
}

static void a_descriptor_that_was_promised_must_come(void **state)
{
    (void)state;
    assert_starts(ask("snap fd\n"), "error no descriptor came along");
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char line[TENURE_REQUEST_BYTES + 2];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = 0;
    assert_starts(ask(line), "error no request was read");
}

static void
a_caller_who_says_nothing_keeps_nobody_waiting_for_long(void **state)
{
    (void)state;
    char answer[64] = "";
    int silent = call_agent();
    assert_starts(ask("status\n"), "ok state=");
    assert_true(read(silent, answer, sizeof answer - 1) > 0);
    assert_starts(answer, "error no request was read");
    close(silent);
}

static void a_caller_who_hangs_up_does_no_harm(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        close(call_agent());
    assert_starts(ask("status\n"), "ok state=");
}

/* Passes a descriptor along with "snap fd". */
static const char *ask_with_descriptor(int passed)
{
    static char answer[256];
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    char line[] = "snap fd minor\n";
    struct iovec piece = {line, sizeof line - 1};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(part), &passed, sizeof passed);
    int fd = call_agent();
    assert_true(sendmsg(fd, &message, MSG_NOSIGNAL) > 0);
    memset(answer, 0, sizeof answer);
    assert_true(read(fd, answer, sizeof answer - 1) > 0);
    close(fd);
    return answer;
}

static void a_snapshot_goes_to_the_descriptor_that_came_along(void **state)
{
    (void)state;
    char name[128];
    snprintf(name, sizeof name, "%s/elsewhere", scratch);
    FILE *file = fopen(name, "w+");
    assert_non_null(file);
    assert_starts(ask_with_descriptor(fileno(file)), "ok seq=");
    assert_true(lseek(fileno(file), 0, SEEK_END) > 0);
    fclose(file);
    FILE *full = fopen("/dev/full", "w");
    assert_starts(ask_with_descriptor(fileno(full)),
                  "error the disk is full where the snapshot was to go");
    fclose(full);
}

/* Nobody reads from it: a write would wait for ever. */
static void a_pipe_is_refused(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_starts(ask_with_descriptor(ends[1]),
                  "error the descriptor that came along is not one of a file");
    close(ends[0]);
    close(ends[1]);
}

static void a_directory_that_is_lost_is_named_in_the_answer(void **state)
{
    (void)state;
    char moved[128];
    snprintf(moved, sizeof moved, "%s/moved", scratch);
    assert_int_equal(rename(tenure__identity.dir, moved), 0);
    assert_int_equal(symlink(moved, tenure__identity.dir), 0);
    const char *answer = ask("mark\n");
    assert_starts(answer, "error ");
    assert_non_null(strstr(answer, tenure__identity.dir));
    assert_non_null(strstr(answer, "tenure snap -o FILE"));
    assert_int_equal(unlink(tenure__identity.dir), 0);
    assert_starts(ask("mark\n"), "ok seq=");
}

static void a_request_without_a_helper_starts_one(void **state)
{
    (void)state;
    tenure__helper_stop(LONG_MS);
    assert_int_equal(tenure__helper_tid(), 0);
    assert_true(request(0, "") > 0);
    assert_int_not_equal(tenure__helper_tid(), 0);
    assert_starts(ask("status\n"), "ok state=");
}

static void one_who_cannot_wait_is_not_kept(void **state)
{
    (void)state;
    int seq =
        tenure__control_request(TENURE_TRIGGER_PROGRAM, 0, "", LONG_MS, 0);
    assert_true(seq < 0);
    assert_true(request(0, "") > 0);
}

/* As where there are as many containers with this number and one network. */
static void an_agent_without_a_name_counts_that_and_tries_again(void **state)
{
    int taken[TENURE_ADDRESSES], fd;
    (void)state;
    tenure__helper_stop(LONG_MS);
    for (uint32_t i = 0; i < TENURE_ADDRESSES; i++)
        assert_true((taken[i] = fd_for(i, bind)) >= 0);
    uint64_t before = tenure__counter[TENURE_VALUE_FAILED_LISTENS];
    assert_true(request(0, "") > 0);
    assert_true(tenure__counter[TENURE_VALUE_FAILED_LISTENS] > before);
    close(taken[5]);
    while ((fd = fd_for(5, connect)) < 0)
        usleep(10000);
    close(fd);
    for (uint32_t i = 0; i < TENURE_ADDRESSES; i++)
        if (i != 5)
            close(taken[i]);
    tenure__helper_stop(LONG_MS); /* the next has the first name again */
    assert_true(request(0, "") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            snapshots_are_numbered_in_the_order_they_are_asked_for),
        cmocka_unit_test(threads_that_ask_together_all_get_their_own),
        cmocka_unit_test(a_label_that_is_too_long_is_cut),
        cmocka_unit_test(a_snapshot_is_answered_with_number_and_path),
        cmocka_unit_test(a_mark_is_a_snapshot_with_a_label),
        cmocka_unit_test(status_tells_state_and_numbers),
        cmocka_unit_test(stop_and_start_change_the_state),
        cmocka_unit_test(a_word_that_only_begins_like_one_is_no_request),
        cmocka_unit_test(a_descriptor_that_was_promised_must_come),
        cmocka_unit_test(a_line_that_is_too_long_is_refused),
        cmocka_unit_test(
            a_caller_who_says_nothing_keeps_nobody_waiting_for_long),
        cmocka_unit_test(a_caller_who_hangs_up_does_no_harm),
        cmocka_unit_test(a_snapshot_goes_to_the_descriptor_that_came_along),
        cmocka_unit_test(a_pipe_is_refused),
        cmocka_unit_test(a_directory_that_is_lost_is_named_in_the_answer),
        cmocka_unit_test(a_request_without_a_helper_starts_one),
        cmocka_unit_test(an_agent_without_a_name_counts_that_and_tries_again),
        cmocka_unit_test(one_who_cannot_wait_is_not_kept),
    };
    return cmocka_run_group_tests(tests, open_agent, close_agent);
}
