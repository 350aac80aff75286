/* Every table of the product, walked; then the hooks, each by what it brings about. People: core_people_test.c. */
#include "core_fixture.h"

/* Walking the tables ----------------------------------------------------------------------------------------------- */

typedef struct Columns {
  Arena *arena;
  Map *names; /* name -> "n" when it must not be null, else "" */
} Columns;

static bool take_column(const DbRow *row, void *ctx) {
  Columns *c = ctx;
  map_set(c->names, db_row_text(row, 0, c->arena), (void *)(uintptr_t)(db_row_int(row, 1) ? "n" : ""));
  return true;
}

static Map *columns_of(Fixture *f, const char *table) {
  Columns c = {.arena = f->arena, .names = map_new(f->arena)};
  Str sql = str_format(f->arena, "SELECT name, \"notnull\" FROM pragma_table_info('%s')", table);
  if (!db_query_text(f->db, sql, 0, NULL, take_column, &c, &f->err)) fail_msg("%s", f->err.message);
  if (map_count(c.names) == 0) fail_msg("no table %s", table);
  return c.names;
}

static void need_column(const Resource *r, Map *columns, const char *name) {
  if (!map_get(columns, str_from_c(name))) fail_msg("%s: no column %s in table %s", r->name, name, r->table);
}

static void every_field_has_a_column_that_can_hold_it(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *r = CORE_RESOURCES[i];
    Map *columns = columns_of(f, r->table);
    if (!r->is_organization) need_column(r, columns, "org_id");
    if (!r->bare) need_column(r, columns, "version");
    if (r->has_slug) need_column(r, columns, "slug");
    if (r->number) need_column(r, columns, "number");
    for (size_t k = 0; k < r->field_count; k++) {
      const Field *field = &r->fields[k];
      const char *name = field->column ? field->column : field->name;
      if (field->computed) continue;
      need_column(r, columns, name);
      bool not_null = strcmp(map_get(columns, str_from_c(name)), "n") == 0,
           made = (r->verbs & VERB_CREATE) && !r->create;
      bool filled = field->required || field->def || field->hidden || field->read_only || field->kind == F_LABELS ||
                    field->kind == F_LIST || field->kind == F_PRIORITY || str_equal_c(S("time_zone"), field->name);
      if (made && not_null && !filled) fail_msg("%s.%s may become NULL", r->name, field->name);
    }
  }
}

static void walk_field(Fixture *f, const Resource *r, const Field *field) {
  if (!field->doc || !field->doc[0]) fail_msg("%s.%s has no doc", r->name, field->name);
  for (const EnumValue *v = field->values; v && v->text; v++)
    if (enum_by_text(field->values, str_from_c(v->text)) != v)
      fail_msg("%s.%s: %s is there twice", r->name, field->name, v->text);
  if (field->kind == F_ENUM && field->def && !enum_by_text(field->values, str_from_c(field->def)))
    fail_msg("%s.%s: the default %s is no value", r->name, field->name, field->def);
  bool json = field->def && (field->kind == F_INT || field->kind == F_BOOL || field->kind == F_LIST ||
                             field->kind == F_OBJECT || field->kind == F_JSON);
  if (json) fixture_json(f, field->def);
  if (field->of) walk_field(f, r, field->of);
  for (size_t i = 0; i < field->field_count; i++) walk_field(f, r, &field->fields[i]);
}

static void tables_have_docs_sound_enums_and_defaults(void **state) {
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
    for (size_t k = 0; k < CORE_RESOURCES[i]->field_count; k++)
      walk_field(*state, CORE_RESOURCES[i], &CORE_RESOURCES[i]->fields[k]);
}

static bool take_count(const DbRow *row, void *ctx) {
  *(i64 *)ctx = db_row_int(row, 0);
  return true;
}

