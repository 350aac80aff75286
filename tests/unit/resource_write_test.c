/* Create, update, delete: slugs, references, merge patches, versions, audit. */
#include <string.h>

#include "resource_toys.h"

static i64 count_of(Fixture *f, const char *sql) {
  DbStmt *stmt = ARENA_NEW(f->arena, DbStmt);
  *stmt = (DbStmt){"count", sql, NULL};
  i64 n = -1;
  bool found = false;
  if (!db_query_int(f->db, stmt, 0, NULL, &n, &found, &f->err)) fail_msg("%s", f->err.message);
  return n;
}

static void slugs_come_from_names_and_stay(void **state) {
  Fixture *f = *state;
  static const char *const WANT[][2] = {
      {"Big Box", "big-box"},  {"big box!", "big-box-2"}, {"BIG   BOX", "big-box-3"},  {"Ann's & Bob's", "anns-bobs"},
      {"\xe2\x98\x83", "box"}, {"Box", "box-2"},          {"big-box-2", "big-box-2-2"}};
  i64 id = 0;
  for (size_t i = 0; i < COUNT(WANT); i++) {
    Value box = fixture_make(f, "box", str_to_c(f->arena, str_format(f->arena, "{\"name\": \"%s\"}", WANT[i][0])));
    assert_string_equal(fixture_text(f, &box, "/slug"), WANT[i][1]);
    if (i == 0) id = fixture_id(f, &box);
  }
  Value renamed = value_null();
  assert_true(fixture_patch(f, "box", id, "{\"name\": \"Small\"}", 0, &renamed));
  assert_string_equal(fixture_text(f, &renamed, "/slug"), "big-box");
  assert_false(fixture_patch(f, "box", id, "{\"slug\": \"other\"}", 0, &renamed));
  assert_string_equal(fixture_error(f, 0), "/slug immutable");
}

static void things_are_found_by_every_name(void **state) {
  Fixture *f = *state;
  Value ann = fixture_make(f, "person", "{\"name\": \"Ann\", \"email\": \"ann@example.com\"}"),
        box = fixture_make(f, "box", "{\"name\": \"Big\"}");
  toys_sql(f, "INSERT INTO ticket VALUES (900, 1, 42, 'Broken', 0, 0, 1)");
  toys_sql(f, "INSERT INTO ticket VALUES (901, 2, 43, 'Of others', 0, 0, 1)");
  struct {
    const char *kind, *text;
    i64 want;
  } cases[] = {{"person", fixture_text(f, &ann, "/id"), fixture_id(f, &ann)},
               {"person", "ANN@example.com", fixture_id(f, &ann)},
               {"box", "big", fixture_id(f, &box)},
               {"ticket", "TIC-42", 900},
               {"ticket", "tic-42", 900},
               {"ticket", "42", 900},
               {"ticket", "TIC-43", 0},
               {"box", "huge", 0},
               {"person", fixture_text(f, &box, "/id"), 0},
               {"box", "", 0},
               {"person", "Ann", 0}};
  for (size_t i = 0; i < COUNT(cases); i++) {
    i64 id = 0;
    bool ok = resource_resolve(&f->ctx, fixture_resource(f, cases[i].kind), str_from_c(cases[i].text), &id, &f->err);
    if (ok != (cases[i].want > 0) || id != cases[i].want) fail_msg("%s %s", cases[i].kind, cases[i].text);
    if (!ok) assert_int_equal(f->err.code, ERR_NOT_FOUND);
  }
}

static void a_row_of_another_organization_does_not_exist(void **state) {
  Fixture *f = *state;
  Value box = fixture_make(f, "box", "{\"name\": \"Big\"}"), out = value_null();
  i64 id = fixture_id(f, &box);
  f->ctx.org_id = 2;
  assert_false(resource_get(&f->ctx, &BOX, id, &out, &f->err));
  assert_int_equal(f->err.code, ERR_NOT_FOUND);
  assert_false(fixture_patch(f, "box", id, "{\"size\": 1}", 0, &out));
  assert_false(resource_delete(&f->ctx, &BOX, id, 0, &f->err));
  assert_false(fixture_try(
      f, "lid", str_to_c(f->arena, str_format(f->arena, "{\"box_id\": \"%s\"}", fixture_text(f, &box, "/id")))));
  assert_string_equal(fixture_error(f, 0), "/box_id not_found");
  Value same = fixture_make(f, "box", "{\"name\": \"Big\"}"); /* slugs are unique within one */
  assert_string_equal(fixture_text(f, &same, "/slug"), "big");
}

typedef struct PatchCase {
  const char *patch, *pointer, *want;
} PatchCase;

