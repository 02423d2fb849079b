/*
 * Every limit of the agent, and what happens when it is reached. In no case
 * does the service notice: less is tracked, a counter says so, and the
 * snapshot carries the counter.
 */
#ifndef TENURE_AGENT_LIMITS_H
#define TENURE_AGENT_LIMITS_H

/* Threads alive at once. Beyond: their blocks are not tracked
 * (dropped_no_thread). */
#define TENURE_THREADS_MAX 32768u

/* Frames of a stack. Beyond `depth`: the outer frames are cut
 * (truncated_stacks). */
#define TENURE_DEPTH_DEFAULT 64u
#define TENURE_DEPTH_LIMIT 512u

/* User addresses: 47 bits on x86_64, 48 on aarch64; a block above is not
 * tracked (dropped_no_table). */
#define TENURE_ADDRESS_BITS 48u

/* Nodes of the call tree. Beyond: a stack is counted at the deepest node that
 * is there (stackless_blocks, dropped_no_site). */
#define TENURE_NODES_MAX (1u << 24)

/* Blocks alive at once that the program has named no loss. Beyond: they are
 * reported (failed_notes). */
#define TENURE_IGNORED_MAX (1u << 20)

/* Regions that the program has named roots. Beyond: what only they hold looks
 * lost (failed_notes). */
#define TENURE_REGIONS_MAX 4096u

/* Blocks alive at once that realloc has resized, or of 16 MiB and more.
 * Beyond: growth of a block is not told apart from its birth
 * (unrecorded_growth), and a huge block is not tracked
 * (dropped_no_record). */
#define TENURE_RECORDS_MAX (1u << 22)

/* Sampled blocks alive at once, at a mean distance of 64 KiB and more; less
 * where the distance is longer (a quarter of it is used by 64 GiB of heap).
 * Beyond: not tracked (dropped_no_table). A power of two. */
#define TENURE_SAMPLES_MAX (1u << 22)

/* Mappings (mmap) alive at once. Beyond: not tracked
 * (untracked_mappings). */
#define TENURE_MAPPINGS_MAX 16384u

/* ELF objects loaded in the life of the process, and mapped at one time.
 * Beyond: the frames of a new one are named by no module. */
#define TENURE_MODULES_MAX 65536u
#define TENURE_MODULES_LIVE_MAX 4096u

/* Objects in the loader's list, and segments of one. Beyond: the list is read
 * again at the next refresh; the rest of the segments are not known. */
#define TENURE_LOADER_OBJECTS_MAX 16384
#define TENURE_LOADER_SEGMENTS_MAX 64

/* Slots of functions that are not bound yet, of modules that were loaded
 * later. Beyond: all of a module are looked for again at each refresh. */
#define TENURE_UNBOUND_SLOTS_MAX 4096u

/* Modules outside of the program's namespace that are remembered, and looked
 * at in each. Beyond: they are read at each refresh; not looked at. */
#define TENURE_ELSEWHERE_MAX 256u

/* Modules with unseen blocks, and what their paths take. Beyond: counted,
 * without a name. */
#define TENURE_UNSEEN_PATHS_MAX 64u
#define TENURE_UNSEEN_TEXT_BYTES 16384u

/* Writable segments of one ELF object. Beyond: taken as one, with what lies
 * between them. */
#define TENURE_MODULE_WRITABLE_MAX 4u

/* Wait of a thread that refreshes the modules for another that does. Beyond:
 * left to the next refresh; a dlclose() forgets the unwind rules anyway. */
#define TENURE_MODULES_WAIT_MS 1000u

/* Generations that are told apart in a slot. A block older than this many
 * snapshots is counted in the oldest generation kept
 * (floor_generation in the snapshot). */
#define TENURE_GENERATIONS_KEPT 8192u

/* Rows of first words that may be vtables, in one major snapshot. Beyond:
 * the rest of the blocks has no type. A power of two. */
#define TENURE_TYPE_ROWS_MAX (1u << 18)

/* ---- the mark phase ---------------------------------------------------- */

/* Threads that are stopped. Beyond: a thread goes on (unstopped_threads). */
#define TENURE_STOP_THREADS_MAX 32768u

/* Threads are let go after this long, whatever the body is doing, and those
 * that do not stop within the other (disk waits, vfork) stay unstopped. More
 * for a machine that is emulated and takes its time. */
#ifndef TENURE_STOP_WATCHDOG_MS
#define TENURE_STOP_WATCHDOG_MS 200u
#define TENURE_STOP_WAIT_MS 50u
#endif

/* Threads whose waits are remembered. Beyond: their timeouts start anew. */
#define TENURE_WAITS_MAX 4096u

