/* Patterns: a line with the pattern, then the text. No crash, matches inside of the text, an end in a bounded time;
 * what the syntax check lets through compiles or is refused with a sentence. */
#include "lang/cel/regex.h"

static void check(Str pattern, Str text, bool quick) {
  Arena *arena = arena_new();
  const Regex *regex = NULL;
  Error err = {0};
  if (regex_new(arena, pattern, quick, &regex, &err)) {
    RegexMatch match;
    u64 cost;
    for (size_t at = 0, times = 0; at <= text.len && times < 20; times++) {
      if (regex_find(regex, text, at, &match, &cost) != REGEX_YES) break;
      ASSERT(match.count >= 1 && match.from[0] >= at && match.from[0] <= match.to[0] && match.to[0] <= text.len);
      at = match.to[0] + (match.to[0] == match.from[0]);
    }
  } else {
    ASSERT(err.message[0] && err.code == ERR_INVALID);
  }
  arena_free(arena);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  Str all = {(const char *)bytes, count}, pattern, text = STR_NONE;
  if (!str_cut(all, '\n', &pattern, &text)) text = S("abc");
  if (!utf8_valid(pattern) || !utf8_valid(text)) return 0; /* texts are checked before they come here */
  check(pattern, text, false);
  check(pattern, text, true);
  return 0;
}
