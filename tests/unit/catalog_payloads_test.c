/* Payloads of vendors through the specs: every <case>.expected.json of tests/data/payloads, and every sample inside the
 * specs. What is graded: tests/data/payloads/README.md. */
#include "unit/catalog_fixture.h"

enum { CASES_MAX = 1000 };

typedef struct Case {
  Str vendor, name;
} Case;

typedef struct World {
  Arena *arena; /* lists of cases */
  ZoneDb *zones;
  Catalog *catalog;
  Case cases[CASES_MAX];
  size_t case_count;
  Arena *scratch; /* cleared for each case */
} World;

static void list_folder(World *w, const char *vendor) {
  char *path = str_to_c(w->arena, str_format(w->arena, PAYLOADS "/%s", vendor));
  DIR *folder = opendir(path);
  if (!folder) return;
  for (struct dirent *entry; (entry = readdir(folder));) {
    Str name = str_from_c(entry->d_name);
    if (!str_ends_with(name, S(".expected.json"))) continue;
    assert_true(w->case_count < CASES_MAX);
    name.len -= sizeof ".expected.json" - 1;
    w->cases[w->case_count++] = (Case){str_copy(w->arena, str_from_c(vendor)), str_copy(w->arena, name)};
  }
  closedir(folder);
}

/* Folders without a spec of their name wait for it. */
static int set_up(void **state) {
  World *w = xcalloc(1, sizeof *w);
  w->arena = arena_new();
  w->scratch = arena_new();
  w->catalog = load_catalog(&w->zones);
  DIR *root = opendir(PAYLOADS);
  assert_non_null(root);
  for (struct dirent *entry; (entry = readdir(root));)
    if (entry->d_name[0] != '.' && catalog_find(w->catalog, str_from_c(entry->d_name))) list_folder(w, entry->d_name);
  closedir(root);
  assert_true(w->case_count > 0);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  World *w = *state;
  catalog_free(w->catalog);
  zone_db_free(w->zones);
  arena_free(w->scratch);
  arena_free(w->arena);
  free(w);
  return 0;
}

static Value expected(World *w, const Case *c) {
  return read_json(w->scratch, str_to_c(w->scratch, str_format(w->scratch, PAYLOADS "/%.*s/%.*s.expected.json",
                                                               STR_ARG(c->vendor), STR_ARG(c->name))));
}

/* Prints what differs; a table with one bad row shows all its rows. */
#define COMPLAIN(c, ...)                                                                                               \
  (printf("%.*s/%.*s: ", STR_ARG((c)->vendor), STR_ARG((c)->name)), printf(__VA_ARGS__), printf("\n"), false)

static Normalised normalise(World *w, const Case *c) {
  Normalised out = {0};
  Error err = {0};
  NormaliseSettings settings = {.integration_id = 7};
  const Spec *spec = catalog_find(w->catalog, c->vendor);
  RawRequest request = read_request(w->scratch, c->vendor, c->name);
  if (!spec_normalise(spec, w->scratch, &request, &settings, &out, &err)) {
    (void)COMPLAIN(c, "%s", err.message);
    out.outcome = "refused";
  }
  return out;
}

/* Grading -----------------------------------------------------------------------------------------------------------
 */

static bool contains_nocase(Arena *arena, Str text, Str part) {
  return str_find(str_lower(arena, text), str_lower(arena, part), 0) != SIZE_MAX;
}

static bool right_title(World *w, const Case *c, const Event *e, const Value *want) {
  const Value *parts = value_get_c(want, "title_must_contain");
  if (!e->title.len) return COMPLAIN(c, "no title");
  for (u32 i = 0; parts && i < parts->size; i++)
    if (!contains_nocase(w->scratch, e->title, value_text(&parts->items[i])))
      return COMPLAIN(c, "title \"%.*s\"", STR_ARG(e->title));
  return true;
}

