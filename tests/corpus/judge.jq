# Compares a JSON report with what a service's source expects of it, and
# prints one line for each disagreement. Nothing printed: they agree.
#
# Input: the report. $expected: lines "when classes function"; $when picks
# some of them: its own, else those of 12 snapshots, else those without a
# when. An expectation that names a failing class wants at least one site
# through the function to have one of its classes; any other wants all sites
# through the function to. No failing class may be anywhere else.

def failing: . == "lost" or . == "grown" or . == "leak";

def through($function):
    any(.stack[].function // "";
        test("(^|[^A-Za-z0-9_])" + $function + "($|[^A-Za-z0-9_])"));

def describe:
    "\(.class) (\(.confidence // 0)): "
    + ([.stack[:6][].function // "?"] | join(" < "))
    + "\n        live \(.live_blocks | map(tostring) | join(" "))"
    + "\n        \(.evidence // "")";

. as $report
| [$expected | split("\n")[] | select(length > 0) | split(" ")
 | {when: .[0], classes: (.[1] | split("|")), function: .[2]}
 | .leaks = any(.classes[]; failing)]
| group_by(.when) | INDEX(.[0].when)
| (.[$when] // (if $when == "8" then null else .["12"] end) // .always // [])
  as $wanted
| ($report.sites + ($report.mappings // [])) as $sites
| ($wanted[] | . as $want
   | [$sites[] | select(through($want.function))] as $mine
   | if $mine == [] then
         "no site through \($want.function)"
     elif $want.leaks then
         if any($mine[]; .class as $c | any($want.classes[]; . == $c))
         then empty
         else "wanted \($want.classes | join("|")) in \($want.function):",
              ($mine[] | "    " + describe)
         end
     else
         $mine[]
         | select(.class as $c | all($want.classes[]; . != $c))
         | "wanted \($want.classes | join("|")) in \($want.function):",
           "    " + describe
     end),
  ($sites[]
   | select(.class | failing)
   | select(. as $site
            | all($wanted[] | select(.leaks);
                  . as $want | $site | through($want.function) | not))
   | "flagged without a cause:", "    " + describe),
  ((if any($sites[]; .class | failing) then "leak" else "clean" end)
   as $verdict
   | if $report.verdict == $verdict then empty
     else "verdict \($report.verdict), not \($verdict):",
          "    \($report.reasons)" end)
