/* The spec language: what loads and what does not, and what becomes of elements: errors, keys, labels, limits, times,
 * overrides, filters. Payloads of vendors: catalog_payloads_test.c. */
#include "unit/catalog_fixture.h"

typedef struct World {
  Arena *arena;
  ZoneDb *zones;
  Catalog *catalog;
} World;

static int set_up(void **state) {
  World *w = xcalloc(1, sizeof *w);
  w->arena = arena_new();
  w->catalog = load_catalog(&w->zones);
  *state = w;
  return 0;
}

static int tear_down(void **state) {
  World *w = *state;
  catalog_free(w->catalog);
  zone_db_free(w->zones);
  arena_free(w->arena);
  free(w);
  return 0;
}

static const Spec *compile(World *w, const char *yaml) {
  const Spec *spec = NULL;
  Error err = {0};
  if (!spec_compile(w->arena, w->zones, str_from_c(yaml), &spec, &err)) fail_msg("%s\n%s", err.message, err.detail);
  return spec;
}

static bool take(World *w, const Spec *spec, Str body, const NormaliseSettings *settings, Normalised *out, Error *err) {
  static const NormaliseSettings PLAIN = {.integration_id = 7};
  RawRequest request = make_request(body);
  return spec_normalise(spec, w->arena, &request, settings ? settings : &PLAIN, out, err);
}

static Normalised good(World *w, const char *name, Str body) {
  Normalised out = {0};
  Error err = {0};
  if (!take(w, catalog_find(w->catalog, str_from_c(name)), body, NULL, &out, &err)) fail_msg("%s", err.message);
  return out;
}

static Event one(World *w, const char *body) {
  Normalised n = good(w, "generic", str_from_c(body));
  assert_int_equal(n.event_count, 1);
  return n.events[0];
}

static bool label_is(const Event *e, const char *name, const char *text) {
  const Value *v = value_get_c(&e->labels, name);
  return v ? str_equal_c(value_text(v), text) : text == NULL;
}

/* Loading -----------------------------------------------------------------------------------------------------------
 */

static void broken_specs_say_where(void **state) {
  static const struct {
    const char *yaml, *part;
  } CASES[] = {
      {"name: x\nkinds:\n  - kind: alert\n    alert:\n      title: payload.a +\n", "line 5: kinds[0].alert.title"},
      {"name: x\nkinds:\n  - kind: alert\n    alert:\n      title: paylod.a\n", "did you mean payload"},
      {"name: x\nkinds:\n  - kind: alert\n    alert: {titel: payload}\n", "\"titel\" is no field of an alert"},
      {"name: x\nkinds:\n  - kind: change\n    change: {title: payload.x}\n", "kind is missing"},
      {"name: x\nkinds:\n  - kind: alert\n    alert: {status: payload.x}\n", "title is missing"},
      {"name: x\nkinds:\n  - kind: alarm\n", "\"alarm\" is none of"},
      {"name: x\nkinds: []\n", "1 to 64 kinds"},
      {"name: X\nkinds:\n  - kind: test\n", "may hold a-z"},
      {"kinds:\n  - kind: test\n", "a name of 1 to 64"},
      {"name: x\ncolour: red\nkinds:\n  - kind: test\n", "unknown key \"colour\""},
      {"name: x\nbody: xml\nkinds:\n  - kind: test\n", "\"xml\" is none of"},
      {"name: x\nseverity_words: {bad: p9}\nkinds:\n  - kind: test\n", "p1, p2, p3, p4"},
      {"name: x\nstatus_words: {bad: gone}\nkinds:\n  - kind: test\n", "triggered, acknowledged"},
      {"name: x\nauth: [{kind: hmac}]\nkinds:\n  - kind: test\n", "wants a header"},
      {"name: x\nauth: [{kind: hmac, header: X, digest: md5}]\nkinds:\n  - kind: test\n", "none of sha256"},
      {"name: x\neach: payload\nkinds:\n  - kind: test\n    each: payload\n", "not at both"},
      {"name: x\nbody_bytes_max: 99999999999\nkinds:\n  - kind: test\n", "outside of"},
      {"a: [", "line"},
  };
  World *w = *state;
  for (size_t i = 0; i < COUNT(CASES); i++) {
    const Spec *spec = NULL;
    Error err = {0};
    assert_false(spec_compile(w->arena, w->zones, str_from_c(CASES[i].yaml), &spec, &err));
    if (!strstr(err.message, CASES[i].part)) fail_msg("%zu: \"%s\" lacks \"%s\"", i, err.message, CASES[i].part);
  }
}

