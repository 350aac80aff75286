/* What a policy may not say: what would reach nobody, or never happen. A mistake here shows itself at night, so it is
 * refused with its place. What is stored already stays, and does what it always did. */
#include "core/oncall/policy_check.h"

#include "lang/cel/regex.h"

static const char *place(ResourceCtx *ctx, size_t level, const char *rest) {
  return str_to_c(ctx->arena, str_format(ctx->arena, "/levels/%zu/%s", level, rest));
}

static Str text_of(const Value *map, const char *name) {
  return value_text_or(value_get_c(map, name), S(""));
}

/* Matchers -------------------------------------------------------------------------------------------------------- */

/* The whole value, as when.c compares. */
static const Regex *whole(ResourceCtx *ctx, const Value *matcher, Error *why) {
  const Regex *regex = NULL;
  Str pattern = str_format(ctx->arena, "^(?:%.*s)$", STR_ARG(text_of(matcher, "value")));
  return regex_new(ctx->arena, pattern, false, &regex, why) ? regex : NULL;
}

static bool takes(ResourceCtx *ctx, const Value *matcher, Str text) {
  Str op = text_of(matcher, "op");
  Error ignored = {0};
  RegexMatch match;
  u64 cost = 0;
  if (str_equal_c(op, "=") || op.len == 0) return str_equal(text_of(matcher, "value"), text);
  if (str_equal_c(op, "!=")) return !str_equal(text_of(matcher, "value"), text);
  const Regex *regex = whole(ctx, matcher, &ignored);
  return !regex || (regex_find(regex, text, 0, &match, &cost) == REGEX_YES) == str_equal_c(op, "=~");
}

static bool is_equal(const Value *matcher) {
  Str op = text_of(matcher, "op");
  return op.len == 0 || str_equal_c(op, "=");
}

/* A label has one value: with `=` there is one candidate, and every other matcher of that label must take it. */
static void check_contradiction(ResourceCtx *ctx, const Value *matchers, size_t level, size_t at) {
  const Value *fixed = value_at(matchers, at);
  if (!is_equal(fixed)) return;
  for (size_t i = 0; i < matchers->size; i++) {
    const Value *other = value_at(matchers, i);
    bool later = i > at || !is_equal(other); /* two that fix it: the later one is told */
    if (i == at || !later || !str_equal(text_of(other, "name"), text_of(fixed, "name")) ||
        takes(ctx, other, text_of(fixed, "value")))
      continue;
    Str op = text_of(other, "op");
    field_error(
        ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/levels/%zu/when/matchers/%zu", level, i)), "contradiction",
        "all matchers must hold, and %.*s=\"%.*s\" contradicts %.*s%.*s\"%.*s\": the level would never be told; "
        "leave one of them out, or say both values in one: %.*s=~\"a|b\"",
        STR_ARG(text_of(fixed, "name")), STR_ARG(text_of(fixed, "value")), STR_ARG(text_of(other, "name")),
        STR_ARG(op.len ? op : S("=")), STR_ARG(text_of(other, "value")), STR_ARG(text_of(fixed, "name")));
    return;
  }
}

static void check_matchers(ResourceCtx *ctx, const Value *matchers, size_t level, bool is_changed) {
  bool good = true;
  for (size_t i = 0; value_is(matchers, VALUE_LIST) && i < matchers->size; i++) {
    const Value *matcher = value_at(matchers, i);
    Str op = text_of(matcher, "op");
    Error why = {0};
    if ((!str_equal_c(op, "=~") && !str_equal_c(op, "!~")) || whole(ctx, matcher, &why)) continue;
    good = false;
    field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/levels/%zu/when/matchers/%zu/value", level, i)),
                "expression", "%s", why.message);
  }
  for (size_t i = 0; is_changed && good && value_is(matchers, VALUE_LIST) && i < matchers->size; i++)
    check_contradiction(ctx, matchers, level, i);
}

