/*
 * The snapshot file, as the agent writes it and the reporter reads it.
 *
 * This and objects.h beside it are all that agent/ and report/ share. All
 * numbers are little-endian and naturally aligned; every section starts on a
 * multiple of 8 and is an array of fixed-size records, so a reader may map
 * the file and use it in place after tenure_format_check() has said 0.
 *
 *   +0    struct tenure_header                      64 bytes
 *   +64   struct tenure_section[section_count]      32 bytes each
 *   ...   the sections' records, each padded with zeros to 8 bytes
 *   end   exactly header.file_bytes
 *
 * Example: a file with one PROCESS record begins
 *   89 54 45 4e 55 52 45 0a   "\x89TENURE\n"
 *   01 00 00 00 04 03 02 01   version 1, byte order mark
 *   ...
 * The checksum is XXH64 (seed 0) of the whole file with the header's
 * checksum field taken as zero: any single flipped bit is found.
 *
 * Compatibility: a reader refuses a higher `version`; sections and value keys
 * that it does not know are skipped, so both may be added within a version.
 * Version 2 has unaligned EDGES with their places (TENURE_OBJECTS_PLACED), and
 * says in RETAINERS where in a block the pointer that holds it points; files
 * of version 1 are read as well. A string is an offset into STRINGS,
 * zero-terminated; offset 0 is "".
 */
#ifndef TENURE_FORMAT_H
#define TENURE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define TENURE_FORMAT_MAGIC "\x89TENURE\n"
#define TENURE_FORMAT_VERSION 2u
#define TENURE_FORMAT_BYTE_ORDER 0x01020304u
#define TENURE_NONE UINT32_MAX /* no module, no string, no site */

struct tenure_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    uint64_t file_bytes;
    uint64_t checksum;
    uint32_t section_count;
    uint32_t reserved[7];
};

struct tenure_section {
    uint32_t type; /* enum tenure_section_type */
    uint32_t record_bytes;
    uint64_t offset; /* from the start of the file, a multiple of 8 */
    uint64_t count;  /* records */
    uint64_t bytes;  /* count * record_bytes, without padding */
};

/* X(name, number, record type) */
#define TENURE_SECTIONS(X)                                                     \
    X(PROCESS, 1, struct tenure_process)                                       \
    X(VALUES, 2, struct tenure_value)                                          \
    X(STRINGS, 3, char)                                                        \
    X(MODULES, 4, struct tenure_module)                                        \
    X(NODES, 5, struct tenure_node)                                            \
    X(ROWS, 6, struct tenure_row)                                              \
    X(GROWTH, 7, struct tenure_growth)                                         \
    X(MAPPINGS, 8, struct tenure_row)                                          \
    X(THREADS, 9, struct tenure_thread)                                        \
    X(LATE, 10, struct tenure_late)                                            \
    X(MARKS, 11, struct tenure_mark)                                           \
    X(RETAINERS, 12, struct tenure_retainer)                                   \
    X(OBJECTS, 13, uint8_t) /* a head, a stream: objects.h */                  \
    X(EDGES, 14, uint8_t)   /* a stream */                                     \
    X(SPREAD, 15, struct tenure_spread)                                        \
    X(TYPES, 16, struct tenure_type)                                           \
    X(RETAINED, 17, struct tenure_retained)                                    \
    X(CONTAINERS, 18, struct tenure_container)                                 \
    X(UNSEEN_MODULES, 19, struct tenure_unseen_module)                         \
    X(LOSSES, 20, struct tenure_loss)

enum tenure_section_type {
#define X(name, number, type) TENURE_SECTION_##name = number,
    TENURE_SECTIONS(X)
#undef X
};

enum tenure_snapshot_kind { TENURE_MINOR = 1, TENURE_MAJOR = 2 };

/* Why a snapshot was taken. */
#define TENURE_TRIGGERS(X)                                                     \
    X(REQUEST, 1, "request")                                                   \
    X(PERIOD, 2, "period")                                                     \
    X(BYTES, 3, "bytes")                                                       \
    X(PROGRAM, 4, "program")                                                   \
    X(MARK, 5, "mark")                                                         \
    X(EXIT, 6, "exit")                                                         \
    X(FATAL, 7, "fatal")