static i32 priority_of(Str severity) {
  static const char *const NAMES[] = {"", "critical", "error", "warning", "info"};
  for (i32 i = 1; i <= 4; i++)
    if (str_equal_c(severity, NAMES[i])) return i;
  return 0;
}

static bool one_of(const Value *want, const char *field, const char *alternatives, Str have) {
  if (str_equal_nocase(value_text_or(value_get_c(want, field), STR_NONE), have)) return true;
  const Value *others = value_get_c(want, alternatives);
  for (u32 i = 0; value_is(others, VALUE_LIST) && i < others->size; i++)
    if (str_equal_nocase(value_text_or(&others->items[i], STR_NONE), have)) return true;
  return false;
}

/* A resolve repeats the severity of its problem at most; it never sets one. */
static bool right_severity(const Case *c, const Event *e, const Value *want) {
  if (e->status == EVENT_RESOLVED) return e->priority == 0 || COMPLAIN(c, "a resolve has priority %d", e->priority);
  if (e->priority == priority_of(value_text_or(value_get_c(want, "severity"), STR_NONE))) return true;
  const Value *others = value_get_c(want, "severity_alternatives");
  for (u32 i = 0; value_is(others, VALUE_LIST) && i < others->size; i++)
    if (e->priority == priority_of(value_text_or(&others->items[i], STR_NONE))) return true;
  return COMPLAIN(c, "priority %d (\"%.*s\")", e->priority, STR_ARG(e->source_priority));
}

static bool right_status(const Case *c, const Event *e, const Value *want) {
  Str word = value_text(value_get_c(want, "status"));
  const char *status = str_equal_c(word, "firing")     ? "triggered"
                       : str_equal_c(word, "resolved") ? "resolved"
                                                       : "acknowledged";
  return strcmp(event_status_name(e->status), status) == 0 || COMPLAIN(c, "status %s", event_status_name(e->status));
}

/* Names may differ; values survive. */
static bool right_labels(World *w, const Case *c, const Event *e, const Value *want) {
  const Value *labels = value_get_c(want, "labels_must_include");
  for (u32 i = 0; value_is(labels, VALUE_MAP) && i < labels->size; i++) {
    Str name = value_text(&labels->members[i].key), value = value_display(w->scratch, &labels->members[i].value);
    const Value *have = value_get(&e->labels, name);
    if (!have || !str_equal(value_text(have), value))
      return COMPLAIN(c, "label %.*s is \"%.*s\", not \"%.*s\"", STR_ARG(name),
                      STR_ARG(value_text_or(have, S("absent"))), STR_ARG(value));
  }
  return true;
}

static bool right_time(World *w, const Case *c, const Value *want, const char *field, i64 have) {
  i64 ms = 0;
  Str text = value_text_or(value_get_c(want, field), STR_NONE);
  if (!text.len) return true;
  assert_true(time_parse_ms(text, &ms));
  if (have / 1000 == ms / 1000) return true;
  return COMPLAIN(c, "%s is %.*s, not %.*s", field, STR_ARG(time_text_ms(w->scratch, have)), STR_ARG(text));
}

static bool right_link(const Case *c, const Event *e, const Value *want) {
  Str url = value_text_or(value_get_c(want, "url"), STR_NONE);
  if (!url.len) return true;
  for (u32 i = 0; e->links.kind == VALUE_LIST && i < e->links.size; i++)
    if (str_equal(value_text(value_get_c(&e->links.items[i], "href")), url)) return true;
  return COMPLAIN(c, "link %.*s is missing", STR_ARG(url));
}

static bool right_service(const Case *c, const Event *e, const Value *want) {
  if (!value_text_or(value_get_c(want, "service_hint"), STR_NONE).len) return true;
  return one_of(want, "service_hint", "service_hint_alternatives", e->service) ||
         COMPLAIN(c, "service \"%.*s\"", STR_ARG(e->service));
}