/* Levels ---------------------------------------------------------------------------------------------------------- */

static void check_targets(ResourceCtx *ctx, const Value *targets, const char *where) {
  for (size_t i = 0; targets && i < targets->size; i++)
    if (str_equal_c(text_of(value_at(targets, i), "kind"), "channel"))
      field_error(ctx, str_to_c(ctx->arena, str_format(ctx->arena, "%s/%zu/kind", where, i)), "choice",
                  "a chat channel cannot be paged by this version: it would reach nobody; name a user, a schedule or a "
                  "team");
}

static void check_rounds(ResourceCtx *ctx, const Value *rounds, size_t level, i64 repeat) {
  for (size_t i = 0; value_is(rounds, VALUE_LIST) && i < rounds->size; i++) {
    i64 round = value_int_or(value_at(rounds, i), 0);
    if (round <= repeat) continue;
    field_error(
        ctx, str_to_c(ctx->arena, str_format(ctx->arena, "/levels/%zu/when/rounds/%zu", level, i)), "range",
        "round %lld never comes: 0 is the first pass, and with repeat %lld the last round is %lld; raise repeat, "
        "or leave the round out",
        (long long)round, (long long)repeat, (long long)repeat);
  }
}

/* wait_s 0 means together with the next level: the last one has none, and an attempt beside itself is the same one. */
static void check_wait(ResourceCtx *ctx, const Value *level, size_t at, bool is_last) {
  i64 attempts = value_int_or(value_get_c(level, "attempts"), 1);
  if (value_int_or(value_get_c(level, "wait_s"), 300) > 0) return;
  if (is_last)
    field_error(
        ctx, place(ctx, at, "wait_s"), "range",
        "wait_s 0 means together with the next level, and the last level has none: say how long it waits for an "
        "answer, such as 300");
  else if (attempts > 1)
    field_error(ctx, place(ctx, at, "attempts"), "range",
                "%lld attempts at once are one: give the level a wait_s, such as 300, or attempts 1",
                (long long)attempts);
}

enum { ACK_TIMEOUT_MIN_S = 60 };

static void check_ack_timeout(ResourceCtx *ctx, const Value *fresh) {
  i64 timeout_s = value_int_or(value_get_c(fresh, "ack_timeout_s"), 0);
  if (timeout_s <= 0 || timeout_s >= ACK_TIMEOUT_MIN_S) return;
  field_error(ctx, "/ack_timeout_s", "range",
              "an acknowledgement that ends after %lld s pages whoever just answered: say at least %d, or null for one "
              "that never ends; the warning comes 5 minutes before the end, of short ones at half time",
              (long long)timeout_s, ACK_TIMEOUT_MIN_S);
}

static bool differs(const Value *old, const Value *fresh, const char *name) {
  return !old || !value_equal(value_get_c(old, name), value_get_c(fresh, name));
}

void policy_check(ResourceCtx *ctx, const Value *old, const Value *fresh) {
  const Value *levels = value_get_c(fresh, "levels");
  bool is_changed = differs(old, fresh, "levels") || differs(old, fresh, "repeat");
  for (size_t i = 0; i < levels->size; i++) {
    const Value *level = value_at(levels, i), *when = value_get_c(level, "when");
    check_matchers(ctx, value_get_c(when, "matchers"), i, is_changed);
    if (!is_changed) continue;
    check_targets(ctx, value_get_c(level, "targets"), place(ctx, i, "targets"));
    check_rounds(ctx, value_get_c(when, "rounds"), i, value_int_or(value_get_c(fresh, "repeat"), 3));
    check_wait(ctx, level, i, i + 1 == levels->size);
  }
  if (differs(old, fresh, "exhausted")) check_targets(ctx, value_get_c(fresh, "exhausted"), "/exhausted");
  if (differs(old, fresh, "ack_timeout_s")) check_ack_timeout(ctx, fresh);
}
