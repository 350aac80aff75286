/* Lists: pages that stay right while rows come, filters, sorting, totals. */
#include <string.h>

#include "resource_toys.h"

static ListQuery query_of(Fixture *f, const char *text) {
  Str names[32], values[32], rest = str_from_c(text), pair;
  size_t count = 0;
  ListQuery query = {0};
  while (rest.len && count < COUNT(names)) {
    Str tail = STR_NONE;
    bool more = str_cut(rest, '&', &pair, &tail);
    (void)str_cut(pair, '=', &names[count], &values[count]);
    count++;
    rest = more ? tail : STR_NONE;
  }
  if (!resource_query_read(f->arena, names, values, count, &query, &f->err)) fail_msg("%s", f->err.message);
  return query;
}

/* Names of the items, in order: "a b c". */
static const char *names_of(Fixture *f, const ResourceList *list) {
  Buf out = buf_new(f->arena, KIB(16));
  for (u32 i = 0; i < list->items.size; i++)
    buf_format(&out, "%s%s", i ? " " : "", fixture_text(f, value_at(&list->items, i), "/name"));
  return str_to_c(f->arena, buf_str(&out));
}

static const char *list_of_boxes(Fixture *f, const char *text, ResourceList *out) {
  ListQuery query = query_of(f, text);
  error_clear(&f->err);
  if (!resource_list(&f->ctx, &BOX, &query, out, &f->err)) return f->err.message;
  return names_of(f, out);
}

static void make_box(Fixture *f, const char *name, int size, const char *more) {
  fixture_make(f, "box",
               str_to_c(f->arena, str_format(f->arena, "{\"name\": \"%s\", \"size\": %d%s}", name, size, more)));
}

static void make_boxes(Fixture *f) {
  fixture_make(f, "person", "{\"name\": \"Ann\", \"email\": \"ann@example.com\"}");
  make_box(f, "a", 3, ", \"colour\": \"red\", \"priority\": \"p1\"");
  make_box(f, "b", 1, ", \"colour\": \"green\", \"person_id\": \"ann@example.com\"");
  make_box(f, "c", 3, ", \"colour\": \"blue\"");
  make_box(f, "d", 2, ", \"colour\": \"blue\", \"priority\": \"p2\"");
}

static void filters_and_orders(void **state) {
  Fixture *f = *state;
  static const char *const CASES[][2] = {
      {"", "a b c d"},
      {"sort=-id", "d c b a"},
      {"sort=size", "b d a c"},
      {"sort=-size", "c a d b"},
      {"size=3", "a c"},
      {"size=3&size=1", "a b c"},
      {"colour=blue", "c d"},
      {"colour=blue&size=3", "c"},
      {"colour=red&colour=green&sort=-id", "b a"},
      {"person_id=ann@example.com", "b"},
      {"person_id=null", "a c d"},
      {"priority=p1&priority=null", "a b c"},
      {"person_id=null&person_id=ann@example.com", "a b c d"},
      {"size=9", ""},
      {"until=2020-01-01T00:00:00Z", ""},
      {"since=2020-01-01T00:00:00Z&limit=2", "a b"},
      {"colour=mauve", "filter colour=mauve: the value must be one of red, green, blue"},
      {"colur=red", "boxes cannot be filtered by \"colur\"; did you mean \"colour\"?"},
      {"name=a", "boxes cannot be filtered by \"name\"; known: size, colour, person_id, priority"},
      {"sort=colour", "boxes cannot be sorted by \"colour\"; they can by id, size (with - in front: downwards)"},
      {"cursor=00", "the cursor does not belong to this list; begin again without one, with the same sort and filters"},
      {"person_id=", "person_id is empty; give a value, null for those without one, or leave it out"},
      {"since=soon", "since must be a time such as 2026-01-05T09:00:00Z, not \"soon\""},
  };
  make_boxes(f);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    ResourceList list = {0};
    const char *got = list_of_boxes(f, CASES[i][0], &list);
    if (strcmp(got, CASES[i][1]) != 0) fail_msg("?%s gave \"%s\"", CASES[i][0], got);
  }
}

/* All pages of two; a box is made after each page. */
static const char *walk(Fixture *f, const char *sort, const char *const *inserted) {
  Buf out = buf_new(f->arena, KIB(4));
  Str cursor = STR_NONE;
  for (size_t page = 0; page < 20; page++) {
    ResourceList list = {0};
    Str text = str_format(f->arena, "limit=2&sort=%s%s%.*s", sort, cursor.len ? "&cursor=" : "", STR_ARG(cursor));
    buf_format(&out, "%s%s", page ? " " : "", list_of_boxes(f, str_to_c(f->arena, text), &list));
    cursor = list.next_cursor;
    if (*inserted) make_box(f, *inserted, (*inserted)[1] - '0', ""), inserted++;
    if (cursor.len == 0) break;
  }
  return str_to_c(f->arena, buf_str(&out));
}