static void need_index(Fixture *f, const Resource *r, const char *index) {
  i64 n = 0;
  if (!index || strcmp(index, FILTER_SCAN) == 0) return;
  Str sql = str_format(f->arena,
                       "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '%s' AND tbl_name = '%s'",
                       index, r->table);
  assert_true(db_query_text(f->db, sql, 0, NULL, take_count, &n, &f->err));
  if (n != 1) fail_msg("%s names the index %s, which is not there", r->name, index);
}

static void filters_and_sorts_name_indexes_that_exist(void **state) {
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *r = CORE_RESOURCES[i];
    for (size_t k = 0; k < r->field_count; k++) need_index(*state, r, r->fields[k].filter);
    for (const SortField *s = r->sorts; s && s->name; s++) {
      need_index(*state, r, s->index);
      assert_non_null(resource_field(r, str_from_c(s->name)));
    }
    for (const FilterHint *h = r->hints; h && h->name; h++) assert_non_null(resource_field(r, str_from_c(h->name)));
  }
}

static void every_resource_lists(void **state) {
  Fixture *f = *state;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    ListQuery query = {.total = true};
    ResourceList list = {0};
    if (!resource_list(&f->ctx, CORE_RESOURCES[i], &query, &list, &f->err))
      fail_msg("%s: %s", CORE_RESOURCES[i]->name, f->err.message);
    assert_ptr_equal(registry_plural(f->registry, str_from_c(CORE_RESOURCES[i]->plural)), CORE_RESOURCES[i]);
    assert_ptr_equal(registry_prefix(f->registry, str_from_c(CORE_RESOURCES[i]->prefix)), CORE_RESOURCES[i]);
    for (const SortField *s = CORE_RESOURCES[i]->sorts; s && s->name; s++) {
      static Str open = STR("triggered"), new = STR("new");
      ListFilter only = {S("status"), strcmp(CORE_RESOURCES[i]->name, "incident") == 0 ? &new : &open, 1};
      query.sort = str_from_c(s->name);
      query.filters = &only;
      query.filter_count = s->only != NULL;
      if (!resource_list(&f->ctx, CORE_RESOURCES[i], &query, &list, &f->err))
        fail_msg("%s: %s", CORE_RESOURCES[i]->name, f->err.message);
    }
  }
}

static void insert_alert(Fixture *f) {
  Str sql = str_format(
      f->arena,
      "INSERT INTO alert (id, org_id, number, space, dedup_key, title, status, priority, labels, count, first_seen_at, "
      "last_seen_at, status_changed_at, episode, page_start, holds, hold_list, unrouted, truncated, source_hash, "
      "source_rank, occurrences, explanations, created_at, updated_at, version) VALUES (7, %lld, 42, 0, 'k', 'Disk "
      "full', 'triggered', 1, '{\"host\":\"a\"}', 3, 1, 2, 3, 1, 0, 1, "
      "'[{\"reason\":\"quiet\",\"id\":null,\"until\":null}]', "
      "0, 0, 0, 0, 0, 0, 4, 5, 1)",
      (long long)f->ctx.org_id);
  if (!db_exec_text(f->db, sql, 0, NULL, NULL, &f->err)) fail_msg("%s", f->err.message);
}

static void people_may_correct_an_alert_but_not_its_history(void **state) {
  Fixture *f = *state;
  Value out = value_null();
  i64 id = 0;
  insert_alert(f);
  assert_true(resource_resolve(&f->ctx, &ALERT, S("ALERT-42"), &id, &f->err));
  assert_true(fixture_patch(f, "alert", id, "{\"priority\": \"p3\", \"labels\": {\"env\": \"prod\"}}", 0, &out));
  assert_string_equal(fixture_text(f, &out, "/priority"), "p3");
  assert_string_equal(fixture_text(f, &out, "/labels"), "{\"host\":\"a\",\"env\":\"prod\"}");
  assert_string_equal(fixture_text(f, &out, "/number"), "ALERT-42");
  assert_string_equal(fixture_text(f, &out, "/holds/0/reason"), "quiet");
  assert_string_equal(fixture_text(f, &out, "/count"), "3");
  assert_false(fixture_patch(f, "alert", id, "{\"status\": \"resolved\", \"count\": 4}", 0, &out));
  assert_string_equal(fixture_error(f, 0), "/status read_only");
  assert_string_equal(fixture_error(f, 1), "/count read_only");
}

