/* What the rules decide, as pure functions over an alert in memory: no database, no server. A case is a list of rules,
 * the alert's labels and priority, and the plan in words:
 *
 *     priority, then holds, then pages (policy ids), incident by which rule, pause, then the result of each rule:
 *     + matched, - not matched, ! error, . skipped
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/alerts/batch.h"
#include "core/setup/internal.h"
#include "lang/json.h"

#include <cmocka.h> /* after ours: it has a macro named fail */

typedef struct World {
  Arena *arena;
  App app;
  Setup setup;
  SetupOrg *org;
  SetupIntegration *integration;
} World;

static const i64 NOW_MS = 1767600000000;

static int setup_world(void **state) {
  World *w = xcalloc(1, sizeof *w);
  Value none = value_null();
  w->arena = arena_new();
  w->app.zones = zone_db_new(NULL);
  w->app.rule_env = rule_env_new(w->arena, w->app.zones);
  w->org = VEC_PUSH(w->arena, &w->setup.orgs);
  *w->org = (SetupOrg){.id = 1, .defaults = setup_defaults(&none)};
  w->integration = VEC_PUSH(w->arena, &w->setup.integrations);
  *w->integration = (SetupIntegration){.id = 7, .org_id = 1, .name = S("Source"), .slug = S("source")};
  for (i64 id = 1; id <= 3; id++) {
    *VEC_PUSH(w->arena, &w->setup.policies) = (SetupPolicy){.id = id, .org_id = 1, .name = S("Policy")};
    *VEC_PUSH(w->arena, &w->setup.teams) = (SetupTeam){.id = id, .org_id = 1, .name = S("Team")};
  }
  *VEC_PUSH(w->arena, &w->setup.policies) = (SetupPolicy){.id = 9, .org_id = 2, .name = S("Another organization's")};
  *VEC_PUSH(w->arena, &w->setup.services) = (SetupService){
      .id = 5, .org_id = 1, .team_id = 2, .name = S("Shop"), .failure_severity = -1, .labels = {.kind = VALUE_MAP}};
  *state = w;
  return 0;
}

static int teardown_world(void **state) {
  World *w = *state;
  zone_db_free(w->app.zones);
  arena_free(w->arena);
  free(w);
  return 0;
}

static Value parse(World *w, const char *text) {
  Value value = value_null();
  Error err = {0};
  if (!json_parse(w->arena, str_from_c(text), NULL, &value, &err)) fail_msg("%s: %s", text, err.message);
  return value;
}

/* {"when": .., "conditions": [..], "actions": [..], "stop": .., "enabled": .., "team": n, "for": integration} */
static void add_rules(World *w, const char *text) {
  Value list = parse(w, text);
  const Rule **rules = ARENA_ARRAY(w->arena, const Rule *, list.size + 1);
  w->org->rule_count = 0;
  for (size_t i = 0; i < list.size; i++) {
    const Value *json = value_at(&list, i), *actions = value_get_c(json, "actions"),
                *rows = value_get_c(json, "conditions");
    i64 of = value_int_or(value_get_c(json, "for"), 0);
    ValueVec integrations = {0};
    if (of) *VEC_PUSH(w->arena, &integrations) = value_string(id_text(w->arena, "int", of));
    RuleText rule = {.id = 100 + (i64)i,
                     .team_id = value_int_or(value_get_c(json, "team"), 0),
                     .slug = S("rule"),
                     .name = str_format(w->arena, "Rule %zu", i),
                     .when = value_text_or(value_get_c(json, "when"), STR_NONE),
                     .integration_ids = list_done(&integrations),
                     .conditions = rows ? *rows : (Value){.kind = VALUE_LIST},
                     .actions = actions ? *actions : (Value){.kind = VALUE_LIST},
                     .enabled = value_bool_or(value_get_c(json, "enabled"), true),
                     .match_any = value_bool_or(value_get_c(json, "any"), false),
                     .stop = value_bool_or(value_get_c(json, "stop"), false)};
    rules[w->org->rule_count] = rule_compile(&w->app, w->arena, &rule);
    if (rules[w->org->rule_count]->broken[0]) fail_msg("rule %zu: %s", i, rules[w->org->rule_count]->broken);
    w->org->rule_count++;
  }
  w->org->rules = rules;
}