static void fields_have_slots(void **state) {
  (void)state;
  assert_int_equal(catalog_field_count(), FIELD_COUNT);
  for (i32 i = 0; i < FIELD_COUNT; i++) assert_int_equal(catalog_field_slot(str_from_c(FIELDS[i].name)), i);
  assert_int_equal(catalog_field_slot(S("colour")), -1);
}

/* Errors ------------------------------------------------------------------------------------------------------------
 */

static void what_is_no_json_is_400_with_its_place(void **state) {
  World *w = *state;
  static const char *const BODIES[] = {"", " ", "{", "{} {}", "[1,", "not json"};
  for (size_t i = 0; i < COUNT(BODIES); i++) {
    Normalised n = {0};
    Error err = {0};
    assert_false(take(w, catalog_find(w->catalog, S("generic")), str_from_c(BODIES[i]), NULL, &n, &err));
    assert_int_equal(err.code, ERR_INVALID);
  }
}

static void what_maps_to_nothing_is_422_with_the_expression(void **state) {
  World *w = *state;
  Normalised n = {0};
  Error err = {0};
  assert_false(take(w, catalog_find(w->catalog, S("generic")), S("[7, \"text\", null]"), NULL, &n, &err));
  assert_int_equal(err.code, ERR_UNPROCESSABLE);
  assert_non_null(strstr(err.message, "none of 3 elements"));
  error_clear(&err);
  assert_false(take(w, catalog_find(w->catalog, S("alertmanager")), S("{\"alerts\": 5}"), NULL, &n, &err));
  assert_int_equal(err.code, ERR_UNPROCESSABLE);
  error_clear(&err);
  const Spec *spec = compile(w, "name: x\nkinds:\n  - kind: alert\n    alert:\n      title: payload.a + 1\n");
  assert_false(take(w, spec, S("{\"a\": \"x\"}"), NULL, &n, &err));
  assert_non_null(strstr(err.message, "kinds[0].alert.title, line 1, column"));
  assert_non_null(strstr(err.message, "payload.a + 1"));
  assert_true(err.detail[0] != '\0');
}

static void good_elements_among_bad_ones_are_taken(void **state) {
  World *w = *state;
  Normalised n = good(w, "generic",
                      S("[{\"title\": \"a\"}, 7, {\"title\": \"\"}, {\"title\": \"b\"}, {\"kind\": \"deployment\"}]"));
  assert_string_equal(n.outcome, "partial");
  assert_int_equal(n.event_count, 2);
  assert_int_equal(n.error_count, 3);
  static const i64 INDEXES[] = {1, 2, 4};
  for (size_t i = 0; i < 3; i++) {
    assert_int_equal(n.errors[i].index, INDEXES[i]);
    assert_true(n.errors[i].reason[0] != '\0');
  }
  assert_int_equal(n.events[1].element, 3);
}

static Str many(World *w, size_t count) {
  Buf buf = buf_new(w->arena, MIB(4));
  buf_putc(&buf, '[');
  for (size_t i = 0; i < count; i++) buf_format(&buf, "%s{\"title\":\"t%zu\"}", i ? "," : "", i);
  buf_putc(&buf, ']');
  return buf_str(&buf);
}

static void ten_thousand_elements_are_taken_and_no_more(void **state) {
  World *w = *state;
  Normalised n = good(w, "generic", many(w, SPEC_ELEMENTS_MAX));
  Error err = {0};
  assert_int_equal(n.event_count, SPEC_ELEMENTS_MAX);
  assert_false(take(w, catalog_find(w->catalog, S("generic")), many(w, SPEC_ELEMENTS_MAX + 1), NULL, &n, &err));
  assert_int_equal(err.code, ERR_UNPROCESSABLE);
  assert_true(spec_elements_unlimited(catalog_find(w->catalog, S("alertmanager"))));
  assert_true(spec_body_bytes_max(catalog_find(w->catalog, S("grafana"))) == MIB(25));
}

/* Keys --------------------------------------------------------------------------------------------------------------
 */

