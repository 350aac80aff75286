/* Schedules: every case of the independent computation, and the borders that people ask about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "core/oncall/oncall.h"
#include "lang/json.h"

#include <cmocka.h>

static Str read_file(Arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *text = arena_alloc(arena, MIB(1));
  size_t got = fread(text, 1, MIB(1), file);
  fclose(file);
  return (Str){text, got};
}

/* "u3" -> the typed id of user 4 */
static Value user_id(Arena *arena, Str name) {
  i64 n = 0;
  assert_true(str_to_i64(str_slice(name, 1, name.len), 0, 1000, &n));
  return value_string(id_text(arena, "usr", n + 1));
}

static Value with_ids(Arena *arena, const Value *v) {
  if (v->kind == VALUE_LIST) {
    ValueVec items = {0};
    for (size_t i = 0; i < v->size; i++) {
      const Value *item = value_at(v, i);
      *VEC_PUSH(arena, &items) = item->kind == VALUE_STRING ? user_id(arena, value_text(item)) : with_ids(arena, item);
    }
    return list_done(&items);
  }
  return *v;
}

static Value layers_of(Arena *arena, const Value *layers) {
  ValueVec out = {0};
  for (size_t i = 0; i < layers->size; i++) {
    const Value *layer = value_at(layers, i);
    MapBuilder map = map_builder(arena);
    for (size_t m = 0; m < layer->size; m++) {
      Str name = value_text(&layer->members[m].key);
      map_put(&map, name,
              str_equal_c(name, "members") ? with_ids(arena, &layer->members[m].value) : layer->members[m].value);
    }
    *VEC_PUSH(arena, &out) = map_done(&map);
  }
  return list_done(&out);
}

static i64 ms_of(const Value *v, const char *name) {
  i64 ms = 0;
  assert_true(time_parse_ms(value_text_or(value_get_c(v, name), STR_NONE), &ms));
  return ms;
}

static i64 user_number(const Value *v, const char *name) {
  const Value *text = value_get_c(v, name);
  i64 n = 0;
  if (!value_is(text, VALUE_STRING)) return 0;
  assert_true(str_to_i64(str_slice(value_text(text), 1, text->size), 0, 1000, &n));
  return n + 1;
}

static size_t overrides_of(Arena *arena, const Value *list, Override **out) {
  *out = ARENA_ARRAY(arena, Override, list->size + 1);
  for (size_t i = 0; i < list->size; i++) {
    const Value *o = value_at(list, i);
    (*out)[i] = (Override){.id = (i64)i + 1,
                           .user_id = user_number(o, "user_id"),
                           .replaces_user_id = user_number(o, "replaces_user_id"),
                           .starts_ms = ms_of(o, "starts_at"),
                           .ends_ms = ms_of(o, "ends_at"),
                           .kind = str_to_c(arena, value_text_or(value_get_c(o, "kind"), STR_NONE))};
  }
  return list->size;
}

static bool shifts_equal(const ShiftList *have, const Value *want) {
  if (have->count != want->size) return false;
  for (size_t i = 0; i < have->count; i++) {
    const Value *w = value_at(want, i), *users = value_get_c(w, "users");
    const Shift *h = &have->items[i];
    if (h->starts_ms != ms_of(w, "starts_at") || h->ends_ms != ms_of(w, "ends_at") || h->user_count != users->size)
      return false;
    for (size_t u = 0; u < users->size; u++) {
      i64 n = 0;
      Str name = value_text(value_at(users, u));
      if (!str_to_i64(str_slice(name, 1, name.len), 0, 1000, &n) || h->user_ids[u] != n + 1) return false;
    }
  }
  return true;
}

static void every_case_of_the_independent_computation(void **state) {
  (void)state;
  CLEANUP(arena_freep) Arena *arena = arena_new();
  ZoneDb *zones = zone_db_new(NULL);
  Value cases = value_null();
  Error err = {0};
  size_t passed = 0;
  assert_true(json_parse(arena, read_file(arena, "tests/data/oncall/cases.json"), NULL, &cases, &err));
  for (size_t i = 0; i < cases.size; i++) {
    const Value *c = value_at(&cases, i), *schedule = value_get_c(c, "schedule");
    const Zone *zone = NULL;
    Override *overrides = NULL;
    Rendered rendered = {0};
    assert_true(zone_find(zones, value_text_or(value_get_c(schedule, "time_zone"), STR_NONE), &zone, &err));
    Value layers = layers_of(arena, value_get_c(schedule, "layers"));
    size_t count = overrides_of(arena, value_get_c(c, "overrides"), &overrides);
    SchedulePlan plan = {.layers = layers, .zone = zone};
    RenderSources in = {.plans = &plan, .plan_count = 1, .overrides = overrides, .override_count = count};
    bool ok = oncall_render(arena, zones, &in, ms_of(c, "from"), ms_of(c, "to"), &rendered, &err) &&
              shifts_equal(&rendered.final, value_get_c(c, "final"));
    if (ok)
      passed++;
    else
      print_message("%.*s differs %s\n", STR_ARG(value_text_or(value_get_c(c, "id"), STR_NONE)), err.message);
  }
  print_message("schedules: %zu of %u\n", passed, cases.size);
  zone_db_free(zones);
  assert_int_equal(passed, cases.size);
}

static void wrong_layers_name_their_place(void **state) {
  static const struct {
    const char *json, *pointer;
  } CASES[] = {
      {"[{\"name\":\"L\",\"starts_at\":\"2026-01-05\",\"turn\":{\"every\":1,\"unit\":\"week\"},\"members\":[[]]}]",
       "/layers/0/starts_at"},
      {"[{\"name\":\"L\",\"starts_at\":\"2026-01-05T09:00:00\",\"turn\":{\"every\":0,\"unit\":\"week\"},\"members\":[[]"
       "]}]",
       "/layers/0/turn/every"},
      {"[{\"name\":\"L\",\"starts_at\":\"2026-01-05T09:00:00\",\"turn\":{\"every\":1,\"unit\":\"year\"},\"members\":[[]"
       "]}]",
       "/layers/0/turn/unit"},
      {"[{\"name\":\"L\",\"time_zone\":\"Mars/"
       "Olympus\",\"starts_at\":\"2026-01-05T09:00:00\",\"turn\":{\"every\":1,\"unit\":\"day\"},\"members\":[[]]}]",
       "/layers/0/time_zone"},
  };
  (void)state;
  ZoneDb *zones = zone_db_new(NULL);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    CLEANUP(arena_freep) Arena *arena = arena_new();
    Value layers = value_null();
    Error err = {0};
    assert_true(json_parse(arena, str_from_c(CASES[i].json), NULL, &layers, &err));
    assert_false(oncall_check_layers(zones, &layers, &err));
    assert_string_equal(err.pointer, CASES[i].pointer);
  }
  zone_db_free(zones);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_case_of_the_independent_computation),
      cmocka_unit_test(wrong_layers_name_their_place),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