static Str in_words(World *w, const Alert *a, const Plan *plan) {
  Buf buf = buf_new(w->arena, KIB(4));
  buf_puts(&buf, a->priority ? str_to_c(w->arena, priority_text(a->priority)) : "none");
  for (size_t i = 0; i < a->hold_count; i++) buf_format(&buf, " %s", a->holds[i].reason);
  for (size_t i = 0; i < plan->page_count; i++) buf_format(&buf, " page=%lld", (long long)plan->pages[i].policy_id);
  if (plan->incident_rule) buf_format(&buf, " incident=%lld", (long long)plan->incident_rule->id - 100);
  if (plan->pause_ms) buf_format(&buf, " pause=%lld", (long long)(plan->pause_ms - NOW_MS) / 1000);
  if (plan->snooze_ms) buf_format(&buf, " snooze=%lld", (long long)(plan->snooze_ms - NOW_MS) / 1000);
  if (plan->unrouted) buf_puts(&buf, " unrouted");
  if (plan->trace_count) buf_putc(&buf, ' ');
  for (size_t i = 0; i < plan->trace_count; i++)
    buf_putc(&buf, plan->traces[i].skipped ? '.' : "+-!"[plan->traces[i].result.match]);
  return buf_str(&buf);
}

static Alert alert_with(World *w, const char *labels, i32 priority) {
  return (Alert){.id = 1,
                 .org_id = 1,
                 .number = 1,
                 .integration_id = 7,
                 .dedup_key = S("key"),
                 .title = S("Disk full"),
                 .status = ALERT_TRIGGERED,
                 .priority = priority,
                 .labels = parse(w, labels),
                 .count = 1,
                 .episode = 1,
                 .first_seen_ms = NOW_MS,
                 .last_seen_ms = NOW_MS};
}

static Str decide(World *w, Alert *alert, bool pause_served, i64 now_ms) {
  Plan plan = {0};
  alert->last_seen_ms = now_ms;
  alert_decide(&w->setup, w->arena, alert, w->integration, pause_served, now_ms, &plan);
  return in_words(w, alert, &plan);
}

typedef struct Case {
  const char *rules, *labels;
  i32 priority;
  const char *expected;
} Case;

static void run(World *w, const Case *cases, size_t count) {
  for (size_t i = 0; i < count; i++) {
    add_rules(w, cases[i].rules);
    Alert alert = alert_with(w, cases[i].labels, cases[i].priority);
    Str got = decide(w, &alert, false, NOW_MS);
    if (!str_equal_c(got, cases[i].expected))
      fail_msg("case %zu: %s\n  expected %s\n  got      %.*s", i, cases[i].rules, cases[i].expected, STR_ARG(got));
  }
}

#define SET_P1 "{\"when\":\"labels.a == 'x'\",\"actions\":[{\"type\":\"set\",\"priority\":\"p1\"}]}"
#define IF_P1_PAGE2                                                                                                    \
  "{\"when\":\"alert.priority == 'p1'\",\"actions\":[{\"type\":\"page\",\"policy_id\":\"pol_0000000000002\"}]}"
#define SUPPRESS   "{\"when\":\"labels.a == 'x'\",\"actions\":[{\"type\":\"suppress\"}]}"
#define UNSUPPRESS "{\"when\":\"labels.b == 'y'\",\"actions\":[{\"type\":\"unsuppress\"}]}"
#define PAGE1      "{\"when\":\"true\",\"actions\":[{\"type\":\"page\",\"policy_id\":\"pol_0000000000001\"}]}"
#define PAGE       "{\"when\":\"true\",\"actions\":[{\"type\":\"page\"}]}"
#define INCIDENT   "{\"when\":\"true\",\"actions\":[{\"type\":\"create_incident\",\"group_by\":[\"labels.a\"]}]}"
#define PAUSE60    "{\"when\":\"true\",\"actions\":[{\"type\":\"pause\",\"for_s\":60}]}"
#define PAUSE300   "{\"when\":\"true\",\"actions\":[{\"type\":\"pause\",\"for_s\":300}]}"

static void in_order_and_later_rules_see_what_earlier_ones_set(void **state) {
  static const Case CASES[] = {
      {"[" SET_P1 "," IF_P1_PAGE2 "]", "{\"a\":\"x\"}", 3, "p1 page=2 ++"},
      {"[" IF_P1_PAGE2 "," SET_P1 "]", "{\"a\":\"x\"}", 3, "p1 unrouted -+"},
      {"[" SET_P1 "]", "{\"a\":\"other\"}", 3, "p3 unrouted -"},
      {"[{\"when\":\"true\",\"actions\":[{\"type\":\"set\",\"labels\":{\"b\":\"{{labels.a}}\"}}]},{\"when\":\"labels.b "
       "== "
       "'x'\"}]",
       "{\"a\":\"x\"}", 0, "none unrouted ++"},
      {"[{\"when\":\"true\",\"actions\":[{\"type\":\"set\",\"service_id\":\"svc_0000000000005\"}]},{\"when\":\"service."
       "name == "
       "'Shop'\"}]",
       "{}", 0, "none unrouted ++"},
  };
  run(*state, CASES, COUNT(CASES));
}

