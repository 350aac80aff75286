/* Regular expressions: matches() and CEL's regex extension. A constant pattern is compiled when the expression is
 * saved; one that is computed costs a compilation at each call. */
#include "lang/cel/library.h"
#include "lang/cel/regex.h"

enum { COST_COMPILE = 200, COST_MATCH = 40 };

static bool prepare_pattern(Arena *arena, const Value *constant, const void **out, Error *err) {
  if (constant->kind != VALUE_STRING) return true;
  const Regex *regex = NULL;
  if (!regex_new(arena, value_text(constant), true, &regex, err)) return false;
  *out = regex;
  return true;
}

/* The pattern of argument 1; false with a fault. */
static bool pattern_of(CelCall *call, const Value *args, const Regex **out, Value *fault) {
  *out = call->prepared;
  if (*out) return true;
  Error err = {0};
  *fault = value_null();
  if (!cel_charge(call, COST_COMPILE + args[1].size))
    *fault = cel_out_of_budget(call);
  else if (!regex_new(call->arena, value_text(&args[1]), false, out, &err))
    *fault = cel_fault(call, "%s", err.message);
  return fault->kind == VALUE_NULL;
}

/* Ends the whole run: a loop must not meet the limit again and again. */
static Value too_costly(CelCall *call) {
  call->left = -1;
  return cel_fault_code(call, ERR_COST, S("the regular expression takes too many steps on this text; make it simpler"));
}

/* Finds, and pays for patterns that backtrack much. */
static RegexAnswer find(CelCall *call, const Regex *regex, Str text, size_t from, RegexMatch *out) {
  u64 cost = 0;
  RegexAnswer answer = regex_find(regex, text, from, out, &cost);
  return cost && !cel_charge(call, cost) ? REGEX_TOO_COSTLY : answer;
}

static Value do_matches(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Regex *regex = NULL;
  Value fault;
  if (!pattern_of(call, args, &regex, &fault)) return fault;
  RegexAnswer answer = find(call, regex, value_text(&args[0]), 0, NULL);
  return answer == REGEX_TOO_COSTLY ? too_costly(call) : value_bool(answer == REGEX_YES);
}

/* Where to look next: behind the match, one character on when it was empty. */
static size_t after(Str text, const RegexMatch *match) {
  size_t next = match->to[0];
  if (match->to[0] == match->from[0]) {
    if (next < text.len)
      (void)utf8_next(text, &next);
    else
      next = text.len + 1;
  }
  return next;
}

/* The first group, or the whole when there is none. */
static Str extracted(Str text, const RegexMatch *match) {
  u32 group = match->count > 1 ? 1 : 0;
  return match->from[group] == SIZE_MAX ? S("") : str_slice(text, match->from[group], match->to[group]);
}

static bool too_many_groups(CelCall *call, const Regex *regex, Value *fault) {
  if (regex_groups(regex) <= 1) return false;
  *fault = cel_fault(call, "extract() wants a regular expression with at most one group");
  return true;
}

static Value do_extract(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Regex *regex = NULL;
  Value fault;
  if (!pattern_of(call, args, &regex, &fault) || too_many_groups(call, regex, &fault)) return fault;
  RegexMatch match;
  Str text = value_text(&args[0]);
  RegexAnswer answer = find(call, regex, text, 0, &match);
  if (answer == REGEX_TOO_COSTLY) return too_costly(call);
  return answer == REGEX_YES ? cel_some(call, value_string(extracted(text, &match))) : cel_none();
}

static Value do_extract_all(CelCall *call, const Value *args, u32 count) {
  (void)count;
  const Regex *regex = NULL;
  Value fault;
  if (!pattern_of(call, args, &regex, &fault) || too_many_groups(call, regex, &fault)) return fault;
  Str text = value_text(&args[0]);
  ValueVec found = {0};
  RegexMatch match;
  for (size_t at = 0; at <= text.len; at = after(text, &match)) {
    if (!cel_charge(call, COST_MATCH)) return cel_out_of_budget(call);
    RegexAnswer answer = find(call, regex, text, at, &match);
    if (answer == REGEX_TOO_COSTLY) return too_costly(call);
    if (answer == REGEX_NO) break;
    *VEC_PUSH(call->arena, &found) = value_string(extracted(text, &match));
  }
  return list_done(&found);
}

/* Writes the replacement: \1 is a group, \0 the match, \\ a backslash. */
static bool put_replacement(Buf *buf, Str text, Str replacement, const RegexMatch *match) {
  for (size_t i = 0; i < replacement.len; i++) {
    char c = replacement.ptr[i];
    if (c != '\\') {
      buf_putc(buf, c);
      continue;
    }
    char next = ++i < replacement.len ? replacement.ptr[i] : 0;
    u32 group = (u32)(next - '0');
    if (next == '\\')
      buf_putc(buf, '\\');
    else if (next < '0' || next > '9' || group >= match->count)
      return false;
    else if (match->from[group] != SIZE_MAX)
      buf_put(buf, str_slice(text, match->from[group], match->to[group]));
  }
  return true;
}

static Value do_replace(CelCall *call, const Value *args, u32 count) {
  const Regex *regex = NULL;
  Value fault;
  if (!pattern_of(call, args, &regex, &fault)) return fault;
  Str text = value_text(&args[0]);
  i64 limit = count == 4 ? args[3].i : -1;
  Buf buf = cel_buf(call);
  RegexMatch match;
  size_t copied = 0;
  for (size_t at = 0; at <= text.len && limit != 0 && !buf.overflow; at = after(text, &match), limit -= limit > 0) {
    if (!cel_charge(call, COST_MATCH)) return cel_out_of_budget(call);
    RegexAnswer answer = find(call, regex, text, at, &match);
    if (answer == REGEX_TOO_COSTLY) return too_costly(call);
    if (answer == REGEX_NO) break;
    buf_put(&buf, str_slice(text, copied, match.from[0]));
    if (!put_replacement(&buf, text, value_text(&args[2]), &match))
      return cel_fault(call, "regex.replace(): the replacement names a group that is not there");
    copied = match.to[0];
  }
  buf_put(&buf, str_slice(text, copied, text.len));
  return cel_text(call, &buf);
}

static const CelFn ROWS[] = {
    {"matches", "string.(string) -> bool; (string, string) -> bool", do_matches,
     "Whether the regular expression is found in the text.", .cost = COST_MATCH, .prepare = prepare_pattern},
    {"regex.extract", "(string, string) -> optional_type(string)", do_extract, "The first match, or its group.",
     .cost = COST_MATCH, .prepare = prepare_pattern},
    {"regex.extractAll", "(string, string) -> list(string)", do_extract_all, "All matches, or their group.",
     .cost = COST_MATCH, .prepare = prepare_pattern},
    {"regex.replace", "(string, string, string) -> string; (string, string, string, int) -> string", do_replace,
     "Replaces all matches, or the first n; \\1 is a group.", .cost = COST_MATCH, .prepare = prepare_pattern},
};

const CelLibrary LIB_REGEX = {"patterns", ROWS, COUNT(ROWS)};
