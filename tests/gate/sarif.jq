# What SARIF 2.1.0 and GitHub's code scanning ask of a file; prints each
# violation. Input: a SARIF file.
def bad(what): if . then empty else what end;

(.version == "2.1.0" | bad("version")),
(.["$schema"] | test("sarif-2.1.0") | bad("$schema")),
(.runs | length | . >= 1 and . <= 20 | bad("runs")),
(.runs[] |
  ([.tool.driver.rules[].id] as $ids |
    (.tool.driver.name | bad("driver.name")),
    ($ids | length == (unique | length) | bad("two rules of one id")),
    (.invocations[] | .executionSuccessful | type == "boolean"
      | bad("executionSuccessful")),
    (.invocations[].toolExecutionNotifications[]
      | (.message.text | length > 0 | bad("an empty notification")),
        (.level | IN("none", "note", "warning", "error") | bad("level"))),
    (.results | length <= 5000 | bad("too many results")),
    (.results[] |
      (.ruleId | IN($ids[]) | bad("no rule of this id")),
      (.level | IN("none", "note", "warning", "error") | bad("level")),
      (.message.text | length > 0 | bad("no message")),
      (.locations | length >= 1 | bad("no location")),
      (.partialFingerprints.primaryLocationLineHash | test("^[0-9a-f]{16}$")
        | bad("fingerprint")),
      (.baselineState | IN("new", "unchanged", "updated", "absent")
        | bad("baselineState")),
      (.suppressions[] | .kind == "external" | bad("suppressions")),
      (.. | .physicalLocation? | select(. != null) |
        (.artifactLocation.uri
          | length > 0 and (test("[ <>\"{}|^`\\\\]") | not)
          | bad("uri")),
        (.artifactLocation.uri | startswith("./") | not | bad("./ in a uri")),
        (.region.startLine >= 1 | bad("startLine"))))))
