/* Explanations: whatever is packed comes back the same, whatever is not packed is refused, and what it costs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/alerts/explanation.h"
#include "lang/json.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

typedef struct Rng {
  u64 state;
} Rng;

static u64 next(Rng *rng) { /* xorshift: the same run each time */
  rng->state ^= rng->state << 13;
  rng->state ^= rng->state >> 7;
  rng->state ^= rng->state << 17;
  return rng->state;
}

static i64 any_id(Rng *rng) {
  static const i64 BORDERS[] = {0, 1, -1, INT64_MAX, INT64_MIN, INT64_MAX - 1, 7};
  return next(rng) % 3 == 0 ? BORDERS[next(rng) % COUNT(BORDERS)] : (i64)next(rng);
}

static i64 any_time(Rng *rng) {
  return (i64)(next(rng) % 253402300800000u);
}

static Str any_text(Rng *rng, Arena *arena) {
  static const char *const KNOWN[] = {
      "", "new", "disabled", "paged", "snooze", "matched", "ünïcödé \xf0\x9f\x94\xa5", "a; b"};
  if (next(rng) % 2) return str_from_c(KNOWN[next(rng) % COUNT(KNOWN)]);
  size_t len = next(rng) % 300;
  char *text = arena_alloc(arena, len + 1);
  for (size_t i = 0; i < len; i++) text[i] = (char)(' ' + next(rng) % 90);
  return (Str){text, len};
}

static Explanation any_explanation(Rng *rng, Arena *arena) {
  Explanation e = {.run = any_id(rng),
                   .at_ms = any_time(rng),
                   .why = any_text(rng, arena),
                   .status = any_text(rng, arena),
                   .outcome = any_text(rng, arena),
                   .rule_count = next(rng) % 40,
                   .page_count = next(rng) % 8,
                   .hold_count = next(rng) % 16,
                   .unrouted = next(rng) % 2,
                   .incident_rule_id = any_id(rng),
                   .incident_id = any_id(rng)};
  e.rules = ARENA_ARRAY(arena, ExplainRule, e.rule_count + 1);
  e.pages = ARENA_ARRAY(arena, ExplainPage, e.page_count + 1);
  e.holds = ARENA_ARRAY(arena, ExplainHold, e.hold_count + 1);
  for (size_t i = 0; i < e.rule_count; i++)
    e.rules[i] =
        (ExplainRule){any_id(rng),          any_text(rng, arena), (ExplainResult)(next(rng) % EXPLAIN_RESULT_COUNT),
                      any_text(rng, arena), any_text(rng, arena), any_text(rng, arena)};
  for (size_t i = 0; i < e.page_count; i++)
    e.pages[i] = (ExplainPage){any_id(rng), any_id(rng), any_text(rng, arena), any_text(rng, arena)};
  for (size_t i = 0; i < e.hold_count; i++)
    e.holds[i] = (ExplainHold){any_text(rng, arena), any_id(rng), any_time(rng)};
  return e;
}

static void assert_str(Str a, Str b) {
  if (!str_equal(a, b)) fail_msg("\"%.*s\" is not \"%.*s\"", STR_ARG(a), STR_ARG(b));
}

static void assert_same(const Explanation *a, const Explanation *b) {
  assert_int_equal(a->run, b->run);
  assert_int_equal(a->at_ms, b->at_ms);
  assert_str(a->why, b->why);
  assert_str(a->status, b->status);
  assert_str(a->outcome, b->outcome);
  assert_int_equal(a->unrouted, b->unrouted);
  assert_int_equal(a->incident_rule_id, b->incident_rule_id);
  assert_int_equal(a->incident_id, b->incident_id);
  assert_int_equal(a->rule_count, b->rule_count);
  assert_int_equal(a->page_count, b->page_count);
  assert_int_equal(a->hold_count, b->hold_count);
  for (size_t i = 0; i < a->rule_count; i++) {
    assert_int_equal(a->rules[i].rule_id, b->rules[i].rule_id);
    assert_int_equal(a->rules[i].result, b->rules[i].result);
    assert_str(a->rules[i].name, b->rules[i].name);
    assert_str(a->rules[i].text, b->rules[i].text);
    assert_str(a->rules[i].error, b->rules[i].error);
    assert_str(a->rules[i].done, b->rules[i].done);
  }
  for (size_t i = 0; i < a->page_count; i++) {
    assert_int_equal(a->pages[i].policy_id, b->pages[i].policy_id);
    assert_int_equal(a->pages[i].page_id, b->pages[i].page_id);
    assert_str(a->pages[i].policy, b->pages[i].policy);
    assert_str(a->pages[i].why, b->pages[i].why);
  }
  for (size_t i = 0; i < a->hold_count; i++) {
    assert_str(a->holds[i].reason, b->holds[i].reason);
    assert_int_equal(a->holds[i].id, b->holds[i].id);
    assert_int_equal(a->holds[i].until_ms, b->holds[i].until_ms);
  }
}

