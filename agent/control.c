/*
 * The helper thread's loop, and how the service's own threads reach it.
 *
 * A thread of the service leaves its wish in the mailbox and wakes the
 * helper; others come over the socket.
 */
#include "agent/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/bindings.h"
#include "agent/counters.h"
#include "agent/failures.h"
#include "agent/generations.h"
#include "agent/helper.h"
#include "agent/identity.h"
#include "agent/mailbox.h"
#include "agent/os.h"
#include "agent/release.h"
#include "agent/snapshot.h"
#include "agent/socket.h"
#include "agent/text.h"
#include "agent/track.h"

static const struct tenure__config *config;

static struct tenure__mailbox mailbox;

static uint32_t bytes_due;
static uint32_t exiting;
static bool releases; /* what the last snapshot found to be of no use */
static bool paused;   /* births were not recorded for a while */

void tenure__control_open(const struct tenure__config *from)
{
    config = from;
    paused = from->dormant;
}

void tenure__control_after_fork(void)
{
    memset(&mailbox, 0, sizeof mailbox);
    bytes_due = 0;
    exiting = 0;
}

void tenure__control_exit_begins(void)
{
    __atomic_store_n(&exiting, 1, __ATOMIC_RELEASE);
}

void tenure__control_set_tracking(bool on)
{
    uint32_t all = TENURE_TRACK_BIRTHS | TENURE_TRACK_DEATHS;
    if (tenure__sampling_on())
        all |= TENURE_TRACK_SAMPLED;
    if (!on) {
        paused = true;
        all = TENURE_TRACK_BIRTHS | TENURE_TRACK_SAMPLED;
    }
    tenure__tracking_set(on ? tenure__tracking | all : tenure__tracking & ~all);
}

bool tenure__control_was_paused(void)
{
    return paused;
}

void tenure__control_bytes_due(void)
{
    __atomic_store_n(&bytes_due, 1, __ATOMIC_RELEASE);
    tenure__helper_wake();
}

/* What lies below here, and in this thread's registers, is the agent's. */
static __attribute__((noinline)) int
ask_and_wait(const struct tenure__wish *wish, uint32_t turn_ms,
             uint32_t timeout_ms)
{
    uint64_t before = tenure__local.waiting_sp;
    tenure__local.waiting_sp = (uint64_t)__builtin_frame_address(0);
    int result = tenure__mailbox_ask(&mailbox, wish, tenure__helper_wake,
                                     turn_ms, timeout_ms);
    tenure__local.waiting_sp = before;
    return result;
}

int tenure__control_request(enum tenure_trigger trigger, uint32_t kind,
                            const char *label, uint32_t turn_ms,
                            uint32_t timeout_ms)
{
    struct tenure__wish wish = {.trigger = trigger, .kind = kind};
    struct tenure__text text;
    int result = tenure__helper_start();
    if (result != 0)
        return result;
    tenure__text_start(&text, wish.label, sizeof wish.label);
    tenure__text_add(&text, label != NULL ? label : "");
    __builtin_unwind_init(); /* what callers keep in registers is here */
    result = ask_and_wait(&wish, turn_ms, timeout_ms);
    __asm__ volatile("" : "+r"(result) : : "memory"); /* a frame of its own */
    return result;
}

/* ---- in the helper ----------------------------------------------------- */

static int take(enum tenure_trigger trigger, const char *label,
                struct tenure__snapshot *snapshot)
{
    struct tenure__text text;
    snapshot->trigger = trigger;
    if (snapshot->kind == 0)
        snapshot->kind = config->major ? TENURE_MAJOR : TENURE_MINOR;
    tenure__text_start(&text, snapshot->label, sizeof snapshot->label);
    tenure__text_add(&text, label);
    tenure__snapshot_take(snapshot);
    snapshot->kind = 0;
    snapshot->objects = false;
    releases = trigger != TENURE_TRIGGER_EXIT;
    return snapshot->seq;
}

static void serve_mailbox(struct tenure__snapshot *snapshot)
{
    struct tenure__wish wish;
    if (!tenure__mailbox_take(&mailbox, &wish))
        return;
    snapshot->fd = -1;
    snapshot->kind = wish.kind;
    tenure__mailbox_answer(&mailbox, &wish,
                           take(wish.trigger, wish.label, snapshot));
}

/* What went wrong, where, and what to do; a caller's own file is his to
 * name. */
static void say_error(struct tenure__text *answer,
                      const struct tenure__snapshot *snapshot)
{
    static const struct {
        int error;
        const char *text;
    } known[] = {{-ENOSPC, "the disk is full"},
                 {-EDQUOT, "the disk quota is used up"},
                 {-EACCES, "no permission to write"},
                 {-EROFS, "the file system is read-only"},
                 {-ENOENT, "the directory is gone"},
                 {-ENOTDIR, "this is not a directory"},
                 {-ELOOP, "the directory is a symbolic link"},
                 {-ENOMEM, "not enough memory for the snapshot"},
                 {-EMFILE, "no free descriptor"},
                 {-EFBIG, "the limit on the size of files is reached"},
                 {-EPERM, "not permitted, maybe by a seccomp filter"}};
    int error = snapshot->seq;
    size_t i = 0, count = sizeof known / sizeof known[0];
    while (i < count && known[i].error != error)
        i++;
    tenure__text_add(answer, "error ");
    tenure__text_add(answer, i < count ? known[i].text : "errno ");
    if (i == count)
        tenure__text_number(answer, (uint64_t)-error, 1);
    if (snapshot->fd >= 0) {
        tenure__text_add(answer, " where the snapshot was to go");
        return;
    }
    tenure__text_add(answer, ": ");
    tenure__text_add(answer, tenure__identity.dir);
    tenure__text_add(answer,
                     "; put that right, or write elsewhere with "
                     "tenure snap -o FILE");
}