static void absent_keys_are_hashes_of_the_identity(void **state) {
  World *w = *state;
  Event plain = one(w, "{\"title\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\"}}");
  static const char *const SAME[] = {
      "{\"title\":\"a\",\"labels\":{\"y\":\"2\",\"x\":\"1\"},\"dedup_key\":null}",
      "{\"title\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\",\"z\":\"\"},\"dedup_key\":\" \"}",
      "{\"title\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"description\":\"other\",\"priority\":\"p1\"}"};
  static const char *const OTHER[] = {"{\"title\":\"b\",\"labels\":{\"x\":\"1\",\"y\":\"2\"}}",
                                      "{\"title\":\"a\",\"labels\":{\"x\":\"1\"}}",
                                      "{\"title\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\"},\"service\":\"s\"}",
                                      "{\"title\":\"a\",\"dedup_key\":\"null\"}"};
  for (size_t i = 0; i < COUNT(SAME); i++) assert_true(str_equal(one(w, SAME[i]).dedup_key, plain.dedup_key));
  for (size_t i = 0; i < COUNT(OTHER); i++) assert_false(str_equal(one(w, OTHER[i]).dedup_key, plain.dedup_key));
  NormaliseSettings other = {.integration_id = 8};
  Normalised n = {0};
  Error err = {0};
  assert_true(take(w, catalog_find(w->catalog, S("generic")),
                   S("{\"title\":\"a\",\"labels\":{\"x\":\"1\",\"y\":\"2\"}}"), &other, &n, &err));
  assert_false(str_equal(n.events[0].dedup_key, plain.dedup_key));
}

static Str key_of_size(World *w, size_t bytes) {
  Buf buf = buf_new(w->arena, KIB(16));
  buf_puts(&buf, "{\"title\":\"a\",\"dedup_key\":\"");
  for (size_t i = 0; i < bytes; i++) buf_putc(&buf, 'k');
  buf_puts(&buf, "\"}");
  return good(w, "generic", buf_str(&buf)).events[0].dedup_key;
}

static void long_keys_are_hashed_whole(void **state) {
  World *w = *state;
  assert_int_equal(key_of_size(w, 1024).len, 1024);
  assert_true(str_starts_with(key_of_size(w, 1025), S("sha256:")));
  assert_true(str_equal(key_of_size(w, 5000), key_of_size(w, 5000)));
  assert_false(str_equal(key_of_size(w, 5000), key_of_size(w, 5001)));
}

static void keys_are_bytes(void **state) {
  World *w = *state;
  assert_false(str_equal(one(w, "{\"title\":\"a\",\"dedup_key\":\"\xC3\xA9\"}").dedup_key,
                         one(w, "{\"title\":\"a\",\"dedup_key\":\"e\xCC\x81\"}").dedup_key));
  assert_true(str_equal(one(w, "{\"title\":\"a\",\"dedup_key\":42}").dedup_key, S("42")));
  assert_true(str_equal(one(w, "{\"title\":\"a\",\"dedup_key\":{\"b\":1,\"a\":2}}").dedup_key, S("{\"a\":2,\"b\":1}")));
}

/* Texts and labels --------------------------------------------------------------------------------------------------
 */

static void odd_text_is_cleaned_and_cut_at_a_character(void **state) {
  World *w = *state;
  Event e = one(w, "{\"title\":\"a \\ud800 \\u0000 b\",\"dedup_key\":\"x\\u0000\"}");
  assert_true(str_equal(e.title, S("a \xEF\xBF\xBD \xEF\xBF\xBD b")));
  assert_true(str_equal(e.dedup_key, S("x\xEF\xBF\xBD")));
  assert_true(str_equal(one(w, "{\"title\":\"a \xff b\"}").title, S("a \xEF\xBF\xBD b")));
  Buf buf = buf_new(w->arena, KIB(16));
  buf_puts(&buf, "{\"title\":\"x");
  for (size_t i = 0; i < 600; i++) buf_puts(&buf, "\xC3\xBC");
  buf_puts(&buf, "\"}");
  e = good(w, "generic", buf_str(&buf)).events[0];
  assert_int_equal(e.title.len, 1023);
  assert_true(e.truncated && utf8_valid(e.title));
}

static void label_values_become_text(void **state) {
  Event e = one(*state, "{\"title\":\"t\",\"labels\":{\"n\":7,\"f\":1.5,\"yes\":true,\"no\":null,\"l\":[1,2],\"m\":{"
                        "\"a\":1},\"e\":\"\",\"__proto__\":\"p\",\"a.b\":\"c\"}}");
  static const char *const WANT[][2] = {{"n", "7"},   {"f", "1.5"},       {"yes", "true"},
                                        {"no", NULL}, {"l", "[1,2]"},     {"m", "{\"a\":1}"},
                                        {"e", ""},    {"__proto__", "p"}, {"a.b", "c"}};
  for (size_t i = 0; i < COUNT(WANT); i++)
    if (!label_is(&e, WANT[i][0], WANT[i][1])) fail_msg("label %s", WANT[i][0]);
  e = one(*state, "{\"title\":\"t\",\"tags\":[\"a:b\",\"c\"]}");
  assert_true(label_is(&e, "a", "b") && label_is(&e, "c", "true"));
}