static void stop_ends_the_list_and_disabled_ones_are_listed(void **state) {
  static const Case CASES[] = {
      {"[{\"when\":\"labels.a == 'x'\",\"stop\":true}," PAGE1 "]", "{\"a\":\"x\"}", 0, "none unrouted +."},
      {"[{\"when\":\"labels.a == 'x'\",\"stop\":true}," PAGE1 "]", "{}", 0, "none page=1 -+"},
      {"[{\"when\":\"true\",\"enabled\":false,\"stop\":true}," PAGE1 "]", "{}", 0, "none page=1 .+"},
      {"[{\"when\":\"true\",\"for\":8}," PAGE1 "]", "{}", 0, "none page=1 .+"},
      {"[{\"when\":\"true\",\"for\":7}," PAGE1 "]", "{}", 0, "none page=1 ++"},
      {"[{\"when\":\"true\",\"stop\":true},{\"when\":\"true\",\"team\":2}]", "{}", 0, "none unrouted +"},
      {"[{\"when\":\"true\",\"stop\":true,\"actions\":[{\"type\":\"set\",\"service_id\":\"svc_0000000000005\"}]},{"
       "\"when\":"
       "\"true\",\"team\":2},{\"when\":\"true\",\"team\":3}]",
       "{}", 0, "none unrouted ++"},
  };
  run(*state, CASES, COUNT(CASES));
}

static void a_missing_field_is_no_match_other_failures_are_errors(void **state) {
  static const Case CASES[] = {
      {"[{\"when\":\"labels.missing == 'x'\"}," PAGE1 "]", "{}", 0, "none page=1 -+"},
      {"[{\"when\":\"labels.a.b.c == 'x'\"}," PAGE1 "]", "{\"a\":\"x\"}", 0, "none page=1 !+"},
      {"[{\"when\":\"int(labels.a) > 3\"}," PAGE1 "]", "{\"a\":\"many\"}", 0, "none page=1 !+"},
      {"[{\"when\":\"1 / int(labels.a) > 3\"}," PAGE1 "]", "{\"a\":\"0\"}", 0, "none page=1 !+"},
      {"[{\"when\":\"has(labels.missing)\"}]", "{}", 0, "none unrouted -"},
  };
  run(*state, CASES, COUNT(CASES));
}

static void suppress_is_a_hold_that_later_rules_go_on_under(void **state) {
  static const Case CASES[] = {
      {"[" SUPPRESS "," SET_P1 "," PAGE1 "]", "{\"a\":\"x\"}", 3, "p1 suppressed page=1 +++"},
      {"[" SUPPRESS "," UNSUPPRESS "]", "{\"a\":\"x\",\"b\":\"y\"}", 3, "p3 unrouted ++"},
      {"[" UNSUPPRESS "," SUPPRESS "]", "{\"a\":\"x\",\"b\":\"y\"}", 3, "p3 suppressed unrouted ++"},
      {"[" SUPPRESS "]", "{}", 3, "p3 unrouted -"},
  };
  run(*state, CASES, COUNT(CASES));
}

static void pages_are_collected_once_a_policy(void **state) {
  static const Case CASES[] = {
      {"[" PAGE1 "," PAGE1 "," IF_P1_PAGE2 "]", "{}", 1, "p1 page=1 page=2 +++"},
      {"[" PAGE1 "," PAUSE60 "," PAUSE300 "]", "{}", 1, "p1 page=1 pause=300 +++"},
      {"[" INCIDENT "," INCIDENT "," PAGE1 "]", "{}", 1, "p1 page=1 incident=0 +++"},
      {"[{\"when\":\"true\",\"actions\":[{\"type\":\"snooze\",\"for_s\":60}]}]", "{}", 1, "p1 snooze=60 unrouted +"},
      {"[{\"when\":\"true\",\"actions\":[{\"type\":\"page\",\"policy_id\":\"pol_0000000000009\"}]}]", "{}", 1,
       "p1 unrouted +"},
  };
  run(*state, CASES, COUNT(CASES));
}