/* Calls of a thread whose first arguments are remembered, for kernels that do
 * not show them (aarch64). Beyond: such a call may say EINTR. */
#define TENURE_WAIT_PLACES_MAX 4u

/* Ranges of memory that may point to blocks. Beyond: the mark fails (-E2BIG),
 * since what only the rest points to would look lost. */
#define TENURE_ROOTS_MAX (1u << 18)

/* Pointers that the kernel holds (epoll and its like). Beyond: left out. */
#define TENURE_KERNEL_WORDS_MAX (1u << 20)

/* Mappings that a fork may leave out (MADV_DONTFORK). Beyond: not looked
 * for. */
#define TENURE_UNFORKED_MAX 65536u

/* A walker that takes longer is ended (failed mark). */
#define TENURE_WALK_MS 120000u

/* Rows of what the mark has found. Beyond: it fails. */
#define TENURE_MARK_ROWS_MAX (1u << 20)

/* Ranges that are no roots: dead stacks, chunks, the agent's. Beyond: the
 * mark fails (-E2BIG). */
#define TENURE_ROOTS_RANGES_MAX (1u << 20)

/* Blocks of 256 KiB and more. Beyond: the mark fails (-E2BIG). */
#define TENURE_MARK_BIG_MAX (1u << 20)

/* Blocks that can be marked. Beyond: the mark fails (-E2BIG). */
#define TENURE_MARK_BLOCKS_MAX (UINT32_MAX - 16)

/* Shared mappings of files that count. Beyond: what they hold is not looked
 * at. */
#define TENURE_SHARED_FILE_MAX (1ull << 30)

/* Memory without access that counts all the same: a mapping, and all. Beyond:
 * taken to be a reservation. */
#define TENURE_HIDDEN_MAX (1ull << 30)
#define TENURE_HIDDEN_BYTES_MAX (16ull << 30)

/* Mappings whose untouched pages are known to hold zeros. Beyond: large blocks
 * there are read whole. */
#define TENURE_SPARSE_RANGES_MAX (1u << 17)

/* Time to look for odd pointers in the heap. Beyond: the rest of the heap is
 * not looked at, and a block that only an odd pointer there holds counts as
 * unreached. */
#define TENURE_MARK_ODD_MS 1000u

/* Blocks, and pointers between them, for which retained sizes are found; how
 * many of these may lead to a block that another leads to as well, which is
 * what takes time; that time; and the share of the memory to spare that it may
 * take. Beyond: none are known (unweighed_blocks). */
#define TENURE_RETAINED_BLOCKS_MAX (1u << 24)
#define TENURE_RETAINED_EDGES_MAX (1u << 26)
#define TENURE_RETAINED_JOINS_MAX (1u << 23)
#define TENURE_RETAINED_MS 3000u
#define TENURE_RETAINED_HEADROOM 4u /* a fourth */

/* Rows of retained sizes. Beyond: the sites numbered last have none. */
#define TENURE_RETAINED_ROWS_MAX (1u << 20)

/* ---- time -------------------------------------------------------------- */

/* How often an exiting process is marked again when a thread did not stop.
 * Beyond: the mark counts without that thread, and loses nothing. */
#define TENURE_EXIT_MARKS 3u

/* Wait of an exiting process for a snapshot that the helper is writing.
 * Beyond: the exit snapshot is left out (failed_snapshots). */
#define TENURE_EXIT_WAIT_MS 10000u

/* Time that marks still have when the process exits. Beyond: the mark going
 * on is ended, and its snapshot and that of the exit have no marks, and say
 * so. */
#define TENURE_EXIT_MARK_MS 7000u

/* Wait of a thread that changed its user or its namespaces for the helper to
 * follow. Beyond: the helper follows when its snapshot is written. Waits for
 * a call that would fail or kill beside a helper (a new user namespace, a
 * filter for all threads) are as long as those at exit. */
#define TENURE_FOLLOW_WAIT_MS 1000u

/* Shortest period of `every`. A shorter one is taken as this. */
#define TENURE_PERIOD_MIN_MS 10u

/* Where the agent cannot listen, it tries again after this time, then after
 * twice that, and so on up to the maximum (failed_listens). */
#define TENURE_LISTEN_AGAIN_NS 1000000000ull
#define TENURE_LISTEN_AGAIN_MAX_NS 60000000000ull

/* A request line on the control socket. Longer: refused. */
#define TENURE_REQUEST_BYTES 512u

/* Mean distance of samples. Longer: not understood (bad_options). */
#define TENURE_SAMPLE_MAX (1ull << 40)

/* Names of options that were not understood. Beyond: counted only. */
#define TENURE_BAD_TEXT_BYTES 256u

#define TENURE_PATH_BYTES 4096u
#define TENURE_LABEL_BYTES 128u

#endif