static void too_many_labels_keep_the_telling_ones(void **state) {
  World *w = *state;
  Buf buf = buf_new(w->arena, KIB(64));
  buf_puts(&buf, "{\"title\":\"t\",\"labels\":{");
  for (size_t i = 0; i < 300; i++) buf_format(&buf, "\"l%03zu\":\"v\",", i);
  buf_puts(&buf, "\"severity\":\"x\",\"service\":\"y\",\"zz\":\"z\"}}");
  Event e = good(w, "generic", buf_str(&buf)).events[0];
  assert_int_equal(e.labels.size, EVENT_LABELS_MAX);
  assert_true(e.truncated && label_is(&e, "severity", "x") && label_is(&e, "service", "y") &&
              label_is(&e, "l253", "v"));
  assert_true(label_is(&e, "l254", NULL) && label_is(&e, "zz", NULL));
}

static void links_are_web_addresses_only(void **state) {
  Event e = one(
      *state,
      "{\"title\":\"t\",\"url\":\"https://a.example/\",\"links\":[\"javascript:alert(1)\",\"/relative\",\"https://\","
      "{\"url\":\"http://b.example/x?y=1\",\"text\":\"B\"},{\"href\":\"https://a.example/\"},{\"href\":7},"
      "\"https://c.example/${x y}\"],\"images\":\"https://i.example/1.png\"}");
  assert_int_equal(e.links.size, 2);
  assert_true(str_equal_c(value_text(value_get_c(&e.links.items[1], "title")), "B"));
  assert_int_equal(e.images.size, 1);
}

static void times_are_read_and_absurd_ones_absent(void **state) {
  static const struct {
    const char *text;
    i64 ms;
  } CASES[] = {{"\"2026-01-05T09:00:00+01:00\"", 1767600000000},
               {"1767600000", 1767600000000},
               {"1767600000000", 1767600000000},
               {"\"1767600000000\"", 1767600000000},
               {"\"2026-01-05 09:00:00\"", 1767600000000},
               {"null", 0},
               {"0", 0},
               {"\"\"", 0},
               {"\"0001-01-01T00:00:00Z\"", 0},
               {"-1", 0},
               {"\"yesterday\"", 0},
               {"\"9000-01-01T00:00:00Z\"", 0},
               {"[]", 0},
               {"true", 0}};
  World *w = *state;
  const Zone *berlin = NULL;
  Error err = {0};
  assert_true(zone_find(w->zones, S("Europe/Berlin"), &berlin, &err));
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Normalised n = {0};
    NormaliseSettings settings = {.zone = berlin};
    Str body = str_format(w->arena, "{\"title\":\"t\",\"starts_at\":%s}", CASES[i].text);
    assert_true(take(w, catalog_find(w->catalog, S("generic")), body, &settings, &n, &err));
    if (n.events[0].starts_ms != CASES[i].ms) fail_msg("%s is %lld", CASES[i].text, (long long)n.events[0].starts_ms);
  }
}

static void a_resolve_has_no_priority_and_may_lack_a_title(void **state) {
  Event e = one(*state, "{\"status\":\"Resolved\",\"dedup_key\":\"k\",\"priority\":\"p1\"}");
  assert_int_equal(e.status, EVENT_RESOLVED);
  assert_int_equal(e.priority, 0);
  assert_true(str_equal(e.source_priority, S("p1")));
}

static Str large_alert(World *w, size_t label_count, size_t text_bytes) {
  Buf buf = buf_new(w->arena, MIB(8));
  buf_puts(&buf, "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"Big\"");
  for (size_t i = 0; i < label_count; i++) buf_format(&buf, ",\"l%zu\":\"v\"", i);
  buf_puts(&buf, "},\"annotations\":{\"summary\":\"");
  for (size_t i = 0; i < text_bytes; i++) buf_putc(&buf, 'x');
  buf_puts(&buf, "\"}}]}");
  return buf_str(&buf);
}

static void says_only_that_it_was_cut(const Normalised *n) { /* and nothing about cost */
  assert_true(n->warning_count > 0);
  for (size_t i = 0; i < n->warning_count; i++) assert_true(str_find(n->warnings[i], S("cut"), 0) != SIZE_MAX);
}