/* Lists of what grows without end: each must be an index's range, never a walk over the table. */
static void lists_of_what_grows_are_index_ranges(void **state) {
  Fixture *f = *state;
  static const char *const CASES[][3] = {{"alert", "", ""},
                                         {"alert", "status", "triggered"},
                                         {"alert", "sort", "-status_changed_at"},
                                         {"alert", "since", "2026-01-01T00:00:00Z"},
                                         {"timeline_entry", "subject_id", "ALERT"},
                                         {"page", "status", "active"},
                                         {"notification", "", ""},
                                         {"incident", "status", "new"},
                                         {"audit_entry", "", ""},
                                         {"request", "outcome", "failed"}};
  insert_alert(f);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Str name = str_from_c(CASES[i][1]), value = str_from_c(CASES[i][2]), plan = STR_NONE;
    ListQuery query = {0};
    if (str_equal_c(value, "ALERT")) value = id_text(f->arena, "alr", 7);
    assert_true(resource_query_read(f->arena, &name, &value, name.len > 0, &query, &f->err));
    if (!resource_list_plan(&f->ctx, fixture_resource(f, CASES[i][0]), &query, &plan, &f->err))
      fail_msg("%s", f->err.message);
    bool range = str_find(plan, S("USING INDEX"), 0) != SIZE_MAX, filtered = name.len && !str_equal_c(name, "sort");
    bool sorted_late = str_find(plan, S("TEMP B-TREE FOR ORDER BY"), 0) != SIZE_MAX && !filtered;
    if (!range || sorted_late) fail_msg("%s?%s=%s: %.*s", CASES[i][0], CASES[i][1], CASES[i][2], STR_ARG(plan));
  }
}

/* Hooks ------------------------------------------------------------------------------------------------------------ */

static bool known_template(ResourceCtx *ctx, Str name) {
  (void)ctx;
  return str_equal_c(name, "prometheus");
}

static void an_integration_has_a_key_and_a_url(void **state) {
  Fixture *f = *state;
  static const CoreHooks HOOKS = {.template_known = known_template};
  f->ctx.hooks = &HOOKS;
  Value made = fixture_make(f, "integration", "{\"name\": \"Prom\", \"template\": \"prometheus\"}");
  Value given = fixture_make(
      f, "integration",
      "{\"name\": \"Prom\", \"template\": \"prometheus\", \"key\": \"my-old-key-0123456\", \"secret\": \"s\"}");
  assert_int_equal(value_text_or(value_get_c(&made, "key"), S("")).len, 24);
  assert_string_equal(fixture_text(f, &given, "/url"), "https://tocsin.example/in/my-old-key-0123456");
  assert_string_equal(fixture_text(f, &given, "/slug"), "prom-2");
  assert_null(value_get_c(&given, "secret"));
  assert_false(
      fixture_try(f, "integration", "{\"name\": \"X\", \"template\": \"nagois\", \"key\": \"my-old-key-0123456\"}"));
  assert_string_equal(fixture_error(f, 0), "/template choice");
  assert_false(fixture_try(f, "integration",
                           "{\"name\": \"X\", \"template\": \"prometheus\", \"key\": \"my-old-key-0123456\"}"));
  assert_string_equal(fixture_error(f, 0), "/key taken");
  assert_false(fixture_try(f, "integration",
                           "{\"name\": \"X\", \"template\": \"prometheus\", \"key\": \"has/slash-0123456789\"}"));
  assert_string_equal(fixture_error(f, 0), "/key format");
  assert_false(fixture_try(f, "integration", "{\"name\": \"X\", \"template\": \"prometheus\", \"key\": \"ab\"}"));
  assert_string_equal(fixture_error(f, 0), "/key length");
}