static void patches_merge(void **state) {
  Fixture *f = *state;
  static const PatchCase CASES[] = {
      {"{\"labels\": {\"b\": \"2\"}}", "/labels", "{\"a\":\"1\",\"b\":\"2\"}"},
      {"{\"labels\": {\"a\": null}}", "/labels", "{\"b\":\"2\"}"},
      {"{\"labels\": null}", "/labels", "{}"},
      {"{\"side\": {\"width\": 20}}", "/side", "{\"width\":20,\"starts\":null}"},
      {"{\"side\": {\"starts\": \"2026-01-05T09:00\"}}", "/side", "{\"width\":20,\"starts\":\"2026-01-05T09:00:00\"}"},
      {"{\"side\": null}", "/side", ""},
      {"{\"size\": null}", "/size", "5"},
      {"{\"priority\": \"p3\"}", "/priority", "p3"},
      {"{\"priority\": null}", "/priority", ""},
      {"{\"parts\": [{\"kind\": \"box\", \"id\": \"big\"}]}", "/parts/0/count", "1"},
  };
  Value box = fixture_make(f, "box", "{\"name\": \"Big\", \"size\": 7, \"labels\": {\"a\": \"1\"}, \"model\": \"T\"}");
  i64 id = fixture_id(f, &box);
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Value out = value_null();
    if (!fixture_patch(f, "box", id, CASES[i].patch, 0, &out)) fail_msg("%s: %s", CASES[i].patch, f->err.message);
    const char *got = fixture_text(f, &out, CASES[i].pointer);
    if (strcmp(got, CASES[i].want) != 0 && !(CASES[i].want[0] == 0 && strcmp(got, "null") == 0))
      fail_msg("%s gave %s", CASES[i].patch, got);
    assert_int_equal(value_int_or(value_get_c(&out, "version"), 0), (i64)i + 2);
  }
  Value out = value_null();
  assert_false(fixture_patch(f, "box", id, "{\"model\": \"X\", \"name\": null}", 0, &out));
  assert_string_equal(fixture_error(f, 0), "/model immutable");
  assert_string_equal(fixture_error(f, 1), "/name required");
}

static void an_answer_may_be_written_back_and_changes_nothing(void **state) {
  Fixture *f = *state;
  Value box = fixture_make(f, "box", "{\"name\": \"Big\", \"secret\": \"s\", \"side\": {}}"), out = value_null();
  assert_true(resource_update(&f->ctx, &BOX, fixture_id(f, &box), &box, 1, &out, &f->err));
  assert_true(value_equal(&box, &out));
}

static void another_version_is_refused(void **state) {
  Fixture *f = *state;
  Value box = fixture_make(f, "box", "{\"name\": \"Big\"}"), out = value_null();
  i64 id = fixture_id(f, &box);
  assert_true(fixture_patch(f, "box", id, "{\"size\": 1}", 1, &out));
  assert_false(fixture_patch(f, "box", id, "{\"size\": 2}", 1, &out));
  assert_int_equal(f->err.code, ERR_PRECONDITION);
  assert_false(resource_delete(&f->ctx, &BOX, id, 1, &f->err));
  assert_int_equal(f->err.code, ERR_PRECONDITION);
  assert_true(resource_delete(&f->ctx, &BOX, id, 2, &f->err));
}

static void what_is_used_is_not_deleted(void **state) {
  Fixture *f = *state;
  Value ann = fixture_make(f, "person", "{\"name\": \"Ann\", \"email\": \"ann@example.com\"}"), out = value_null();
  Value box =
      fixture_make(f, "box", "{\"name\": \"Big\", \"parts\": [{\"kind\": \"person\", \"id\": \"ann@example.com\"}]}");
  assert_false(resource_delete(&f->ctx, &PERSON, fixture_id(f, &ann), 0, &f->err));
  assert_int_equal(f->err.code, ERR_CONFLICT);
  assert_string_equal(f->err.message, "person \"Ann\" is used by box \"Big\" (/parts/0/id); change these first");
  assert_true(fixture_patch(f, "box", fixture_id(f, &box), "{\"parts\": []}", 0, &out));
  assert_true(resource_delete(&f->ctx, &PERSON, fixture_id(f, &ann), 0, &f->err));
  assert_int_equal(count_of(f, "SELECT count(*) FROM person"), 0);
}

static void what_belongs_to_it_goes_with_it(void **state) {
  Fixture *f = *state;
  Value box = fixture_make(f, "box", "{\"name\": \"Big\"}"), other = fixture_make(f, "box", "{\"name\": \"Other\"}");
  Value one = fixture_make(f, "lid", "{\"box_id\": \"big\"}");
  Value two = fixture_make(f, "lid",
                           str_to_c(f->arena, str_format(f->arena, "{\"box_id\": \"big\", \"twin_id\": \"%s\"}",
                                                         fixture_text(f, &one, "/id"))));
  Value third = fixture_make(f, "lid",
                             str_to_c(f->arena, str_format(f->arena, "{\"box_id\": \"other\", \"twin_id\": \"%s\"}",
                                                           fixture_text(f, &two, "/id"))));
  assert_true(db_savepoint(f->db, &f->err));
  assert_false(
      resource_delete(&f->ctx, &BOX, fixture_id(f, &box), 0, &f->err)); /* the other box's lid needs one of them */
  assert_int_equal(f->err.code, ERR_CONFLICT);
  db_rollback_to(f->db);
  assert_true(resource_delete(&f->ctx, &LID, fixture_id(f, &third), 0, &f->err));
  assert_true(resource_delete(&f->ctx, &BOX, fixture_id(f, &box), 0, &f->err));
  assert_int_equal(count_of(f, "SELECT count(*) FROM lid"), 0);
  assert_int_equal(count_of(f, "SELECT count(*) FROM ref"), 0);
  assert_int_equal(count_of(f, "SELECT count(*) FROM box"), 1);
  (void)other;
}

