# Compares the diff of samples/exact.c with what the program did, and prints
# one line for each number that is wrong. $leak, $entries, $birth and $growth
# are the lines of its four allocations.

def is($what; $wanted):
    if . == $wanted then empty
    else "\($what) is \(tojson), not \($wanted | tojson)" end;

# The one site whose stack has a frame at this place.
def site($function; $line):
    [.sites[] | select(any(.stack[]; .function == $function
                           and .line == $line
                           and (.file | endswith("exact.c"))))]
    | if length == 1 then .[0]
      else error("\(length) sites at \($function):\($line), not 1") end;

def columns: [.new, .deleted, .delta, .alloc_bytes, .freed_bytes,
              .grown_bytes, .size_delta];

(site("leak_thousand"; $leak)
 | (columns | is("leak_thousand: the seven columns";
                 [1000, 0, 1000, 100000, 0, 0, 100000])),
   (.live_blocks | is("leak_thousand: live_blocks"; [0, 1000])),
   (.live_bytes | is("leak_thousand: live_bytes"; [0, 100000]))),
(site("entries_fill"; $entries)
 | (columns | is("entries_fill: the seven columns";
                 [0, 400, -400, 0, 25600, 0, -25600])),
   (.live_blocks | is("entries_fill: live_blocks"; [600, 200])),
   (.live_bytes | is("entries_fill: live_bytes"; [38400, 12800]))),
(site("trail_begin"; $birth)
 | (columns | is("trail_begin: the seven columns";
                 [0, 0, 0, 0, 0, 45904, 45904])),
   ([.cohorts[].live_blocks] | is("trail_begin: cohorts"; [[1, 1]])),
   ([.cohorts[].live_bytes] | is("trail_begin: cohorts";
                                 [[4096, 50000]])),
   ([.cohorts[].generation] | is("trail_begin: generation"; [1])),
   (any(.grown_by[]; .function == "trail_extend" and .line == $growth)
    | is("trail_begin: grown by trail_extend"; true))),
(.sites[] | select(.alloc_bytes - .freed_bytes + .grown_bytes != .size_delta)
 | "site \(.id): alloc - freed + grown is not size_delta"),
(([.sites[].new] | add) as $new | .totals.new | is("totals.new"; $new)),
(([.sites[].size_delta] | add) as $sum
 | .totals.size_delta | is("totals.size_delta"; $sum))