enum tenure_trigger {
#define X(name, number, text) TENURE_TRIGGER_##name = number,
    TENURE_TRIGGERS(X)
#undef X
};

/* Exactly one: whose memory, when, and how it was looked at. */
struct tenure_process {
    uint8_t run_id[16];        /* random; new after fork and exec */
    uint8_t parent_run_id[16]; /* zero unless forked from a tracked one */
    uint64_t started_unix_ns;  /* when tracking began in this process */
    uint64_t time_unix_ns;     /* when the generation was closed */
    uint64_t age_ns;           /* monotonic, from started to this snapshot */
    uint64_t sample_bytes;     /* mean bytes between samples; 0 = exact */
    uint32_t pid;              /* as the process itself sees it */
    uint32_t parent_pid;
    uint32_t seq;        /* 1, 2, ... within this process */
    uint32_t generation; /* the one this snapshot closes; the first is 1 */
    /* Blocks born in or before this generation came with fork(). */
    uint32_t inherited_generation;
    /* Older generations are merged into this one; 0 = none are. */
    uint32_t floor_generation;
    uint32_t kind;    /* enum tenure_snapshot_kind */
    uint32_t trigger; /* enum tenure_trigger */
    uint32_t machine; /* ELF e_machine of the target */
    uint32_t page_bytes;
    uint32_t depth_max; /* frames kept of a stack */
    uint32_t flags;     /* TENURE_PROCESS_... */
    uint32_t exe;       /* string: path */
    uint32_t host;      /* string */
    uint32_t command;   /* string: arguments joined by spaces */
    uint32_t label;     /* string: of tenure mark, or "" */
    uint32_t allocator; /* string: glibc, jemalloc, tcmalloc, mimalloc ... */
    uint32_t options;   /* string: TENURE_OPTIONS, newline, what of it is bad */
    /* string: ptrace, signal, none; minor: "", or why there is no mark */
    uint32_t stop_method;
    uint32_t tool; /* string: the agent's version */
};
#define TENURE_PROCESS_DORMANT                                                 \
    1u                               /* tracking started late: older blocks    \
                                        have an unknown birth */
#define TENURE_PROCESS_DIRTY_MARK 2u /* major, but some thread did not stop */

/* One number with a name; keys below. A missing key reads as 0. */
struct tenure_value {
    uint32_t key; /* enum tenure_value_key */
    uint32_t reserved;
    uint64_t value;
};

/*
 * X(name, key, "json_name", kind): kind TOTAL numbers describe the process,
 * QUALITY numbers count what the agent could not do; `show` prints every
 * QUALITY number that is not zero, DROPPED ones make a verdict inconclusive.
 */