static void answer_snapshot(struct tenure__text *answer,
                            const struct tenure__snapshot *snapshot)
{
    if (snapshot->seq < 0) {
        say_error(answer, snapshot);
        return;
    }
    tenure__text_add(answer, "ok seq=");
    tenure__text_number(answer, (uint64_t)snapshot->seq, 1);
    tenure__text_add(answer, " path=");
    tenure__text_add(answer, snapshot->path);
}

static void add_field(struct tenure__text *answer, const char *name,
                      uint64_t value)
{
    tenure__text_add(answer, name);
    tenure__text_number(answer, value, 1);
}

static void answer_status(struct tenure__text *answer)
{
    const struct tenure__last *last = tenure__snapshot_last();
    uint64_t age =
        tenure__os_monotonic_ns() - tenure__identity.started_monotonic_ns;
    bool on = tenure__tracking & TENURE_TRACK_BIRTHS;
    tenure__text_add(answer, "ok state=");
    tenure__text_add(answer, on ? "tracking" : "dormant");
    add_field(answer, " generation=", tenure__generation());
    add_field(answer, " age_s=", age / 1000000000u);
    add_field(answer, " live_blocks=", last->live_blocks);
    add_field(answer, " live_bytes=", last->live_bytes);
    add_field(answer, " tenured_bytes=", last->tenured_bytes);
    add_field(answer, " snapshots=", tenure__identity.seq);
    add_field(answer, " failed=", tenure__failures_count());
    add_field(answer, " errno=", (uint64_t)tenure__failures_error());
    add_field(answer, " unseen_modules=", tenure__bindings_unseen());
    tenure__text_add(answer, " path=");
    tenure__text_add(answer, tenure__identity.dir);
}

static bool starts_with(const char *line, const char *word)
{
    size_t length = strlen(word);
    return strncmp(line, word, length) == 0 &&
           (line[length] == 0 || line[length] == ' ');
}

/* A word of its own in the line. */
static bool has_word(const char *line, const char *word)
{
    for (const char *at = line; (at = strchr(at, ' ')) != NULL; at++)
        if (starts_with(at + 1, word))
            return true;
    return false;
}

/* A write to a pipe or a socket may never end. */
static bool is_file(int fd)
{
    struct stat st;
    return tenure__syscall2(SYS_fstat, fd, &st) == 0 && !S_ISFIFO(st.st_mode) &&
           !S_ISSOCK(st.st_mode);
}

static void do_request(const char *line, int passed,
                       struct tenure__text *answer,
                       struct tenure__snapshot *snapshot)
{
    if (starts_with(line, "snap")) {
        snapshot->fd = has_word(line, "fd") ? passed : -1;
        if (has_word(line, "fd") && passed < 0) {
            tenure__text_add(answer, "error no descriptor came along");
            return;
        }
        if (snapshot->fd >= 0 && !is_file(snapshot->fd)) {
            tenure__text_add(answer,
                             "error the descriptor that came along "
                             "is not one of a file");
            return;
        }
        snapshot->kind = has_word(line, "major")   ? TENURE_MAJOR
                         : has_word(line, "minor") ? TENURE_MINOR
                                                   : 0;
        snapshot->objects = has_word(line, "objects");
        take(TENURE_TRIGGER_REQUEST, "", snapshot);
        answer_snapshot(answer, snapshot);
    } else if (starts_with(line, "mark")) {
        snapshot->fd = -1;
        take(TENURE_TRIGGER_MARK, line[4] == ' ' ? line + 5 : "", snapshot);
        answer_snapshot(answer, snapshot);
    } else if (starts_with(line, "status")) {
        answer_status(answer);
    } else if (starts_with(line, "start") || starts_with(line, "stop")) {
        tenure__control_set_tracking(starts_with(line, "start"));
        answer_status(answer);
    } else {
        tenure__text_add(answer, "error this agent does not know the request");
    }
}

static void serve_caller(int listening, struct tenure__snapshot *snapshot)
{
    char line[TENURE_REQUEST_BYTES];
    char reply[TENURE_PATH_BYTES + 1024];
    struct tenure__text answer;
    int passed;
    int connection =
        tenure__socket_accept(listening, line, sizeof line, &passed);
    if (connection < 0)
        return;
    tenure__text_start(&answer, reply, sizeof reply - 1);
    do_request(line, passed, &answer, snapshot);
    answer.room++; /* the newline always fits */
    tenure__text_add(&answer, "\n");
    if (passed >= 0)
        tenure__syscall1(SYS_close, passed);
    tenure__socket_answer(connection, reply);
}