static void what_is_packed_comes_back(void **state) {
  (void)state;
  Rng rng = {88172645463325252ull};
  for (int run = 0; run < 3000; run++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Explanation e = any_explanation(&rng, arena), back = {0};
    Str bytes = explanation_pack(arena, &e);
    assert_true(explanation_unpack(arena, bytes, &back));
    assert_same(&e, &back);
    assert_str(explanation_pack(arena, &back), bytes); /* and the other way round */
    Value shown = explanation_value(arena, &e), again = explanation_value(arena, &back);
    assert_true(value_equal(&shown, &again));
  }
}

/* Cut, changed and foreign bytes: an error, or another explanation; never a fault (the sanitizers watch). */
static void other_bytes_are_refused(void **state) {
  (void)state;
  Rng rng = {362436069ull};
  for (int run = 0; run < 2000; run++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Explanation e = any_explanation(&rng, arena), back = {0};
    Str bytes = explanation_pack(arena, &e);
    assert_false(explanation_unpack(arena, str_slice(bytes, 0, next(&rng) % bytes.len), &back));
    char *copy = malloc(bytes.len); /* of this very size, so that reading behind it is seen */
    assert_non_null(copy);
    memcpy(copy, bytes.ptr, bytes.len);
    for (int i = 0; i < 4; i++) copy[next(&rng) % bytes.len] = (char)next(&rng);
    bool ok = explanation_unpack(arena, (Str){copy, bytes.len}, &back);
    if (ok) (void)explanation_value(arena, &back);
    free(copy);
  }
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Explanation out = {0};
  assert_false(explanation_unpack(arena, S(""), &out));
  assert_false(explanation_unpack(arena, S("{\"run\":1}"), &out));
}

/* An ordinary one: ten rules of which one matched, one page. */
static Explanation ordinary(Arena *arena) {
  static const char *const TEXTS[] = {"labels.severity == 'critical'", "labels.team == 'payments'",
                                      "alert.priority == 'p1'"};
  i64 base = 1234567890123456789;
  Explanation e = {.run = 0,
                   .at_ms = 1767600000000,
                   .why = S("new"),
                   .status = S("triggered"),
                   .outcome = S("paged"),
                   .rule_count = 10,
                   .page_count = 1};
  e.rules = ARENA_ARRAY(arena, ExplainRule, 10);
  for (size_t i = 0; i < 10; i++)
    e.rules[i] = (ExplainRule){.rule_id = base + (i64)i * 5000000,
                               .name = S("Disks of production"),
                               .result = i == 3  ? EXPLAIN_MATCHED
                                         : i > 6 ? EXPLAIN_SKIPPED
                                                 : EXPLAIN_NOT_MATCHED,
                               .text = i > 6 ? S("it is for other integrations") : str_from_c(TEXTS[i % COUNT(TEXTS)]),
                               .done = i == 3 ? S("page") : S("")};
  e.pages = ARENA_NEW(arena, ExplainPage);
  *e.pages = (ExplainPage){.policy_id = base - 77000000,
                           .page_id = base + 99000000,
                           .policy = S("Primary"),
                           .why = S("default chain: the integration's policy")};
  return e;
}

static void it_is_less_than_half_of_the_json(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Explanation e = ordinary(arena);
  Value shown = explanation_value(arena, &e);
  size_t json = json_text(arena, &shown).len, packed = explanation_pack(arena, &e).len;
  print_message("an explanation of ten rules: %zu bytes as JSON, %zu packed\n", json, packed);
  assert_true(packed * 2 < json);
}

static void its_form_is_what_the_api_promises(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  Explanation e = ordinary(arena);
  e.rule_count = 1;
  e.hold_count = 1;
  e.holds = ARENA_NEW(arena, ExplainHold);
  *e.holds = (ExplainHold){.reason = S("pause"), .id = 5, .until_ms = 1767600000000};
  e.incident_id = 9;
  Value shown = explanation_value(arena, &e);
  assert_str(
      json_text(arena, &shown),
      S("{\"run\":0,\"at\":\"2026-01-05T08:00:00Z\",\"why\":\"new\",\"status\":\"triggered\",\"rules\":[{\"rule_"
        "id\":\"rul_128GGYHYYK08N\",\"name\":\"Disks of production\",\"result\":\"not_matched\",\"decided_by\":"
        "\"labels.severity == 'critical'\"}],\"pages\":[{\"policy_id\":\"pol_128GGYHWN54YN\",\"policy\":\"Primary\","
        "\"why\":\"default chain: the integration's policy\",\"page_id\":\"pag_128GGYJ1X07YN\"}],\"holds\":[{"
        "\"reason\":\"pause\",\"id\":\"rul_0000000000005\",\"until\":\"2026-01-05T08:00:00Z\"}],\"unrouted\":"
        "false,\"incident_id\":\"inc_0000000000009\",\"outcome\":\"paged\"}"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_packed_comes_back), cmocka_unit_test(other_bytes_are_refused),
      cmocka_unit_test(it_is_less_than_half_of_the_json), cmocka_unit_test(its_form_is_what_the_api_promises)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