#define TENURE_VALUES(X)                                                       \
    X(LIVE_BLOCKS, 1, "live_blocks", TOTAL)                                    \
    X(LIVE_BYTES, 2, "live_bytes", TOTAL)                                      \
    X(ALLOCATED_BLOCKS, 3, "allocated_blocks", TOTAL)                          \
    X(ALLOCATED_BYTES, 4, "allocated_bytes", TOTAL)                            \
    X(FREED_BLOCKS, 5, "freed_blocks", TOTAL)                                  \
    X(FREED_BYTES, 6, "freed_bytes", TOTAL)                                    \
    X(RSS_BYTES, 7, "rss_bytes", TOTAL)                                        \
    X(AGENT_BYTES, 8, "agent_bytes", TOTAL)                                    \
    X(PAUSE_US, 9, "pause_us", TOTAL)                                          \
    X(ALLOCATOR_BYTES, 10, "allocator_bytes", TOTAL) /* obtained from OS */    \
    X(ALLOCATOR_USED_BYTES, 11, "allocator_used_bytes", TOTAL)                 \
    X(MAPPED_BYTES, 12, "mapped_bytes", TOTAL) /* by mmap in the target */     \
    X(STACK_BYTES, 13, "stack_bytes", TOTAL)   /* the main thread's */         \
    X(LIMIT_BYTES, 14, "limit_bytes", TOTAL)   /* cgroup, else machine */      \
    X(THREADS, 15, "threads", TOTAL)                                           \
    X(SITES, 16, "sites", TOTAL)                                               \
    X(LOST_BLOCKS, 17, "lost_blocks", TOTAL)                                   \
    X(LOST_BYTES, 18, "lost_bytes", TOTAL)                                     \
    X(MAPPED_BLOCKS, 19, "mapped_blocks", TOTAL)                               \
    X(WRITE_US, 20, "write_us", TOTAL) /* fold and write, nobody stopped */    \
    X(FILE_RSS_BYTES, 21, "file_rss_bytes", TOTAL) /* code and files */        \
    X(UNSEEN_BLOCKS, 22, "unseen_blocks", TOTAL)   /* born before tracking */  \
    X(CAPTURES, 23, "captures", TOTAL)                                         \
    X(VERIFIED, 24, "verified_captures", TOTAL)                                \
    X(FILE_EXEC, 25, "exec_count", TOTAL)                                      \
    X(FAILED_ERROR, 26, "failed_snapshot_errno", TOTAL) /* the latest */       \
    X(MARK_US, 27, "mark_us", TOTAL) /* all that is reachable is known */      \
    X(TRUNCATED_STACKS, 100, "truncated_stacks", QUALITY)                      \
    X(UNTRACKED_FREES, 101, "untracked_frees", QUALITY)                        \
    X(MISSED_FREES, 102, "missed_frees", QUALITY)                              \
    X(MISMATCHED_STACKS, 103, "mismatched_stacks", QUALITY)                    \
    X(NESTED_ALLOCATIONS, 104, "nested_allocations", QUALITY)                  \
    X(EARLY_ALLOCATIONS, 105, "early_allocations", QUALITY)                    \
    X(STACKLESS_BLOCKS, 106, "stackless_blocks", QUALITY)                      \
    X(FAILED_SNAPSHOTS, 107, "failed_snapshots", QUALITY) /* the family's */   \
    X(BAD_OPTIONS, 108, "bad_options", QUALITY)                                \
    X(LATE_SNAPSHOTS, 109, "late_snapshots", QUALITY)                          \
    X(UNTRACKED_MAPPINGS, 110, "untracked_mappings", QUALITY)                  \
    X(UNRECORDED_GROWTH, 111, "unrecorded_growth", QUALITY)                    \
    X(UNSTOPPED_THREADS, 112, "unstopped_threads", QUALITY)                    \
    X(UNWEIGHED_BLOCKS, 113, "unweighed_blocks", QUALITY)                      \
    X(FAILED_OBJECTS, 114, "failed_objects", QUALITY)                          \
    X(FAILED_LISTENS, 115, "failed_listens", QUALITY)                          \
    X(FAILED_NOTES, 116, "failed_notes", QUALITY)                              \
    X(UNSEEN_MODULES, 117, "unseen_modules", QUALITY)                          \
    X(DROPPED_NO_TABLE, 200, "dropped_no_table", DROPPED)                      \
    X(DROPPED_NO_THREAD, 201, "dropped_no_thread", DROPPED)                    \
    X(DROPPED_NO_SITE, 202, "dropped_no_site", DROPPED)                        \
    X(DROPPED_NO_RECORD, 203, "dropped_no_record", DROPPED)

enum tenure_value_key {
#define X(name, key, text, kind) TENURE_VALUE_##name = key,
    TENURE_VALUES(X)
#undef X
};

/* A mapped ELF object, or one that was mapped while a live stack was made. */
struct tenure_module {
    uint64_t start, end;   /* run-time addresses, end exclusive */
    uint64_t bias;         /* ELF virtual address = address - bias */
    uint32_t path;         /* string */
    uint32_t build_id;     /* string: hexadecimal, "" if it has none */
    uint32_t load_epoch;   /* when it came, counted in load events */
    uint32_t unload_epoch; /* when it went; 0 = still there */
};