/* How often the helper looks, in exact mode, whether much has died. */
#define LOOK_NS 5000000000u

static bool is_exact(void)
{
    return !tenure__sampling_on() &&
           (!config->dormant || tenure__tracking & TENURE_TRACK_BIRTHS);
}

static uint64_t next_look(uint64_t next_ns)
{
    uint64_t look = tenure__os_monotonic_ns() + LOOK_NS;
    return is_exact() && (next_ns == 0 || next_ns > look) ? look : next_ns;
}

/* Nobody waits for this: it comes after every answer. */
static void release(void)
{
    struct tenure__thread_counts counts;
    struct tenure__unwind_counts unwind;
    if (releases) {
        tenure__release();
    } else if (is_exact()) {
        tenure__threads_sum(&counts, &unwind);
        tenure__release_now_and_then(counts.freed_bytes);
    }
    releases = false;
}

/* How often the helper looks for work where nobody may wake it. */
#define WATCH_NS 20000000u

/* Sleeps until something is to be done; true if the socket is readable. */
static bool wait_for_work(int listening, uint64_t next_ns)
{
    uint64_t now = tenure__os_monotonic_ns();
    if (tenure__helper_watching() && (next_ns == 0 || next_ns > now + WATCH_NS))
        next_ns = now + WATCH_NS;
    uint64_t left = next_ns > now ? next_ns - now : 0;
    struct {
        int64_t sec, nsec;
    } limit = {(int64_t)(left / 1000000000), (int64_t)(left % 1000000000)};
    struct pollfd wait[2] = {{.fd = tenure__helper_wake_fd(), .events = POLLIN},
                             {.fd = listening, .events = POLLIN}};
    long error = tenure__syscall5(SYS_ppoll, wait, 2,
                                  next_ns != 0 ? &limit : NULL, NULL, 8);
    if (error < 0 && error != -EINTR) {
        /* RLIMIT_NOFILE may forbid even two: then look now and then. */
        limit.sec = 0;
        limit.nsec = WATCH_NS;
        tenure__syscall2(SYS_nanosleep, &limit, NULL);
    }
    tenure__helper_wake_read();
    return error > 0 && (wait[1].revents & POLLIN) != 0;
}

struct listening {
    int fd; /* -1: not yet */
    uint64_t delay_ns, next_ns;
};

/* Listens, or tries again later: a name or a descriptor may come free. */
static void try_to_listen(struct listening *listening)
{
    uint64_t now = tenure__os_monotonic_ns();
    if (listening->fd >= 0 || now < listening->next_ns)
        return;
    listening->fd = tenure__socket_listen(tenure__identity.pid);
    if (listening->fd >= 0)
        return;
    tenure__count(TENURE_VALUE_FAILED_LISTENS);
    listening->fd = -1;
    listening->next_ns = now + listening->delay_ns;
    if (listening->delay_ns < TENURE_LISTEN_AGAIN_MAX_NS)
        listening->delay_ns *= 2;
}

/* When to wake for the next period or try; 0 = for neither. */
static uint64_t earlier(uint64_t next_period, const struct listening *listening)
{
    uint64_t again = listening->fd < 0 ? listening->next_ns : 0;
    if (next_period == 0 || (again != 0 && again < next_period))
        return again != UINT64_MAX ? again : 0;
    return next_period;
}

void tenure__control_run(void)
{
    static struct tenure__snapshot snapshot; /* only the helper's */
    uint64_t period = config->every_ns;
    uint64_t next = period ? tenure__identity.started_monotonic_ns + period : 0;
    struct listening listening = {-1, TENURE_LISTEN_AGAIN_NS, 0};
    if (tenure__helper_shares_files())
        listening.next_ns = UINT64_MAX; /* never */
    try_to_listen(&listening);
    serve_mailbox(&snapshot);
    while (!tenure__helper_should_stop()) {
        bool caller =
            wait_for_work(listening.fd, earlier(next_look(next), &listening));
        try_to_listen(&listening);
        uint64_t now = tenure__os_monotonic_ns();
        snapshot.fd = -1;
        serve_mailbox(&snapshot);
        bool exits = __atomic_load_n(&exiting, __ATOMIC_ACQUIRE);
        if (__atomic_exchange_n(&bytes_due, 0, __ATOMIC_ACQ_REL) != 0 && !exits)
            take(TENURE_TRIGGER_BYTES, "", &snapshot);
        if (caller)
            serve_caller(listening.fd, &snapshot);
        if (period != 0 && now >= next && exits)
            next = now + period;
        if (period != 0 && now >= next) {
            snapshot.fd = -1;
            take(TENURE_TRIGGER_PERIOD, "", &snapshot);
            if ((now - next) / period > 0)
                tenure__count(TENURE_VALUE_LATE_SNAPSHOTS);
            next += ((now - next) / period + 1) * period;
        }
        release();
    }
    if (listening.fd >= 0)
        tenure__syscall1(SYS_close, listening.fd);
}