/* The rule's, else the service's, its team's, the integration's, the integration's team's, the organization's. */
static void the_default_chain(void **state) {
  World *w = *state;
  SetupService *service = &w->setup.services.items[0];
  SetupTeam *service_team = &w->setup.teams.items[1], *integration_team = &w->setup.teams.items[2];
  w->integration->team_id = 3;
  i64 *const CHAIN[] = {&w->org->policy_id, &integration_team->policy_id, &w->integration->policy_id,
                        &service_team->policy_id, &service->policy_id};
  const i64 POLICIES[] = {1, 2, 3, 1, 2};
  add_rules(w, "[" PAGE "]");
  for (size_t i = 0; i < COUNT(CHAIN); i++) {
    *CHAIN[i] = POLICIES[i]; /* nearer and nearer */
    Alert alert = alert_with(w, "{}", 3);
    alert.service_id = 5;
    Str expected = str_format(w->arena, "p3 page=%lld +", (long long)POLICIES[i]);
    Str got = decide(w, &alert, false, NOW_MS);
    if (!str_equal(got, expected)) fail_msg("step %zu: %.*s", i, STR_ARG(got));
  }
  add_rules(w, "[" PAGE1 "," PAGE "]");
  Alert alert = alert_with(w, "{}", 3);
  alert.service_id = 5;
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS), "p3 page=1 page=2 ++"));
  service->policy_id = 1; /* the same policy by two ways is one page */
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS), "p3 page=1 ++"));
}

/* n within d by receive time, in a sliding window; reached it stays so until a resolve arms it again. */
static void a_threshold_counts_in_a_sliding_window(void **state) {
  World *w = *state;
  add_rules(w,
            "[{\"when\":\"true\",\"actions\":[{\"type\":\"threshold\",\"count\":3,\"within_s\":60},{\"type\":\"page\","
            "\"policy_id\":\"pol_0000000000001\"}]}]");
  static const struct {
    i64 at_s;
    const char *expected;
  } STEPS[] = {{0, "p3 suppressed unrouted +"},
               {30, "p3 suppressed unrouted +"},
               {70, "p3 suppressed unrouted +"},
               {80, "p3 page=1 +"},
               {1000, "p3 page=1 +"}};
  Alert alert = alert_with(w, "{}", 3);
  for (size_t i = 0; i < COUNT(STEPS); i++) {
    Str got = decide(w, &alert, false, NOW_MS + STEPS[i].at_s * 1000);
    if (!str_equal_c(got, STEPS[i].expected)) fail_msg("at %lld: %.*s", (long long)STEPS[i].at_s, STR_ARG(got));
  }
  alert.threshold = value_null(); /* as a resolve does */
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS + 2000000), "p3 suppressed unrouted +"));
}

static void a_pause_that_was_served_is_no_pause(void **state) {
  World *w = *state;
  add_rules(w, "[" PAUSE60 "," PAGE1 "]");
  Alert alert = alert_with(w, "{}", 3);
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS), "p3 page=1 pause=60 ++"));
  assert_true(str_equal_c(decide(w, &alert, true, NOW_MS), "p3 page=1 ++"));
  w->org->defaults.pause_s = 30;
  add_rules(w, "[" PAGE1 "]");
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS), "p3 page=1 pause=30 +"));
  assert_true(str_equal_c(decide(w, &alert, true, NOW_MS), "p3 page=1 +"));
}

static void a_quiet_integration_holds_all(void **state) {
  World *w = *state;
  w->integration->quiet = true;
  add_rules(w, "[" PAGE1 "," UNSUPPRESS "]");
  Alert alert = alert_with(w, "{\"b\":\"y\"}", 1);
  assert_true(str_equal_c(decide(w, &alert, false, NOW_MS), "p1 quiet page=1 ++"));
}

/* Deciding twice gives the same, and changes nothing but the alert that was handed over. */
static void deciding_is_pure(void **state) {
  World *w = *state;
  add_rules(w, "[" SET_P1 "," SUPPRESS "," PAUSE60 "," INCIDENT "," PAGE1 "]");
  Alert first = alert_with(w, "{\"a\":\"x\"}", 3), second = alert_with(w, "{\"a\":\"x\"}", 3);
  Str one = decide(w, &first, false, NOW_MS), two = decide(w, &second, false, NOW_MS);
  assert_true(str_equal(one, two));
  assert_true(str_equal(one, decide(w, &first, false, NOW_MS))); /* nothing piles up on the alert */
  assert_int_equal(first.hold_count, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup_world, teardown_world)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(in_order_and_later_rules_see_what_earlier_ones_set),
      TEST(stop_ends_the_list_and_disabled_ones_are_listed),
      TEST(a_missing_field_is_no_match_other_failures_are_errors),
      TEST(suppress_is_a_hold_that_later_rules_go_on_under),
      TEST(pages_are_collected_once_a_policy),
      TEST(the_default_chain),
      TEST(a_threshold_counts_in_a_sliding_window),
      TEST(a_pause_that_was_served_is_no_pause),
      TEST(a_quiet_integration_holds_all),
      TEST(deciding_is_pure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