static const char SCHEDULE_JSON[] =
    "{\"name\": \"Primary\", \"layers\": [{\"name\": \"Week\", \"starts_at\": \"2026-01-05T09:00:00\", \"turn\": "
    "{\"every\": 1, \"unit\": \"week\"}, "
    "\"members\": [[\"ann@example.com\"], [\"ann@example.com\", \"bob@example.com\"], []], "
    "\"windows\": [{\"days\": [\"mon\", \"fri\"], \"from\": \"18:00\", \"to\": \"09:00\"}]}]}";

static void a_schedule_is_checked_to_the_bottom(void **state) {
  Fixture *f = *state;
  make_ann(f);
  Value bob = make_bob(f), schedule = fixture_make(f, "schedule", SCHEDULE_JSON);
  assert_string_equal(fixture_text(f, &schedule, "/time_zone"), "Europe/Berlin"); /* the organization's */
  assert_string_equal(fixture_text(f, &schedule, "/layers/0/mode"), "replace");
  assert_string_equal(fixture_text(f, &schedule, "/layers/0/members/1/1"), fixture_text(f, &bob, "/id"));
  assert_false(fixture_try(
      f, "schedule",
      "{\"name\": \"S\", \"time_zone\": \"Berlin\", \"layers\": [{\"name\": \"L\", \"starts_at\": "
      "\"2026-01-05T09:00:00Z\", "
      "\"turn\": {\"every\": 0, \"unit\": \"fortnight\"}, \"members\": [[\"eve@example.com\"], \"ann@example.com\"], "
      "\"windows\": [{\"days\": [\"monday\"], \"from\": \"25:00\"}]}]}"));
  static const char *const WANT[] = {"/time_zone choice",
                                     "/layers/0/starts_at format",
                                     "/layers/0/turn/every range",
                                     "/layers/0/turn/unit choice",
                                     "/layers/0/members/0/0 not_found",
                                     "/layers/0/members/1 type",
                                     "/layers/0/windows/0/days/0 choice",
                                     "/layers/0/windows/0/from format",
                                     "/layers/0/windows/0/to required"};
  assert_int_equal(f->ctx.errors.count, COUNT(WANT));
  for (size_t i = 0; i < COUNT(WANT); i++) assert_string_equal(fixture_error(f, i), WANT[i]);
}

static const char *with_members(Fixture *f, const char *members) {
  return str_to_c(
      f->arena,
      str_format(f->arena,
                 "{\"layers\": [{\"name\": \"Week\", \"starts_at\": \"2026-01-05T09:00:00\", \"members\": %s}]}",
                 members));
}

static void whoever_is_on_call_stays_when_the_list_changes(void **state) {
  Fixture *f = *state;
  i64 now = 0;
  assert_true(time_parse_ms(S("2026-01-14T12:00:00Z"), &now)); /* the second turn: Bob's */
  f->ctx.now_ms = now;
  make_ann(f);
  make_bob(f);
  fixture_make(f, "user", "{\"name\": \"Cy\", \"email\": \"cy@example.com\"}");
  Value s = fixture_make(
      f, "schedule",
      str_to_c(f->arena, str_format(f->arena, "{\"name\": \"P\", %s",
                                    with_members(f, "[[\"ann@example.com\"], [\"bob@example.com\"]]") + 1)));
  i64 id = fixture_id(f, &s);
  Value out = value_null();
  assert_string_equal(fixture_text(f, &s, "/layers/0/anchor"), "");
  assert_true(fixture_patch(f, "schedule", id,
                            with_members(f, "[[\"cy@example.com\"], [\"ann@example.com\"], [\"bob@example.com\"]]"), 0,
                            &out));
  assert_string_equal(fixture_text(f, &out, "/layers/0/anchor"),
                      "{\"at\":\"2026-01-05T09:00:00\",\"index\":1}"); /* 1 + 1 turn: Bob's place, 2 */
  assert_true(
      fixture_patch(f, "schedule", id, with_members(f, "[[\"bob@example.com\"], [\"cy@example.com\"]]"), 0, &out));
  assert_string_equal(fixture_text(f, &out, "/layers/0/anchor/index"), "1"); /* 1 + 1 modulo 2: Bob's place, 0 */
  i64 version = value_int_or(value_get_c(&out, "version"), 0);
  assert_true(resource_update(&f->ctx, &SCHEDULE, id, &out, 0, &out, &f->err));
  assert_int_equal(value_int_or(value_get_c(&out, "version"), 0), version);
}