static bool right_alert(World *w, const Case *c, const Event *e, const Value *want) {
  bool resolved = e->status == EVENT_RESOLVED;
  return right_title(w, c, e, want) && right_severity(c, e, want) && right_status(c, e, want) &&
         right_labels(w, c, e, want) && (resolved || right_time(w, c, want, "starts_at", e->starts_ms)) &&
         right_time(w, c, want, "ends_at", e->ends_ms) && right_link(c, e, want) && right_service(c, e, want);
}

static bool right_text(const Case *c, const Value *want, const char *field, Str have) {
  Str text = value_text_or(value_get_c(want, field), STR_NONE);
  return !text.len || str_equal_nocase(text, have) ||
         COMPLAIN(c, "%s is \"%.*s\", not \"%.*s\"", field, STR_ARG(have), STR_ARG(text));
}

static bool right_change(World *w, const Case *c, const Event *e, const Value *want) {
  if (!one_of(want, "type", "type_alternatives", e->change_kind))
    return COMPLAIN(c, "kind \"%.*s\"", STR_ARG(e->change_kind));
  return right_title(w, c, e, want) && right_text(c, want, "revision", e->revision) &&
         right_text(c, want, "author", e->author) && right_text(c, want, "url", e->url) &&
         right_text(c, want, "environment", e->environment) && right_text(c, want, "status", e->change_status) &&
         right_service(c, e, want) && right_time(w, c, want, "occurred_at", e->occurred_ms);
}

static bool right_events(World *w, const Case *c, const Normalised *n, const Value *want) {
  const Value *alerts = value_get_c(want, "alerts"), *changes = value_get_c(want, "changes");
  size_t alert_count = alerts ? alerts->size : 0, change_count = changes ? changes->size : 0, alert = 0, change = 0;
  if (n->event_count != alert_count + change_count)
    return COMPLAIN(c, "%zu events, not %zu", n->event_count, alert_count + change_count);
  for (size_t i = 0; i < n->event_count; i++) {
    const Event *e = &n->events[i];
    const Value *one = e->kind == EVENT_ALERT ? value_at(alerts, alert++) : value_at(changes, change++);
    if (!one) return COMPLAIN(c, "an alert is a change or the other way round");
    if (!(e->kind == EVENT_ALERT ? right_alert(w, c, e, one) : right_change(w, c, e, one))) return false;
  }
  return true;
}

static bool right_case(World *w, const Case *c) {
  Value want = expected(w, c);
  Normalised n = normalise(w, c);
  Str kind = value_text(value_get_c(&want, "kind"));
  if (str_equal_c(kind, "test") || str_equal_c(kind, "confirmation"))
    return (str_equal_c(kind, n.outcome) && n.event_count == 0) ||
           COMPLAIN(c, "%s, %zu events", n.outcome, n.event_count);
  if (n.warning_count) return COMPLAIN(c, "warning: %.*s", STR_ARG(n.warnings[0]));
  bool empty = n.event_count == 0 && strcmp(n.outcome, "refused") != 0;
  if (!empty && strcmp(n.outcome, "accepted") != 0) return COMPLAIN(c, "outcome %s", n.outcome);
  return right_events(w, c, &n, &want);
}

static void every_payload_gives_what_is_expected(void **state) {
  World *w = *state;
  size_t bad = 0;
  for (size_t i = 0; i < w->case_count; i++) {
    arena_clear(w->scratch);
    bad += !right_case(w, &w->cases[i]);
  }
  printf("%zu payloads\n", w->case_count);
  assert_int_equal(bad, 0);
}

/* Identity ----------------------------------------------------------------------------------------------------------
 */

