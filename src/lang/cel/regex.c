/* PCRE2 behind a small door. Every compiled pattern belongs to an arena; matching allocates its own scratch and frees
 * it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "lang/cel/regex.h"

struct Regex {
  pcre2_code *code;
  pcre2_match_context *limits[3]; /* by LIMITS */
  u32 groups;
};

/* Steps of backtracking are counted anew from each place of the text: the longer it is, the fewer are allowed. */
static const struct {
  size_t text_bytes; /* texts up to this */
  u32 steps;
} LIMITS[] = {{1024, 50000}, {16 * 1024, 10000}, {SIZE_MAX, 2000}};

static void make_limits(Regex *regex) {
  for (size_t i = 0; i < COUNT(LIMITS); i++) {
    regex->limits[i] = pcre2_match_context_create(NULL);
    ASSERT(regex->limits[i]);
    (void)pcre2_set_match_limit(regex->limits[i], LIMITS[i].steps);
    (void)pcre2_set_heap_limit(regex->limits[i], REGEX_HEAP_KIB);
  }
}

static pcre2_match_context *limits_for(const Regex *regex, Str text) {
  size_t i = 0;
  while (text.len > LIMITS[i].text_bytes) i++;
  return regex->limits[i];
}

static void regex_free(void *ptr) {
  Regex *regex = ptr;
  for (size_t i = 0; i < COUNT(LIMITS); i++) pcre2_match_context_free(regex->limits[i]);
  pcre2_code_free(regex->code);
}

static bool compile_fails(Error *err, int code, size_t at) {
  PCRE2_UCHAR text[160];
  (void)pcre2_get_error_message(code, text, sizeof text);
  return fail(err, ERR_INVALID, "regular expression: %s at character %zu", (const char *)text, at + 1);
}

bool regex_new(Arena *arena, Str pattern, bool quick, const Regex **out, Error *err) {
  if (pattern.len > REGEX_PATTERN_MAX)
    return fail(err, ERR_INVALID, "regular expression: at most %d bytes are allowed", REGEX_PATTERN_MAX);
  if (!regex_syntax_check(pattern, err)) return false;
  int code = 0;
  PCRE2_SIZE at = 0;
  uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY;
  pcre2_code *compiled =
      pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len, options, &code, &at, NULL);
  if (!compiled) return compile_fails(err, code, at);
  Regex *regex = ARENA_NEW(arena, Regex);
  regex->code = compiled;
  make_limits(regex);
  arena_defer(arena, regex_free, regex);
  (void)pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
  if (regex->groups >= REGEX_GROUPS_MAX)
    return fail(err, ERR_INVALID, "regular expression: at most %d groups are allowed", REGEX_GROUPS_MAX - 1);
  if (quick) (void)pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE);
  *out = regex;
  return true;
}

u32 regex_groups(const Regex *regex) {
  return regex->groups;
}

RegexAnswer regex_find(const Regex *regex, Str text, size_t from, RegexMatch *out) {
  u32 pairs = out ? regex->groups + 1 : 1;
  pcre2_match_data *data = pcre2_match_data_create(pairs, NULL);
  ASSERT(data);
  int count = pcre2_match(regex->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, from, PCRE2_NO_UTF_CHECK, data,
                          limits_for(regex, text));
  if (count >= 0 && out) {
    const PCRE2_SIZE *places = pcre2_get_ovector_pointer(data);
    out->count = pairs;
    for (u32 i = 0; i < pairs; i++) {
      bool took_part = count == 0 || i < (u32)count;
      out->from[i] = took_part ? places[2 * i] : SIZE_MAX;
      out->to[i] = took_part ? places[2 * i + 1] : SIZE_MAX;
    }
  }
  pcre2_match_data_free(data);
  return count >= 0 ? REGEX_YES : count == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_TOO_COSTLY;
}