/* A module some of whose blocks were not seen, since it calls another malloc
 * than the agent's. There may be more of them than are named here
 * (unseen_modules). */
struct tenure_unseen_module {
    uint32_t path; /* string */
    uint32_t reserved;
};

enum tenure_node_kind {
    TENURE_NODE_THREAD = 1, /* outermost: `pc` is the string of its name */
    TENURE_NODE_FRAME = 2,  /* `pc` is a return address: look up pc - 1 */
    TENURE_NODE_EXACT = 3,  /* `pc` is where a signal interrupted: pc */
};

/* A node of the call tree. A site is the id of its innermost frame. Only the
 * nodes that a row needs are in the file; sorted by id, a parent's id is
 * smaller than its children's. Ids keep their meaning between the snapshots
 * of one run_id. */
struct tenure_node {
    uint32_t id;     /* from 1 */
    uint32_t parent; /* 0 = none: this is a thread node */
    uint64_t pc;
    uint32_t module; /* index into MODULES, or TENURE_NONE */
    uint32_t kind;   /* enum tenure_node_kind */
};

/* The live blocks of one site that were born in one generation: a cohort.
 * Sorted by (site, generation); no two rows have the same pair.
 *
 *   process.generation G    closed, then the blocks are looked at one by one
 *   rows of generation <= G what is left of closed cohorts
 *   rows of generation G+1  born since G was closed and alive when it was
 *                           their turn: with them the rows of a site say how
 *                           much it holds, however fast it replaces it; the
 *                           next snapshot closes their cohort
 */
struct tenure_row {
    uint32_t site;
    uint32_t generation;
    uint64_t blocks;
    uint64_t bytes; /* as requested, as of now (realloc included) */
};

/* In a sampled run ROWS are estimates: each sampled block stands for
 * 1 / (1 - exp(-birth bytes / sample_bytes)) blocks. This is how far they may
 * be off: the variance of each row, same keys as in ROWS. Variances of
 * independent rows add up; the standard error is the root of the sum. */
struct tenure_spread {
    uint32_t site;
    uint32_t generation;
    double blocks_variance;
    double bytes_variance; /* bytes squared */
};

/* A live block that realloc has resized, by its birth. `record` names the
 * block among all snapshots of this run; sorted by it. */
struct tenure_growth {
    uint64_t record;
    uint32_t site;       /* of birth */
    uint32_t generation; /* of birth */
    uint64_t birth_bytes;
    uint64_t bytes;
    uint32_t grown_site; /* the call stack that last made it larger */
    uint32_t resizes;    /* saturating */
};

struct tenure_thread {
    uint32_t tid;
    uint32_t name; /* string */
    uint64_t allocated_blocks;
    uint64_t allocated_bytes;
};

/* Blocks of a site that died after surviving two or more generation ends;
 * cumulative since tracking began. Sorted by site. */
struct tenure_late {
    uint32_t site;
    uint32_t reserved;
    uint64_t blocks;
    uint64_t bytes;
};

/* What a major snapshot found for one row: same key as in ROWS. */
struct tenure_mark {
    uint32_t site;
    uint32_t generation;
    uint64_t unreached_blocks, unreached_bytes; /* in this snapshot */
    uint64_t lost_blocks, lost_bytes;           /* in this and the one before */
    uint64_t indirect_blocks, indirect_bytes;   /* as in LOSSES */
    uint64_t possible_blocks, possible_bytes;   /* interior pointers only */
    uint64_t retained_bytes; /* its direct blocks and what is below them */
};

/* How the lost blocks of a site hang together; sorted by site. In the first
 * mark of a process, when none can be called lost, the unreached ones.
 *
 *   direct    nothing points to it; or to its group, blocks that point to
 *             each other in a cycle, of which one is direct. Valgrind's word
 *             is "definitely lost".
 *   indirect  all others: only lost blocks point to them
 *   below     what hangs below the direct blocks of this site, of whatever
 *             site it is; each indirect block is below one direct block
 *
 * Over all sites, below = indirect. Numbers are estimates in a sampled run,
 * as in ROWS and in MARKS; the variances are those of direct + indirect. */