static void an_override_ends_after_it_starts(void **state) {
  Fixture *f = *state;
  make_ann(f);
  make_bob(f);
  fixture_make(f, "schedule", SCHEDULE_JSON);
  fixture_make(
      f, "schedule_override",
      "{\"schedule_id\": \"primary\", \"user_id\": \"bob@example.com\", \"replaces_user_id\": \"ann@example.com\", "
      "\"starts_at\": \"2026-03-01T08:00:00+01:00\", \"ends_at\": 1772439600000}");
  assert_false(fixture_try(f, "schedule_override",
                           "{\"schedule_id\": \"primary\", \"user_id\": \"bob@example.com\", \"kind\": \"add\", "
                           "\"replaces_user_id\": \"ann@example.com\", \"starts_at\": 2000, \"ends_at\": 1000}"));
  assert_string_equal(fixture_error(f, 0), "/ends_at range");
  assert_string_equal(fixture_error(f, 1), "/replaces_user_id choice");
  Value items = list_all(f, "schedule_override");
  assert_string_equal(fixture_text(f, &items, "/0/starts_at"), "2026-03-01T07:00:00Z");
}

static void a_policy_keeps_its_targets(void **state) {
  Fixture *f = *state;
  Value ann = make_ann(f);
  Value policy = fixture_make(f, "escalation_policy",
                              "{\"name\": \"Default\", \"levels\": [{\"targets\": [{\"kind\": \"user\", \"id\": "
                              "\"ann@example.com\"}], \"wait_s\": 60}]}");
  assert_string_equal(fixture_text(f, &policy, "/levels/0/targets/0/id"), fixture_text(f, &ann, "/id"));
  assert_string_equal(fixture_text(f, &policy, "/repeat"), "3");
  assert_string_equal(fixture_text(f, &policy, "/urgency"), "by_priority");
  assert_string_equal(fixture_text(f, &policy, "/levels/0/strategy"), "all");
  assert_false(fixture_try(
      f, "escalation_policy",
      "{\"name\": \"D\", \"repeat\": 10, \"levels\": [{\"targets\": [{\"kind\": \"users\", \"id\": \"x\"}]}]}"));
  assert_string_equal(fixture_error(f, 0), "/levels/0/targets/0/kind choice");
  assert_string_equal(fixture_error(f, 1), "/repeat range");
  assert_false(resource_delete(&f->ctx, &USER, fixture_id(f, &ann), 0, &f->err));
}

static bool rule_ok(ResourceCtx *ctx, const Value *rule, Error *err) {
  (void)ctx;
  return !str_equal_c(value_text_or(value_get_c(rule, "when"), STR_NONE), "nope") ||
         fail_at(err, ERR_INVALID, "/when", "unknown name nope");
}