static void the_cases_of_a_pair_share_a_key(void **state) {
  World *w = *state;
  size_t bad = 0;
  Map *keys = map_new(w->arena);
  for (size_t i = 0; i < w->case_count; i++) {
    const Case *c = &w->cases[i];
    arena_clear(w->scratch);
    Value want = expected(w, c);
    const Value *id = value_get_c(value_get_c(&want, "pair"), "id");
    Normalised n = normalise(w, c);
    if (!id || n.event_count == 0) continue;
    Str name = str_format(w->arena, "%.*s/%.*s", STR_ARG(c->vendor), STR_ARG(value_display(w->scratch, id)));
    Str *key = map_get(keys, name);
    if (!key) {
      key = ARENA_NEW(w->arena, Str);
      *key = str_copy(w->arena, n.events[0].dedup_key);
      (void)map_set(keys, name, key);
    } else if (!str_equal(*key, n.events[0].dedup_key)) {
      bad += !COMPLAIN(c, "key \"%.*s\", its pair has \"%.*s\"", STR_ARG(n.events[0].dedup_key), STR_ARG(*key));
    }
  }
  assert_true(map_count(keys) > 0);
  assert_int_equal(bad, 0);
}

static void elements_of_one_body_have_keys_of_their_own(void **state) {
  World *w = *state;
  size_t bad = 0;
  for (size_t i = 0; i < w->case_count; i++) {
    arena_clear(w->scratch);
    Normalised n = normalise(w, &w->cases[i]);
    for (size_t a = 0; a < n.event_count; a++)
      for (size_t b = 0; b < a; b++)
        if (str_equal(n.events[a].dedup_key, n.events[b].dedup_key))
          bad += !COMPLAIN(&w->cases[i], "events %zu and %zu share a key", b, a);
  }
  assert_int_equal(bad, 0);
}

/* Signatures --------------------------------------------------------------------------------------------------------
 */

static bool has_signature(const Spec *spec, const RawRequest *request) {
  for (size_t i = 0; i < spec->auth_count; i++)
    if (spec->auth[i].kind == AUTH_HMAC && spec_header(request, spec->auth[i].header).len) return true;
  return false;
}

static bool authenticates(World *w, const Spec *spec, const RawRequest *request, const char *secret) {
  Error err = {0};
  Str url;
  NormaliseSettings settings = {.secret = str_from_c(secret)};
  bool ok = spec_authenticate(spec, w->scratch, request, &settings, &url, &err);
  if (!ok) assert_int_equal(err.code, ERR_UNAUTHORIZED);
  return ok;
}

static void good_signatures_pass_and_altered_bodies_do_not(void **state) {
  World *w = *state;
  size_t seen = 0;
  for (size_t i = 0; i < w->case_count; i++) {
    arena_clear(w->scratch);
    const Case *c = &w->cases[i];
    const Spec *spec = catalog_find(w->catalog, c->vendor);
    RawRequest request = read_request(w->scratch, c->vendor, c->name), altered = request;
    if (!has_signature(spec, &request)) continue;
    seen++;
    if (!authenticates(w, spec, &request, "payload-corpus-secret")) fail_msg("%.*s was refused", STR_ARG(c->name));
    altered.body = str_format(w->scratch, "%.*s ", STR_ARG(request.body));
    assert_false(authenticates(w, spec, &altered, "payload-corpus-secret"));
    assert_false(authenticates(w, spec, &request, "another secret"));
    assert_true(authenticates(w, spec, &request, "old secret\npayload-corpus-secret"));
    assert_true(authenticates(w, spec, &altered, ""));
  }
  assert_true(seen > 0);
}

/* Samples -----------------------------------------------------------------------------------------------------------
 */

static Value as_value(Arena *arena, const Normalised *n) {
  MapBuilder map = map_builder(arena);
  ValueVec events = {0}, errors = {0};
  for (size_t i = 0; i < n->event_count; i++) *VEC_PUSH(arena, &events) = event_to_value(arena, &n->events[i]);
  for (size_t i = 0; i < n->error_count; i++) *VEC_PUSH(arena, &errors) = value_int(n->errors[i].index);
  (void)map_put_c(&map, "outcome", value_c(n->outcome));
  (void)map_put_c(&map, "events", list_done(&events));
  (void)map_put_c(&map, "errors", list_done(&errors));
  return map_done(&map);
}

static bool warned(const Normalised *n, Str part) {
  for (size_t i = 0; i < n->warning_count; i++)
    if (str_find(n->warnings[i], part, 0) != SIZE_MAX) return true;
  return false;
}

