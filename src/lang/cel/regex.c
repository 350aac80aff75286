/* PCRE2 behind a small door. Every compiled pattern belongs to an arena; matching allocates its own scratch and frees
 * it. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <time.h>

#include "lang/cel/regex.h"

/* PCRE2 counts steps of backtracking anew from each place of the text where a match could begin, so a limit of steps
 * alone does not bound the time. First every place gets the few steps with which all of them together stay cheap: that
 * is enough for nearly all patterns. Only when it is not, places are tried few at a time with many steps each, and the
 * time is looked at in between. */
static const struct {
  size_t text_bytes; /* texts up to this */
  u32 steps;         /* from each place */
} QUICK[] = {{64, 800}, {256, 200}, {1024, 50}, {4096, 20}, {16 * 1024, 8}, {SIZE_MAX, 4}};

enum {
  PATIENT_STEPS = 20000,     /* from each of PATIENT_PLACES; fewer when there are more places */
  PATIENT_STEPS_SLOW = 4000, /* without machine code */
  PATIENT_PLACES = 8,
  PATIENT_PLACES_MAX = 8192,
  PATIENT_NS_MAX = 400 * 1000,
  NS_PER_COST = 10,
  USUAL_NS = 500,         /* what COST_MATCH pays for; what takes longer is measured */
  TELLING_NS = 20 * 1000, /* a measurement above this is made again: it may be the machine's */
  MEASUREMENTS_MAX = 3,
};

struct Regex {
  pcre2_code *code;
  pcre2_match_context *limits[COUNT(QUICK)];
  u32 groups;
  bool quick; /* has machine code */
};

static pcre2_match_context *new_limits(u32 steps) {
  pcre2_match_context *made = pcre2_match_context_create(NULL);
  ASSERT(made);
  (void)pcre2_set_match_limit(made, steps);
  (void)pcre2_set_heap_limit(made, REGEX_HEAP_KIB);
  return made;
}

static void make_limits(Regex *regex) {
  for (size_t i = 0; i < COUNT(QUICK); i++) regex->limits[i] = new_limits(QUICK[i].steps);
}

static pcre2_match_context *limits_for(const Regex *regex, size_t text_bytes) {
  size_t i = 0;
  while (text_bytes > QUICK[i].text_bytes) i++;
  return regex->limits[i];
}

static void regex_free(void *ptr) {
  Regex *regex = ptr;
  for (size_t i = 0; i < COUNT(QUICK); i++) pcre2_match_context_free(regex->limits[i]);
  pcre2_code_free(regex->code);
}

bool regex_refuse(Str pattern, size_t at, const char *what, const char *also, Error *err) {
  Str before = utf8_cut(pattern, MIN(at, pattern.len));
  size_t character = utf8_count(before) + 1;
  (void)fail(err, ERR_INVALID, "regular expression: %s at character %zu%s", what, character, also);
  if (err && character <= 100)
    snprintf(err->detail, sizeof err->detail, "%.*s\n%*s^", STR_ARG(utf8_cut(pattern, 200)), (int)character - 1, "");
  return false;
}

static bool compile_fails(Error *err, int code, Str pattern, size_t at) {
  PCRE2_UCHAR text[160];
  (void)pcre2_get_error_message(code, text, sizeof text);
  return regex_refuse(pattern, at, (const char *)text, "", err);
}

bool regex_new(Arena *arena, Str pattern, bool quick, const Regex **out, Error *err) {
  if (pattern.len > REGEX_PATTERN_MAX)
    return fail(err, ERR_INVALID, "regular expression: at most %d bytes are allowed", REGEX_PATTERN_MAX);
  if (!regex_syntax_check(pattern, err)) return false;
  int code = 0;
  PCRE2_SIZE at = 0;
  uint32_t options =
      PCRE2_UTF | PCRE2_NO_UTF_CHECK | PCRE2_NEVER_BACKSLASH_C | PCRE2_DOLLAR_ENDONLY | PCRE2_USE_OFFSET_LIMIT;
  pcre2_code *compiled =
      pcre2_compile((PCRE2_SPTR)(pattern.len ? pattern.ptr : ""), pattern.len, options, &code, &at, NULL);
  if (!compiled) return compile_fails(err, code, pattern, at);
  Regex *regex = ARENA_NEW(arena, Regex);
  regex->code = compiled;
  make_limits(regex);
  arena_defer(arena, regex_free, regex);
  (void)pcre2_pattern_info(compiled, PCRE2_INFO_CAPTURECOUNT, &regex->groups);
  if (regex->groups >= REGEX_GROUPS_MAX)
    return fail(err, ERR_INVALID, "regular expression: at most %d groups are allowed", REGEX_GROUPS_MAX - 1);
  regex->quick = quick && pcre2_jit_compile(compiled, PCRE2_JIT_COMPLETE) == 0;
  *out = regex;
  return true;
}

u32 regex_groups(const Regex *regex) {
  return regex->groups;
}

static i64 clock_ns(clockid_t clock) {
  struct timespec t;
  (void)clock_gettime(clock, &t);
  return (i64)t.tv_sec * 1000000000 + t.tv_nsec;
}

