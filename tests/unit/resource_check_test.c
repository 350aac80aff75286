/* Validation: every wrong member is told, with its pointer, and what to do. */
#include <string.h>

#include "resource_toys.h"

typedef struct Case {
  const char *body, *errors; /* "pointer code; pointer code"; "" when it is right */
} Case;

static const Case CASES[] = {
    {"{\"name\": \"A\"}", ""},
    {"{}", "/name required"},
    {"{\"name\": \"  \"}", "/name required"},
    {"{\"name\": 7}", "/name type"},
    {"{\"name\": \"A\", \"size\": \"7\"}", "/size type"},
    {"{\"name\": \"A\", \"size\": 101}", "/size range"},
    {"{\"name\": \"A\", \"size\": 2.0}", ""},
    {"{\"name\": \"A\", \"size\": 2.5}", "/size type"},
    {"{\"name\": \"A\", \"open\": 1}", "/open type"},
    {"{\"name\": \"A\", \"colour\": \"gren\"}", "/colour choice"},
    {"{\"name\": \"A\", \"made_at\": \"yesterday\"}", "/made_at format"},
    {"{\"name\": \"A\", \"made_at\": \"2026-01-05T09:00:00\"}", "/made_at format"},
    {"{\"name\": \"A\", \"zone\": \"Mars/Olympus\"}", "/zone choice"},
    {"{\"name\": \"A\", \"priority\": \"p5\"}", "/priority choice"},
    {"{\"name\": \"A\", \"priority\": \"P2\"}", ""},
    {"{\"name\": \"A\", \"labels\": {\"a\": 1, \"b/c\": true}}", "/labels/a type; /labels/b~1c type"},
    {"{\"name\": \"A\", \"labels\": [1]}", "/labels type"},
    {"{\"name\": \"A\", \"parts\": [{}, {\"kind\": \"tree\"}, {\"kind\": \"person\"}]}",
     "/parts/0/kind required; /parts/1/kind choice; /parts/2/id required"},
    {"{\"name\": \"A\", \"parts\": [{\"kind\": \"box\", \"id\": \"first\", \"count\": 10, \"colour\": 1}]}",
     "/parts/0/colour unknown; /parts/0/count range"},
    {"{\"name\": \"A\", \"parts\": [{\"kind\": \"person\", \"id\": \"first\"}]}", "/parts/0/id not_found"},
    {"{\"name\": \"A\", \"parts\": [7]}", "/parts/0 type"},
    {"{\"name\": \"A\", \"parts\": [{}, {}, {}, {}]}", "/parts length"},
    {"{\"name\": \"A\", \"side\": {\"starts\": \"09:00\", \"widht\": 3}}", "/side/widht unknown; /side/starts format"},
    {"{\"name\": \"A\", \"person_id\": \"nobody@example.com\"}", "/person_id not_found"},
    {"{\"name\": \"A\", \"sizee\": 1, \"id\": \"box_1\", \"version\": 3}",
     "/sizee unknown; /id read_only; /version read_only"},
    {"{\"name\": \"A\", \"slug\": \"first\"}", "/slug taken"},
    {"{\"name\": \"A\", \"slug\": \"Not a slug\"}", "/slug format"},
    {"{\"name\": \"A\", \"rule\": \"bad\"}", "/rule expression"},
};

static bool toy_cel(ResourceCtx *ctx, const Field *field, Str source, Error *err) {
  (void)ctx;
  assert_string_equal(field->cel, "toy");
  return !str_equal_c(source, "bad") || fail(err, ERR_INVALID, "line 1: unknown name");
}

static void every_wrong_member_is_told_with_its_pointer(void **state) {
  Fixture *f = *state;
  f->ctx.check_cel = toy_cel;
  fixture_make(f, "box", "{\"name\": \"First\"}");
  for (size_t i = 0; i < COUNT(CASES); i++) {
    bool ok = fixture_try(f, "box", CASES[i].body);
    char got[400] = "";
    for (size_t k = 0; k < f->ctx.errors.count; k++)
      snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", k ? "; " : "", fixture_error(f, k));
    if (strcmp(got, CASES[i].errors) != 0) fail_msg("%s gave \"%s\"", CASES[i].body, got);
    assert_int_equal(ok, CASES[i].errors[0] == 0);
    if (!ok) assert_int_equal(f->err.code, strstr(got, "taken") ? ERR_CONFLICT : ERR_INVALID);
  }
}