static void pages_neither_repeat_nor_hide_rows_while_others_come(void **state) {
  Fixture *f = *state;
  static const char *const NONE[] = {NULL}, *const TWO[] = {"y9", "x0", NULL};
  make_boxes(f);
  assert_string_equal(walk(f, "id", NONE), "a b c d");
  assert_string_equal(walk(f, "-size", NONE), "c a d b");
  assert_string_equal(walk(f, "size", TWO), "b d a c y9"); /* x0 lies before the cursor, y9 after */
  assert_string_equal(walk(f, "-id", NONE), "x0 y9 d c b a");
}

static void a_cursor_of_another_order_is_refused(void **state) {
  Fixture *f = *state;
  ResourceList list = {0};
  make_boxes(f);
  list_of_boxes(f, "limit=2&sort=size", &list);
  Str text = str_format(f->arena, "limit=2&sort=-size&cursor=%.*s", STR_ARG(list.next_cursor));
  assert_non_null(strstr(list_of_boxes(f, str_to_c(f->arena, text), &list), "does not belong"));
}

static void limits_are_kept(void **state) {
  Fixture *f = *state;
  ResourceList list = {0};
  char name[16];
  for (int i = 0; i < 60; i++) {
    snprintf(name, sizeof name, "n%d", i);
    make_box(f, name, i, "");
  }
  list_of_boxes(f, "total=true", &list);
  assert_int_equal(list.items.size, LIST_LIMIT_DEFAULT);
  assert_int_equal(list.total, 60);
  assert_false(list.total_more);
  list_of_boxes(f, "total=true&colour=red&size=3&size=4", &list);
  assert_int_equal(list.total, 2);
  ListQuery query = {.limit = LIST_LIMIT_MAX + 1};
  assert_false(resource_list(&f->ctx, &BOX, &query, &list, &f->err));
  Str limit = S("limit"), zero = S("0");
  assert_false(resource_query_read(f->arena, &limit, &zero, 1, &query, &f->err));
}

static void many_boxes(Fixture *f, int count) {
  Str sql = str_format(f->arena,
                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                       "INSERT INTO box (id, org_id, slug, name, size, open, colour, priority, labels, parts, "
                       "created_at, updated_at, version) "
                       "SELECT i, 1, 's' || i, 'n', 1, 0, 1, 0, '{}', '[]', 0, 0, 1 FROM n",
                       count);
  toys_sql(f, str_to_c(f->arena, sql));
}

static void totals_are_exact_to_ten_thousand(void **state) {
  Fixture *f = *state;
  ResourceList list = {0};
  many_boxes(f, LIST_TOTAL_MAX + 1);
  list_of_boxes(f, "total=true&limit=1", &list);
  assert_int_equal(list.total, LIST_TOTAL_MAX);
  assert_true(list.total_more);
}

static void a_filter_without_index_that_sees_too_much_says_what_to_add(void **state) {
  Fixture *f = *state;
  ResourceList list = {0};
  many_boxes(f, LIST_SCAN_MAX + 10);
  assert_non_null(strstr(list_of_boxes(f, "colour=blue", &list), "add since and until"));
  list_of_boxes(f, "colour=red&limit=2", &list); /* a full page hides nothing */
  assert_int_equal(list.items.size, 2);
  assert_string_equal(list_of_boxes(f, "colour=blue&size=3", &list), "");
}

static RowScope of_led_teams(const Sight *sight, const Resource *resource) {
  (void)sight;
  (void)resource;
  return ROWS_LED;
}

static void rows_of_other_teams_are_left_out(void **state) {
  Fixture *f = *state;
  Sight sight = {.user_id = 1, .of = of_led_teams};
  ResourceList list = {0};
  Value box = value_null(), out = value_null();
  make_boxes(f);
  list_of_boxes(f, "person_id=ann@example.com", &list);
  box = *value_at(&list.items, 0);
  f->ctx.sight = &sight;
  assert_string_equal(list_of_boxes(f, "", &list), "a c d");
  assert_false(resource_get(&f->ctx, &BOX, fixture_id(f, &box), &out, &f->err));
  i64 team = resource_ref_id(f->registry, value_get_c(&box, "person_id"));
  sight.led_team_ids = &team;
  sight.led_count = 1;
  assert_string_equal(list_of_boxes(f, "", &list), "a b c d");
  assert_true(resource_get(&f->ctx, &BOX, fixture_id(f, &box), &out, &f->err));
  f->ctx.sight = NULL;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TOY_TEST(filters_and_orders),
      TOY_TEST(pages_neither_repeat_nor_hide_rows_while_others_come),
      TOY_TEST(a_cursor_of_another_order_is_refused),
      TOY_TEST(limits_are_kept),
      TOY_TEST(totals_are_exact_to_ten_thousand),
      TOY_TEST(a_filter_without_index_that_sees_too_much_says_what_to_add),
      TOY_TEST(rows_of_other_teams_are_left_out),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