static i64 cpu_ns(void) {
  return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

static int match_at(const Regex *regex, Str text, size_t from, pcre2_match_data *data, pcre2_match_context *limits) {
  return pcre2_match(regex->code, (PCRE2_SPTR)(text.len ? text.ptr : ""), text.len, from, PCRE2_NO_UTF_CHECK, data,
                     limits);
}

/* The last place before `limit` behind which a character begins. */
static size_t place_before(Str text, size_t limit) {
  size_t last = MIN(limit - 1, text.len);
  while (last + 1 < text.len && ((u8)text.ptr[last + 1] & 0xC0) == 0x80) last++;
  return last;
}

/* One window of places. The less of two measurements, when one alone would end the whole. */
static int match_window(const Regex *regex, Str text, size_t at, pcre2_match_data *data, pcre2_match_context *limits,
                        i64 *spent) {
  i64 before = cpu_ns();
  int found = match_at(regex, text, at, data, limits);
  i64 took = cpu_ns() - before;
  if (*spent + took > PATIENT_NS_MAX && took > TELLING_NS) {
    before = cpu_ns();
    found = match_at(regex, text, at, data, limits);
    took = MIN(took, cpu_ns() - before);
  }
  *spent += took;
  return found;
}

/* Few places at a time with many steps each, more of them as long as few steps are enough, until the time is up. */
static int match_patiently(const Regex *regex, Str text, size_t from, pcre2_match_data *data, u64 *out_cost) {
  pcre2_match_context *limits = new_limits(0);
  u32 steps = regex->quick ? PATIENT_STEPS : PATIENT_STEPS_SLOW, places = PATIENT_PLACES;
  i64 spent = 0;
  int found = PCRE2_ERROR_NOMATCH;
  for (size_t at = from; at <= text.len && found == PCRE2_ERROR_NOMATCH;) {
    size_t last = place_before(text, at + places);
    (void)pcre2_set_offset_limit(limits, last);
    (void)pcre2_set_match_limit(limits, MAX(steps / places * PATIENT_PLACES, 10u));
    found = match_window(regex, text, at, data, limits, &spent);
    if (found == PCRE2_ERROR_NOMATCH && spent > PATIENT_NS_MAX) found = PCRE2_ERROR_MATCHLIMIT;
    bool again = found == PCRE2_ERROR_MATCHLIMIT && places > PATIENT_PLACES && spent <= PATIENT_NS_MAX;
    places = again ? PATIENT_PLACES : MIN(places * 2, (u32)PATIENT_PLACES_MAX);
    if (again)
      found = PCRE2_ERROR_NOMATCH;
    else
      at = last + 1;
  }
  pcre2_match_context_free(limits);
  *out_cost += (u64)spent / NS_PER_COST;
  return found;
}

/* A match within its steps may still take a thousand times as long as a usual one, and in a loop that adds up: what
 * looks slow is done again and its processor time is paid for. Time on the wall alone would also count what others did
 * meanwhile; the processor's clock is too slow to be asked each time. Even that one counts what a virtual machine's
 * host or an interrupt took, and an innocent pattern must not fail for it: the least of a few measurements is believed.
 */
static int match_quickly(const Regex *regex, Str text, size_t from, pcre2_match_data *data, u64 *out_cost) {
  pcre2_match_context *limits = limits_for(regex, text.len - from);
  i64 began = clock_ns(CLOCK_MONOTONIC), least = INT64_MAX;
  int count = match_at(regex, text, from, data, limits);
  if (clock_ns(CLOCK_MONOTONIC) - began < USUAL_NS) return count;
  u64 runs = 1;
  for (; runs <= MEASUREMENTS_MAX && least > TELLING_NS; runs++) {
    began = cpu_ns();
    count = match_at(regex, text, from, data, limits);
    least = MIN(least, cpu_ns() - began);
  }
  *out_cost += runs * (u64)least / NS_PER_COST;
  return count;
}

static void read_places(const Regex *regex, pcre2_match_data *data, int count, RegexMatch *out) {
  const PCRE2_SIZE *places = pcre2_get_ovector_pointer(data);
  out->count = regex->groups + 1;
  for (u32 i = 0; i < out->count; i++) {
    bool took_part = count == 0 || i < (u32)count;
    out->from[i] = took_part ? places[2 * i] : SIZE_MAX;
    out->to[i] = took_part ? places[2 * i + 1] : SIZE_MAX;
  }
}

RegexAnswer regex_find(const Regex *regex, Str text, size_t from, RegexMatch *out, u64 *out_cost) {
  pcre2_match_data *data = pcre2_match_data_create(out ? regex->groups + 1 : 1, NULL);
  ASSERT(data);
  *out_cost = 0;
  int count = match_quickly(regex, text, from, data, out_cost);
  if (count == PCRE2_ERROR_MATCHLIMIT) count = match_patiently(regex, text, from, data, out_cost);
  if (count >= 0 && out) read_places(regex, data, count, out);
  pcre2_match_data_free(data);
  return count >= 0 ? REGEX_YES : count == PCRE2_ERROR_NOMATCH ? REGEX_NO : REGEX_TOO_COSTLY;
}
