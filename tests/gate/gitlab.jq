# GitLab's Code Quality format; prints each violation. Input: the array.
def bad(what): if . then empty else what end;

(type == "array" | bad("no array")),
([.[].fingerprint] | length == (unique | length) | bad("fingerprints")),
(.[] |
  (.description | length > 0 | bad("description")),
  (.check_name | length > 0 | bad("check_name")),
  (.severity | IN("info", "minor", "major", "critical", "blocker")
    | bad("severity")),
  (.location.path | length > 0 and (startswith("./") | not) | bad("path")),
  (.location.lines.begin >= 1 | bad("lines")))
