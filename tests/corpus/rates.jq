# One line for one report: kind when name seed, whether a site through an
# expected function is suspect, unbounded or worse, whether one is flagged
# (for a benign service: whether anything is), how many flagged sites are
# right, and how many there are.

def failing: . == "lost" or . == "grown" or . == "leak";

def through($function):
    any(.stack[].function // "";
        test("(^|[^A-Za-z0-9_])" + $function + "($|[^A-Za-z0-9_])"));

def bit: if . then 1 else 0 end;

[$expected | split("\n")[] | select(test(" leak| grown| lost|[|]leak"))
 | split(" ")[2]] as $guilty
| (.sites + (.mappings // [])) as $sites
| [$sites[] | select(.class | failing)] as $flagged
| [$sites[] | select(. as $site
                     | any($guilty[]; . as $f | $site | through($f)))]
  as $mine
| [$kind, $when, $name, $seed,
   (any($mine[]; .class | failing or . == "suspect" or . == "unbounded")
    | bit),
   (if $kind == "benign" then $flagged != []
    else any($mine[]; .class | failing) end | bit),
   ([$mine[] | select(.class | failing)] | length),
   ($flagged | length)]
| map(tostring) | join(" ")