struct tenure_loss {
    uint32_t site;
    uint32_t leader; /* itself if any is direct, else the site whose direct
                        blocks most of its bytes are below */
    uint64_t direct_blocks, direct_bytes;
    uint64_t indirect_blocks, indirect_bytes;
    uint64_t below_blocks, below_bytes;
    double blocks_variance;
    double bytes_variance; /* bytes squared */
};

/* One step of a way from a root to the blocks of a site. The ways of a site
 * follow one another, the one that holds most first; each begins with its
 * root, step 0. A root that is global may be several words, each a record:
 * they are told apart by `what`, and their shares make up that of the way.
 * Of a stack, module and offset are those of the code whose frame the pointer
 * is in, if that is known. Of thread-local storage, offset is how far from
 * the thread pointer a variable is; 0 = it is in the thread's descriptor, as
 * the values of pthread keys are. Where several threads have such a root of
 * their own, `what` is 0 and `address` is how many they are. */
struct tenure_retainer {
    uint32_t site;
    uint32_t step;    /* 0 = root */
    uint32_t kind;    /* enum tenure_retainer_kind; 0 = unknown root */
    uint32_t module;  /* of a global, or of a frame; of a block: at which byte
                         of it the pointer that holds it points, TENURE_NONE =
                         unknown, as in version 1 */
    uint32_t what;    /* site of the block in between or of a mapping (0 =
                         unknown), tid of a stack, number of a global's
                         word from 0 */
    uint32_t share;   /* of the site's newest cohort, in 1/10000 */
    uint64_t address; /* of the pointer: global, stack slot, block start */
    uint64_t offset;  /* of the pointer within the block or the module */
};

enum tenure_retainer_kind {
    TENURE_RETAINER_GLOBAL = 1,
    TENURE_RETAINER_STACK,
    TENURE_RETAINER_REGISTER,
    TENURE_RETAINER_TLS,
    TENURE_RETAINER_MAPPING,
    TENURE_RETAINER_KERNEL,
    TENURE_RETAINER_USER,
    TENURE_RETAINER_BLOCK,
    TENURE_RETAINER_LOADER,
    TENURE_RETAINER_TABLE,  /* one block, by several of its words */
    TENURE_RETAINER_BLOCKS, /* several blocks of one site */
    TENURE_RETAINER_CHAIN,  /* the same, one on another; `address`: the first */
};

static inline int tenure_retainer_is_block(uint32_t kind)
{
    return kind == TENURE_RETAINER_BLOCK || kind == TENURE_RETAINER_TABLE ||
           kind == TENURE_RETAINER_BLOCKS || kind == TENURE_RETAINER_CHAIN;
}

/* Is `what` a site? */
static inline int tenure_retainer_has_site(const struct tenure_retainer *at)
{
    return tenure_retainer_is_block(at->kind) ||
           (at->kind == TENURE_RETAINER_MAPPING && at->what != 0);
}

/* What nine tenths and more of a site's newest cohort hang on, if it is one
 * block, or words of one module's data from the first to the last of them.
 * `filled` are those of its words that point to what it holds directly on
 * the way to the site: its blocks, or those that each hold some. */
struct tenure_container {
    uint32_t site;
    uint32_t kind;       /* TENURE_RETAINER_BLOCK or _GLOBAL */
    uint32_t what;       /* site of the block */
    uint32_t module;     /* of the global */
    uint32_t generation; /* birth of the block */
    uint32_t flags;      /* TENURE_CONTAINER_... */
    uint32_t share;      /* of the newest cohort, in 1/10000 */
    uint32_t reserved;
    uint64_t words, filled;
    uint64_t blocks; /* of the site, born up to now and reached */
};
#define TENURE_CONTAINER_RESIZED 1u /* by realloc */

/* Live blocks of one row, same key as in ROWS, whose first word is `vtable`:
 * an address in a module, of which the symbols say whether it is one. Major
 * snapshots only; in a sampled run the samples themselves are counted, not
 * what they stand for. Sorted by (site, generation, vtable). */