static void no_alert_is_refused_for_its_size(void **state) {
  World *w = *state;
  static const char *const SPECS[] = {"alertmanager", "grafana"};
  for (size_t i = 0; i < COUNT(SPECS); i++) {
    Normalised n = good(w, SPECS[i], large_alert(w, 20000, 10));
    assert_int_equal(n.event_count, 1);
    assert_int_equal(n.events[0].labels.size, EVENT_LABELS_MAX);
    assert_true(label_is(&n.events[0], "alertname", "Big") && n.events[0].truncated);
    says_only_that_it_was_cut(&n);
    n = good(w, SPECS[i], large_alert(w, 1, MIB(3)));
    assert_int_equal(n.events[0].title.len, EVENT_TITLE_BYTES);
    assert_true(n.events[0].truncated);
    says_only_that_it_was_cut(&n);
  }
}

/* Settings ----------------------------------------------------------------------------------------------------------
 */

static void overrides_win_where_they_find_something(void **state) {
  World *w = *state;
  Normalised n = {0};
  Error err = {0};
  const CelProgram *slots[FIELD_COUNT] = {0};
  static const char *const SOURCES[][2] = {{"title", "'Mapped ' + payload.what"},
                                           {"service", "payload.missing"},
                                           {"priority", "'p2'"},
                                           {"source", "event.title + '!'"},
                                           {"description", "1 + payload.what"}};
  for (size_t i = 0; i < COUNT(SOURCES); i++) {
    i32 slot = catalog_field_slot(str_from_c(SOURCES[i][0]));
    assert_true(catalog_override_compile(w->catalog, w->arena, str_from_c(SOURCES[i][0]), str_from_c(SOURCES[i][1]),
                                         &slots[slot], &err));
  }
  NormaliseSettings settings = {.overrides = slots};
  Str body = S("{\"title\":\"t\",\"what\":\"disk\",\"service\":\"s\",\"description\":\"d\",\"priority\":\"p4\"}");
  assert_true(take(w, catalog_find(w->catalog, S("generic")), body, &settings, &n, &err));
  Event *e = &n.events[0];
  assert_true(str_equal(e->title, S("Mapped disk")) && str_equal(e->service, S("s")) && e->priority == 2);
  assert_true(str_equal(e->source, S("t!")) && str_equal(e->description, S("d")));
  assert_int_equal(n.warning_count, 1);
  assert_false(catalog_override_compile(w->catalog, w->arena, S("colour"), S("1"), &slots[0], &err));
  assert_false(catalog_override_compile(w->catalog, w->arena, S("title"), S("payload."), &slots[0], &err));
}

static void filters_drop_elements_and_keep_what_they_cannot_judge(void **state) {
  World *w = *state;
  Normalised n = {0};
  Error err = {0};
  NormaliseSettings settings = {0};
  const Spec *spec = catalog_find(w->catalog, S("generic"));
  assert_true(catalog_filter_compile(w->catalog, w->arena, S("item.env != 'test' && event.title != 'never'"),
                                     &settings.filter, &err));
  assert_true(take(w, spec,
                   S("[{\"title\":\"a\",\"env\":\"test\"},{\"title\":\"b\",\"env\":\"live\"},{\"title\":\"c\"}]"),
                   &settings, &n, &err));
  assert_int_equal(n.event_count, 2);
  assert_string_equal(n.outcome, "accepted");
  assert_true(take(w, spec, S("{\"title\":\"never\",\"env\":\"live\"}"), &settings, &n, &err));
  assert_int_equal(n.event_count, 0);
  assert_string_equal(n.outcome, "filtered");
}

static void forms_and_forms_that_hold_json_are_read(void **state) {
  World *w = *state;
  const Spec *spec = catalog_find(w->catalog, S("generic"));
  static const struct {
    const char *body, *title;
  } CASES[] = {{"title=a%20b+c&dedup_key=%C3%A9", "a b c"},
               {"payload=%7B%22title%22%3A%22x%22%7D", "x"},
               {"title=100%&x", "100%"},
               {"title=%ff", "\xEF\xBF\xBD"}};
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Normalised n = {0};
    Error err = {0};
    NormaliseSettings settings = {0};
    RawRequest request = make_request(str_from_c(CASES[i].body));
    add_header(w->arena, &request, S("Content-Type"), S("application/x-www-form-urlencoded; charset=utf-8"));
    if (!spec_normalise(spec, w->arena, &request, &settings, &n, &err)) fail_msg("%s: %s", CASES[i].body, err.message);
    assert_true(str_equal_c(n.events[0].title, CASES[i].title));
  }
}