static void unknown_members_and_values_suggest_the_nearest(void **state) {
  static const struct {
    const char *body, *want;
  } WANT[] = {{"{\"nmae\": 1, \"name\": \"A\"}", "did you mean \"name\"?"},
              {"{\"coulor\": 1, \"name\": \"A\"}", "did you mean \"colour\"?"},
              {"{\"name\": \"A\", \"colour\": \"blu\"}", "did you mean \"blue\"?"},
              {"{\"name\": \"A\", \"colour\": \"mauve\"}", "known: red, green, blue"},
              {"{\"name\": \"A\", \"parts\": [{\"kind\": \"persn\"}]}", "did you mean \"person\"?"}};
  for (size_t i = 0; i < COUNT(WANT); i++) {
    assert_false(fixture_try(*state, "box", WANT[i].body));
    if (!strstr(((Fixture *)*state)->err.message, WANT[i].want))
      fail_msg("\"%s\" does not say %s", ((Fixture *)*state)->err.message, WANT[i].want);
  }
}

static void the_sum_says_how_many_more(void **state) {
  Fixture *f = *state;
  assert_false(fixture_try(f, "box", "{\"size\": -1, \"open\": 3, \"colour\": 1}"));
  assert_non_null(strstr(f->err.message, "(and 3 more)"));
  assert_string_equal(f->err.pointer, "/name");
}

static void errors_have_a_ceiling(void **state) {
  Fixture *f = *state;
  Buf body = buf_new(f->arena, KIB(64));
  buf_puts(&body, "{\"name\": \"A\"");
  for (int i = 0; i < 500; i++) buf_format(&body, ", \"x%d\": 1", i);
  buf_puts(&body, "}");
  assert_false(fixture_try(f, "box", str_to_c(f->arena, buf_str(&body))));
  assert_int_equal(f->ctx.errors.count, FIELD_ERRORS_MAX);
}

static void values_come_out_in_one_form(void **state) {
  Fixture *f = *state;
  fixture_make(f, "person", "{\"name\": \"Ann\", \"email\": \"Ann@Example.com\"}");
  Value box = fixture_make(
      f, "box",
      "{\"name\": \"Big\", \"person_id\": \"ANN@example.com\", \"made_at\": 1767603600000, \"priority\": \"P1\", "
      "\"colour\": \"blue\", \"zone\": \"Europe/Berlin\", \"labels\": {\"a\": \"b\", \"gone\": null}, "
      "\"parts\": [{\"kind\": \"person\", \"id\": \"ann@example.com\"}], \"side\": {}}");
  static const char *const WANT[][2] = {{"/made_at", "2026-01-05T09:00:00Z"},
                                        {"/priority", "p1"},
                                        {"/colour", "blue"},
                                        {"/zone", "Europe/Berlin"},
                                        {"/labels", "{\"a\":\"b\"}"},
                                        {"/side", "{\"width\":10,\"starts\":null}"},
                                        {"/size", "5"},
                                        {"/open", "false"},
                                        {"/slug", "big"},
                                        {"/version", "1"},
                                        {"/secret", "(absent)"}};
  for (size_t i = 0; i < COUNT(WANT); i++) assert_string_equal(fixture_text(f, &box, WANT[i][0]), WANT[i][1]);
  assert_string_equal(fixture_text(f, &box, "/parts/0/id"), fixture_text(f, &box, "/person_id"));
  assert_true(str_starts_with(value_text_or(value_get_c(&box, "person_id"), STR_NONE), S("per_")));
}

static void enum_tables_go_both_ways(void **state) {
  (void)state;
  for (const EnumValue *v = COLOURS; v->text; v++) {
    assert_ptr_equal(enum_by_text(COLOURS, str_from_c(v->text)), v);
    assert_ptr_equal(enum_by_number(COLOURS, v->number), v);
  }
  assert_null(enum_by_text(COLOURS, S("mauve")));
  for (int k = 0; k < F_KIND_COUNT; k++) assert_non_null(field_kind_name((FieldKind)k));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      TOY_TEST(every_wrong_member_is_told_with_its_pointer),
      TOY_TEST(unknown_members_and_values_suggest_the_nearest),
      TOY_TEST(the_sum_says_how_many_more),
      TOY_TEST(errors_have_a_ceiling),
      TOY_TEST(values_come_out_in_one_form),
      cmocka_unit_test(enum_tables_go_both_ways),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