static void rules_take_every_action_and_line_up(void **state) {
  Fixture *f = *state;
  static const CoreHooks HOOKS = {.check_rule = rule_ok};
  f->ctx.hooks = &HOOKS;
  fixture_make(f, "service", "{\"name\": \"Checkout\", \"tier\": \"tier1\"}");
  Value rule = fixture_make(
      f, "alert_rule",
      "{\"name\": \"All\", \"conditions\": [{\"field\": \"labels.severity\", \"op\": \"in\", "
      "\"value\": [\"a\", 1]}], \"actions\": ["
      "{\"type\": \"set\", \"priority\": \"p1\", \"service_id\": \"checkout\"}, {\"type\": \"suppress\", \"reason\": "
      "\"r\"}, {\"type\": \"unsuppress\"}, "
      "{\"type\": \"pause\", \"for_s\": 60}, {\"type\": \"threshold\", \"count\": 3, \"within_s\": 60}, "
      "{\"type\": \"create_incident\", \"severity\": 1, \"group_by\": [\"labels.cluster\"]}, {\"type\": \"page\"}, "
      "{\"type\": \"snooze\", \"for_s\": 60}]}");
  assert_true(str_starts_with(str_from_c(fixture_text(f, &rule, "/actions/0/service_id")), S("svc_")));
  assert_string_equal(fixture_text(f, &rule, "/actions/5/max_window_s"), ""); /* the organization says */
  assert_string_equal(fixture_text(f, &rule, "/position"), "1");
  Value second = fixture_make(f, "alert_rule", "{\"name\": \"Second\", \"stop\": true}");
  assert_string_equal(fixture_text(f, &second, "/position"), "2");
  assert_false(fixture_try(f, "alert_rule", "{\"name\": \"Bad\", \"when\": \"nope\", \"stop\": true}"));
  assert_string_equal(fixture_error(f, 0), "/when expression");
  assert_false(fixture_try(f, "alert_rule",
                           "{\"name\": \"Bad\", \"actions\": [{\"type\": \"pause\"}, {\"type\": \"explode\"}, "
                           "{\"type\": \"page\", \"policy\": 1}]}"));
  assert_string_equal(fixture_error(f, 0), "/actions/0/for_s required");
  assert_string_equal(fixture_error(f, 1), "/actions/1/type choice");
  assert_string_equal(fixture_error(f, 2), "/actions/2/policy unknown");
}

static void incidents_come_from_the_domain(void **state) {
  Fixture *f = *state;
  assert_false(fixture_try(f, "incident", "{\"title\": \"Down\"}"));
  assert_int_equal(f->err.code, ERR_UNAVAILABLE);
  assert_false(fixture_try(f, "incident", "{\"title\": \"Down\", \"severity\": 5, \"status\": \"done\"}"));
  assert_string_equal(fixture_error(f, 0), "/status choice");
  assert_string_equal(fixture_error(f, 1), "/severity range");
}

static void one_organization_makes_no_other(void **state) {
  Fixture *f = *state;
  assert_false(fixture_try(f, "organization", "{\"name\": \"Other\"}"));
  assert_int_equal(f->err.code, ERR_FORBIDDEN);
  Value out = value_null();
  assert_true(fixture_patch(f, "organization", f->ctx.org_id, "{\"defaults\": {\"reopen_window_s\": 60}}", 0, &out));
  assert_string_equal(fixture_text(f, &out, "/defaults/reopen_window_s"), "60");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CORE_TEST(every_field_has_a_column_that_can_hold_it),
      CORE_TEST(tables_have_docs_sound_enums_and_defaults),
      CORE_TEST(filters_and_sorts_name_indexes_that_exist),
      CORE_TEST(every_resource_lists),
      CORE_TEST(lists_of_what_grows_are_index_ranges),
      CORE_TEST(people_may_correct_an_alert_but_not_its_history),
      CORE_TEST(an_integration_has_a_key_and_a_url),
      CORE_TEST(a_schedule_is_checked_to_the_bottom),
      CORE_TEST(whoever_is_on_call_stays_when_the_list_changes),
      CORE_TEST(an_override_ends_after_it_starts),
      CORE_TEST(a_policy_keeps_its_targets),
      CORE_TEST(rules_take_every_action_and_line_up),
      CORE_TEST(incidents_come_from_the_domain),
      CORE_TEST(one_organization_makes_no_other),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