struct tenure_type {
    uint32_t site;
    uint32_t generation;
    uint64_t vtable;
    uint32_t module; /* index into MODULES, or TENURE_NONE */
    uint32_t reserved;
    uint64_t blocks;
    uint64_t bytes;
};

/* What would go with the reached blocks of a site: they, and what every way
 * from a root leads to through one of them. Major snapshots of exact runs,
 * unless unweighed_blocks says otherwise. Sorted by site. */
struct tenure_retained {
    uint32_t site;
    uint32_t reserved;
    uint64_t bytes;
};

_Static_assert(sizeof(struct tenure_header) == 64, "drawn above");
_Static_assert(sizeof(struct tenure_section) == 32, "drawn above");
_Static_assert(sizeof(struct tenure_process) == 144, "on disk");
_Static_assert(sizeof(struct tenure_value) == 16, "on disk");
_Static_assert(sizeof(struct tenure_module) == 40, "on disk");
_Static_assert(sizeof(struct tenure_unseen_module) == 8, "on disk");
_Static_assert(sizeof(struct tenure_node) == 24, "on disk");
_Static_assert(sizeof(struct tenure_row) == 24, "on disk");
_Static_assert(sizeof(struct tenure_growth) == 40, "on disk");
_Static_assert(sizeof(struct tenure_spread) == 24, "on disk");
_Static_assert(sizeof(struct tenure_thread) == 24, "on disk");
_Static_assert(sizeof(struct tenure_late) == 24, "on disk");
_Static_assert(sizeof(struct tenure_mark) == 80, "on disk");
_Static_assert(sizeof(struct tenure_loss) == 72, "on disk");
_Static_assert(sizeof(struct tenure_retainer) == 40, "on disk");
_Static_assert(sizeof(struct tenure_type) == 40, "on disk");
_Static_assert(sizeof(struct tenure_retained) == 16, "on disk");
_Static_assert(sizeof(struct tenure_container) == 56, "on disk");

/* What may be wrong with a file; X(NAME, number, "text"). */
#define TENURE_FORMAT_ERRORS(X)                                                \
    X(SHORT, -1, "is too short to be a snapshot")                              \
    X(FOREIGN, -2, "is not a tenure snapshot")                                 \
    X(NEWER, -3, "was written by a newer tenure; update this one to read it")  \
    X(TRUNCATED, -4, "is truncated; copy it again from where it was written")  \
    X(CHECKSUM, -5, "is damaged (checksum); copy it again")                    \
    X(LAYOUT, -6, "is damaged (section layout)")                               \
    X(CONTENT, -7, "is damaged (a record points outside its table)")           \
    X(ENDIAN, -8, "comes from a machine of the other byte order")

enum tenure_format_error {
#define X(name, number, text) TENURE_FORMAT_##name = number,
    TENURE_FORMAT_ERRORS(X)
#undef X
};

/* XXH64 in pieces (Y. Collet, xxHash, doc/xxhash_spec.md, seed 0). */
struct tenure_checksum {
    uint64_t lane[4];
    uint64_t total_bytes;
    uint8_t tail[32];
    uint32_t tail_bytes;
};
void tenure_checksum_start(struct tenure_checksum *state);
void tenure_checksum_add(struct tenure_checksum *state, const void *data,
                         size_t bytes);
uint64_t tenure_checksum_end(const struct tenure_checksum *state);

/*
 * Says whether `bytes` at `data` (aligned to 8) are a whole, undamaged
 * snapshot: 0 or one of the errors above. After 0, every section lies inside,
 * every index and string in it is valid, and arrays are sorted as promised.
 * Reads only; thread-safe; allocates nothing.
 */
int tenure_format_check(const void *data, size_t bytes);

/* The section of a checked file, or NULL with *count = 0. */
const void *tenure_format_section(const void *data, uint32_t type,
                                  uint64_t *count);

const char *tenure_format_error_text(int error);

#endif