static bool right_sample(World *w, const Spec *spec, const Value *sample) {
  const Value *body = value_get_c(sample, "body"), *headers = value_get_c(sample, "headers"),
              *want = value_get_c(sample, "expect");
  Case c = {spec_name(spec), value_text_or(value_get_c(sample, "name"), S("a sample"))};
  Normalised n = {0};
  Error err = {0};
  NormaliseSettings settings = {.integration_id = 7};
  if (!body || !want) return COMPLAIN(&c, "body or expect is missing");
  RawRequest request = make_request(body->kind == VALUE_STRING ? value_text(body) : json_text(w->scratch, body));
  request.query = value_text_or(value_get_c(sample, "query"), STR_NONE);
  for (u32 i = 0; headers && i < headers->size; i++)
    add_header(w->scratch, &request, value_text(&headers->members[i].key), value_text(&headers->members[i].value));
  if (!spec_normalise(spec, w->scratch, &request, &settings, &n, &err))
    return str_equal_c(value_text_or(value_get_c(want, "outcome"), STR_NONE), "unmapped") ||
           COMPLAIN(&c, "%s", err.message);
  Value have = as_value(w->scratch, &n), fields = *want;
  const Value *warnings = value_get_c(want, "warnings");
  for (u32 i = 0; warnings && i < warnings->size; i++)
    if (!warned(&n, value_text(&warnings->items[i])))
      return COMPLAIN(&c, "no warning \"%.*s\"", STR_ARG(value_text(&warnings->items[i])));
  for (u32 i = 0; i < fields.size; i++) {
    Str name = value_text(&fields.members[i].key);
    if (!str_equal(name, S("warnings")) && !value_holds(value_get(&have, name), &fields.members[i].value))
      return COMPLAIN(&c, "%.*s: %.*s", STR_ARG(name), STR_ARG(json_text(w->scratch, &have)));
  }
  return warnings || n.warning_count == 0 || COMPLAIN(&c, "warning: %.*s", STR_ARG(n.warnings[0]));
}

static void every_sample_in_a_spec_holds(void **state) {
  World *w = *state;
  size_t bad = 0, seen = 0;
  for (size_t i = 0; i < catalog_count(w->catalog); i++) {
    const Spec *spec = catalog_at(w->catalog, i);
    const Value *samples = spec_samples(spec);
    for (u32 s = 0; s < samples->size; s++, seen++) {
      arena_clear(w->scratch);
      bad += !right_sample(w, spec, &samples->items[s]);
    }
    if (samples->size == 0 || spec_guide(spec).len == 0)
      fail_msg("%.*s has no samples or no guide", STR_ARG(spec_name(spec)));
  }
  printf("%zu samples\n", seen);
  assert_int_equal(bad, 0);
}

/* The example that people copy. */
static void the_example_in_the_docs_holds(void **state) {
  World *w = *state;
  const Spec *spec = NULL;
  Error err = {0};
  arena_clear(w->scratch);
  Str docs = read_file(w->scratch, "docs/integrations.md");
  size_t from = str_find(docs, S("```yaml\n"), 0), to = str_find(docs, S("\n```"), from + 8);
  assert_true(from != SIZE_MAX && to != SIZE_MAX);
  if (!spec_compile(w->arena, w->zones, str_slice(docs, from + 8, to + 1), &spec, &err))
    fail_msg("%s\n%s", err.message, err.detail);
  assert_true(spec_samples(spec)->size > 0);
  assert_true(right_sample(w, spec, &spec_samples(spec)->items[0]));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_payload_gives_what_is_expected),
      cmocka_unit_test(the_cases_of_a_pair_share_a_key),
      cmocka_unit_test(elements_of_one_body_have_keys_of_their_own),
      cmocka_unit_test(good_signatures_pass_and_altered_bodies_do_not),
      cmocka_unit_test(every_sample_in_a_spec_holds),
      cmocka_unit_test(the_example_in_the_docs_holds),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
