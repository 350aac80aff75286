/* What vendors send is not what they document. Each member of each payload is taken away, or made null, or something
 * else than it should be: as long as the list of alerts is there, every alert has to arrive. */
#include "unit/catalog_fixture.h"

typedef enum Harm { HARM_REMOVE, HARM_NULL, HARM_NUMBER, HARM_TEXT, HARM_LIST, HARM_COUNT } Harm;

typedef struct Bench {
  Arena *arena;
  const Spec *spec;
  RawRequest request;
  const char *name;
  Value root;
  u32 target, seen; /* the member to harm, counted over the whole body */
  Harm harm;
  Str path; /* of the harmed member */
} Bench;

static Value harmed_value(const Bench *b) {
  switch (b->harm) {
  case HARM_NUMBER: return value_int(7);
  case HARM_TEXT: return value_c("odd: text {{x}}");
  case HARM_LIST: return (Value){.kind = VALUE_LIST};
  default: return value_null();
  }
}

static Value rebuild(Bench *b, const Value *v, Str path);

static Value rebuild_map(Bench *b, const Value *v, Str path) {
  MapBuilder map = map_builder(b->arena);
  for (u32 i = 0; i < v->size; i++) {
    Str key = value_text(&v->members[i].key), below = str_format(b->arena, "%.*s/%.*s", STR_ARG(path), STR_ARG(key));
    bool harmed = b->seen++ == b->target;
    if (harmed) b->path = below;
    if (harmed && b->harm == HARM_REMOVE) continue;
    (void)map_put(&map, key, harmed ? harmed_value(b) : rebuild(b, &v->members[i].value, below));
  }
  return map_done(&map);
}

/* SNS carries JSON as text: harm is done in there too. */
static bool inner_json(Arena *arena, const Value *v, Value *out) {
  Error ignored = {0};
  return v->kind == VALUE_STRING && v->size && v->text[0] == '{' &&
         json_parse(arena, value_text(v), NULL, out, &ignored);
}

static Value rebuild(Bench *b, const Value *v, Str path) {
  Value inner;
  if (v->kind == VALUE_MAP) return rebuild_map(b, v, path);
  if (inner_json(b->arena, v, &inner)) {
    inner = rebuild_map(b, &inner, path);
    return value_string(json_text(b->arena, &inner));
  }
  if (v->kind != VALUE_LIST) return *v;
  ValueVec items = {0};
  for (u32 i = 0; i < v->size; i++)
    *VEC_PUSH(b->arena, &items) = rebuild(b, &v->items[i], str_format(b->arena, "%.*s/%u", STR_ARG(path), i));
  return list_done(&items);
}

static bool normalise(Bench *b, Str body, Normalised *out, Error *err) {
  NormaliseSettings settings = {.integration_id = 1};
  RawRequest request = b->request;
  request.body = body;
  return spec_normalise(b->spec, b->arena, &request, &settings, out, err);
}

/* Without these there is nothing to take, or nothing to say. */
static bool is_essential(Str path, Harm harm) {
  static const char *const ALWAYS[] = {
      "/alerts",     "/Message",           "/title",        "/alert",       "/event", "/Type", "/ruleName",
      "/deployment", "/deployment_status", "/pull_request", "/workflow_run"};
  for (size_t i = 0; i < COUNT(ALWAYS); i++)
    if (str_equal_c(path, ALWAYS[i])) return true;
  return harm >= HARM_NUMBER && str_find(path, S("fingerprint"), 0) != SIZE_MAX;
}

static bool survives(Bench *b, size_t want) {
  Normalised n = {0};
  Error err = {0};
  Value odd = rebuild(b, &b->root, S(""));
  if (!b->path.len || is_essential(b->path, b->harm)) return true;
  if (!normalise(b, json_text(b->arena, &odd), &n, &err)) {
    printf("%s%.*s (%d): %s\n", b->name, STR_ARG(b->path), b->harm, err.message);
    return false;
  }
  if (n.event_count < want)
    printf("%s%.*s (%d): %s, %zu events: %s\n", b->name, STR_ARG(b->path), b->harm, n.outcome, n.event_count,
           n.error_count ? n.errors[0].reason : "");
  if (b->harm <= HARM_NULL && n.warning_count) {
    printf("%s%.*s (%d): warning: %.*s\n", b->name, STR_ARG(b->path), b->harm, STR_ARG(n.warnings[0]));
    return false;
  }
  return n.event_count >= want;
}

static size_t harm_everything(Bench *b) {
  Normalised n = {0};
  Error err = {0};
  size_t bad = 0;
  if (!normalise(b, b->request.body, &n, &err)) return 0;
  size_t want = n.event_count;
  bool more = want > 0;
  for (u32 target = 0; more; target++)
    for (Harm harm = HARM_REMOVE; harm < HARM_COUNT; harm++) {
      ArenaMark mark = arena_mark(b->arena);
      b->target = target;
      b->harm = harm;
      b->seen = 0;
      b->path = STR_NONE;
      bad += !survives(b, want);
      more = b->path.len > 0;
      arena_rewind(b->arena, mark);
    }
  return bad;
}

static size_t harm_folder(const Catalog *catalog, const char *vendor, const char *path) {
  size_t bad = 0;
  DIR *folder = opendir(path);
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder));) {
    Str name = str_from_c(entry->d_name);
    if (!str_ends_with(name, S(".json")) || str_ends_with(name, S(".expected.json"))) continue;
    name.len -= sizeof ".json" - 1;
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Bench bench = {.arena = arena, .spec = catalog_find(catalog, str_from_c(vendor)), .name = entry->d_name};
    bench.request = read_request(arena, str_from_c(vendor), name);
    bench.root = read_json(arena, str_to_c(arena, str_format(arena, "%s/%s", path, entry->d_name)));
    bad += harm_everything(&bench);
  }
  closedir(folder);
  return bad;
}

static void one_odd_member_loses_no_alert(void **state) {
  (void)state;
  size_t bad = 0;
  ZoneDb *zones;
  Catalog *catalog = load_catalog(&zones);
  CLEANUP(arena_freep) Arena *arena = arena_new();
  for (size_t i = 0; i < catalog_count(catalog); i++) {
    const char *vendor = str_to_c(arena, spec_name(catalog_at(catalog, i)));
    const char *path = str_to_c(arena, str_format(arena, PAYLOADS "/%s", vendor));
    DIR *folder = opendir(path);
    if (!folder) continue;
    closedir(folder);
    bad += harm_folder(catalog, vendor, path);
  }
  catalog_free(catalog);
  zone_db_free(zones);
  assert_int_equal(bad, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(one_odd_member_loses_no_alert)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