/* Events as rows ----------------------------------------------------------------------------------------------------
 */

static void events_survive_the_inbox(void **state) {
  World *w = *state;
  Value labels, links;
  Error err = {0};
  assert_true(json_parse(w->arena, S("{\"a\":\"b\"}"), NULL, &labels, &err));
  assert_true(json_parse(w->arena, S("[{\"href\":\"https://x\",\"title\":\"t\"}]"), NULL, &links, &err));
  Event full = {.kind = EVENT_CHANGE,
                .element = 3,
                .status = EVENT_RESOLVED,
                .priority = 2,
                .source_priority = S("sp"),
                .dedup_key = S("dk"),
                .title = S("ti"),
                .description = S("de"),
                .source = S("so"),
                .service = S("se"),
                .starts_ms = 1,
                .ends_ms = 2,
                .occurred_ms = 3,
                .deadline_ms = 4,
                .labels = labels,
                .links = links,
                .images = links,
                .truncated = true,
                .quiet = true,
                .own = true,
                .change_kind = S("ck"),
                .change_status = S("cs"),
                .environment = S("en"),
                .revision = S("re"),
                .author = S("au"),
                .url = S("ur")};
  Event events[2] = {full, {.labels = {.kind = VALUE_MAP}}}, *back = NULL;
  size_t count = 0;
  Str bytes = events_pack(w->arena, events, 2);
  assert_true(events_unpack(w->arena, bytes, &back, &count, &err));
  assert_int_equal(count, 2);
  for (size_t i = 0; i < 2; i++) {
    Value v = event_to_value(w->arena, &events[i]), again = event_to_value(w->arena, &back[i]);
    assert_true(value_equal(&v, &again));
    assert_int_equal(back[i].labels.kind, VALUE_MAP);
  }
  Value v = event_to_value(w->arena, &full);
  assert_int_equal(v.size, 26);
  /* Every cut is refused, and so is whatever follows. */
  for (size_t cut = 0; cut < bytes.len; cut++)
    assert_false(events_unpack(w->arena, str_slice(bytes, 0, cut), &back, &count, &err));
  Buf longer = buf_new(w->arena, bytes.len + 1);
  buf_put(&longer, bytes);
  buf_putc(&longer, 0);
  assert_false(events_unpack(w->arena, buf_str(&longer), &back, &count, &err));
  static const char *const BAD[] = {"\2\1", "\1\1\77\1", "\1\1\1\5", "\1\177", "[]"};
  for (size_t i = 0; i < COUNT(BAD); i++)
    assert_false(events_unpack(w->arena, str_from_c(BAD[i]), &back, &count, &err));
  for (EventStatus s = EVENT_TRIGGERED; s <= EVENT_RESOLVED; s++) {
    EventStatus read;
    assert_true(event_status_parse(str_from_c(event_status_name(s)), &read) && read == s);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(broken_specs_say_where),
      cmocka_unit_test(fields_have_slots),
      cmocka_unit_test(what_is_no_json_is_400_with_its_place),
      cmocka_unit_test(what_maps_to_nothing_is_422_with_the_expression),
      cmocka_unit_test(good_elements_among_bad_ones_are_taken),
      cmocka_unit_test(ten_thousand_elements_are_taken_and_no_more),
      cmocka_unit_test(absent_keys_are_hashes_of_the_identity),
      cmocka_unit_test(long_keys_are_hashed_whole),
      cmocka_unit_test(keys_are_bytes),
      cmocka_unit_test(odd_text_is_cleaned_and_cut_at_a_character),
      cmocka_unit_test(label_values_become_text),
      cmocka_unit_test(too_many_labels_keep_the_telling_ones),
      cmocka_unit_test(no_alert_is_refused_for_its_size),
      cmocka_unit_test(links_are_web_addresses_only),
      cmocka_unit_test(times_are_read_and_absurd_ones_absent),
      cmocka_unit_test(a_resolve_has_no_priority_and_may_lack_a_title),
      cmocka_unit_test(overrides_win_where_they_find_something),
      cmocka_unit_test(filters_drop_elements_and_keep_what_they_cannot_judge),
      cmocka_unit_test(forms_and_forms_that_hold_json_are_read),
      cmocka_unit_test(events_survive_the_inbox),
  };
  return cmocka_run_group_tests(tests, set_up, tear_down);
}