static void unique_values_are_taken_once(void **state) {
  Fixture *f = *state;
  Value ann = fixture_make(f, "person", "{\"name\": \"Ann\", \"email\": \"ann@example.com\"}"), out = value_null();
  assert_false(fixture_try(f, "person", "{\"name\": \"Ann\", \"email\": \"ANN@EXAMPLE.COM\"}"));
  assert_int_equal(f->err.code, ERR_CONFLICT);
  assert_string_equal(fixture_error(f, 0), "/email taken");
  assert_true(
      fixture_patch(f, "person", fixture_id(f, &ann), "{\"name\": \"Anna\", \"email\": \"ann@example.com\"}", 0, &out));
}

static bool take_text(const DbRow *row, void *ctx) {
  Fixture *f = ctx;
  snprintf(f->err.message, sizeof f->err.message, "%.*s %.*s %.*s", STR_ARG(db_row_peek(row, 0)),
           STR_ARG(db_row_peek(row, 1)), STR_ARG(db_row_peek(row, 2)));
  return true;
}

static void every_write_is_audited_without_secrets(void **state) {
  Fixture *f = *state;
  static const DbStmt LAST = {
      "last_audit", "SELECT verb, coalesce(before, '-'), coalesce(after, '-') FROM audit ORDER BY id DESC LIMIT 1",
      NULL};
  Value box = fixture_make(f, "box", "{\"name\": \"Big\", \"secret\": \"hunter2\"}"), out = value_null();
  bool found = false;
  assert_true(fixture_patch(f, "box", fixture_id(f, &box), "{\"size\": 9, \"secret\": \"hunter3\"}", 0, &out));
  Error err = {0};
  assert_true(db_query_one(f->db, &LAST, 0, NULL, take_text, f, &found, &err));
  assert_string_equal(f->err.message,
                      "update {\"size\":5,\"secret\":\"(secret)\"} {\"size\":9,\"secret\":\"(secret)\"}");
  assert_int_equal(count_of(f, "SELECT count(*) FROM audit"), 2);
  assert_int_equal(count_of(f, "SELECT count(*) FROM audit WHERE before LIKE '%hunter%' OR after LIKE '%hunter%'"), 0);
  assert_true(resource_delete(&f->ctx, &BOX, fixture_id(f, &box), 0, &f->err));
  assert_int_equal(count_of(f, "SELECT count(*) FROM audit WHERE verb = 'delete' AND after IS NULL"), 1);
}

static void verbs_that_a_table_does_not_name_are_refused(void **state) {
  Fixture *f = *state;
  assert_false(fixture_try(f, "ticket", "{}"));
  assert_int_equal(f->err.code, ERR_FORBIDDEN);
}

static void a_broken_table_stops_the_registry(void **state) {
  Fixture *f = *state;
  static const Field LOST[] = {{.name = "x_id", .kind = F_REF, .ref = "nowhere", .doc = "Lost."}};
  static const Resource WRONG = {
      .name = "wrong", .plural = "wrongs", .prefix = "wro", .table = "wrong", .doc = "Wrong.", FIELDS(LOST)};
  static const Resource *const LIST[] = {&WRONG}, *const TWICE[] = {&TICKET, &TICKET};
  Registry *registry = NULL;
  assert_false(registry_new(LIST, 1, &registry, &f->err));
  assert_string_equal(f->err.message, "resource wrong, field x_id: refers to a resource that does not exist");
  assert_false(registry_new(TWICE, 2, &registry, &f->err));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TOY_TEST(slugs_come_from_names_and_stay),
      TOY_TEST(things_are_found_by_every_name),
      TOY_TEST(a_row_of_another_organization_does_not_exist),
      TOY_TEST(patches_merge),
      TOY_TEST(an_answer_may_be_written_back_and_changes_nothing),
      TOY_TEST(another_version_is_refused),
      TOY_TEST(what_is_used_is_not_deleted),
      TOY_TEST(what_belongs_to_it_goes_with_it),
      TOY_TEST(unique_values_are_taken_once),
      TOY_TEST(every_write_is_audited_without_secrets),
      TOY_TEST(verbs_that_a_table_does_not_name_are_refused),
      TOY_TEST(a_broken_table_stops_the_registry),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
