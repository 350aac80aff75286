/* Permissions: what roles, scopes of keys and roles that people make stand for. */
#include "core/identity/access.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lang/json.h"

typedef struct Fixture {
  Arena *arena;
  const Access *access;
} Fixture;

static const Permission LIST[] = {
    {STR("alerts"), STR("read"), false, true},        {STR("alerts"), STR("update"), false, true},
    {STR("alerts"), STR("acknowledge"), false, true}, {STR("services"), STR("read"), false, true},
    {STR("services"), STR("update"), false, true},    {STR("api-keys"), STR("create"), true, false},
    {STR("users"), STR("update"), true, false},       {STR("organizations"), STR("update"), false, false},
    {STR("incidents"), STR("read"), false, true},     {STR("audit"), STR("read"), false, false},
    {STR("newcomers"), STR("read"), false, false},    {STR("alerts"), STR("read"), false, true},
};

static int open_access(void **state) {
  static Fixture f;
  f.arena = arena_new();
  f.access = access_new(f.arena, LIST, COUNT(LIST));
  *state = &f;
  return 0;
}

static int close_access(void **state) {
  arena_free(((Fixture *)*state)->arena);
  return 0;
}

static RowScope held(const Grants *grants, const char *permission) {
  Str area, verb;
  assert_true(str_cut(str_from_c(permission), ':', &area, &verb));
  return grants_scope(grants, area, verb);
}

static void roles_hold_what_the_table_says(void **state) {
  const Fixture *f = *state;
  static const struct {
    const char *role, *permission;
    RowScope scope;
  } CASES[] = {
      {"owner", "organizations:update", ROWS_ALL},
      {"admin", "organizations:update", ROWS_NONE},
      {"admin", "services:update", ROWS_ALL},
      {"responder", "services:update", ROWS_LED},
      {"viewer", "services:update", ROWS_NONE},
      {"responder", "alerts:acknowledge", ROWS_ALL},
      {"viewer", "alerts:acknowledge", ROWS_NONE},
      {"viewer", "alerts:read", ROWS_ALL},
      {"responder", "api-keys:create", ROWS_OWN},
      {"viewer", "api-keys:create", ROWS_NONE},
      {"responder", "audit:read", ROWS_NONE},
      {"admin", "audit:read", ROWS_ALL},
      {"responder", "incidents:private", ROWS_NONE},
      {"admin", "incidents:private", ROWS_ALL},
      {"king", "alerts:read", ROWS_NONE},
      {"owner", "nothing:read", ROWS_NONE},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    RowScope scope = held(access_role(f->access, str_from_c(CASES[i].role)), CASES[i].permission);
    if (scope != CASES[i].scope) print_error("%s %s: %d\n", CASES[i].role, CASES[i].permission, scope);
    assert_int_equal(scope, CASES[i].scope);
  }
}

static void what_no_row_names_is_the_administrators_only(void **state) {
  const Fixture *f = *state;
  assert_int_equal(held(access_role(f->access, S("admin")), "newcomers:read"), ROWS_ALL);
  assert_int_equal(held(access_role(f->access, S("responder")), "newcomers:read"), ROWS_NONE);
  assert_true(str_equal_c(access_undecided(f->access)->area, "newcomers"));
}

static Value json(Fixture *f, const char *text) {
  Value value = value_null();
  Error err = {0};
  assert_true(json_parse(f->arena, str_from_c(text), NULL, &value, &err));
  return value;
}

static void scopes_of_keys(void **state) {
  Fixture *f = *state;
  static const struct {
    const char *scopes, *permission;
    bool holds;
  } CASES[] = {
      {"[]", "organizations:update", true},
      {"[\"*\"]", "incidents:private", true},
      {"[\"read\"]", "alerts:read", true},
      {"[\"read\"]", "alerts:acknowledge", false},
      {"[\"write\"]", "alerts:acknowledge", true},
      {"[\"write\"]", "alerts:read", true},
      {"[\"write\"]", "incidents:private", false},
      {"[\"alerts:read\"]", "services:read", false},
      {"[\"alerts:write\"]", "alerts:update", true},
      {"[\"alerts:acknowledge\"]", "alerts:update", false},
      {"[\"alerts:*\"]", "alerts:update", true},
      {"[\"*:read\"]", "audit:read", true},
      {"[\"incidents:private\"]", "incidents:private", true},
      {"[7]", "alerts:read", false},
  };
  for (size_t i = 0; i < COUNT(CASES); i++) {
    Value scopes = json(f, CASES[i].scopes);
    bool holds = held(access_scopes(f->arena, f->access, &scopes), CASES[i].permission) == ROWS_ALL;
    if (holds != CASES[i].holds) print_error("%s %s\n", CASES[i].scopes, CASES[i].permission);
    assert_int_equal(holds, CASES[i].holds);
  }
}

static void roles_that_people_make(void **state) {
  Fixture *f = *state;
  Value permissions = json(f, "[{\"resource\": \"alerts\", \"verb\": \"write\", \"scope\": \"team\"},"
                              " {\"resource\": \"alerts\", \"verb\": \"read\", \"scope\": \"all\"},"
                              " {\"resource\": \"*\", \"verb\": \"update\", \"scope\": \"own\"}]");
  const Grants *made = access_permissions(f->arena, f->access, &permissions);
  assert_int_equal(held(made, "alerts:acknowledge"), ROWS_TEAM);
  assert_int_equal(held(made, "alerts:read"), ROWS_ALL); /* the widest wins */
  assert_int_equal(held(made, "users:update"), ROWS_OWN);
  assert_int_equal(held(made, "services:update"), ROWS_NONE); /* nobody's own: the pattern does not reach it */
  assert_non_null(access_unfit(f->access, S("services"), S("update"), ROWS_OWN));
  assert_null(access_unfit(f->access, S("alerts"), S("write"), ROWS_TEAM));
  assert_true(access_knows(f->access, S("alerts"), S("acknowledge")));
  assert_false(access_knows(f->access, S("alerts"), S("raed")));
}

static void nobody_grants_what_they_lack(void **state) {
  Fixture *f = *state;
  const Permission *lacking = NULL;
  const Grants *owner = access_role(f->access, S("owner")), *admin = access_role(f->access, S("admin")),
               *viewer = access_role(f->access, S("viewer"));
  assert_true(grants_cover(owner, admin, &lacking));
  assert_true(grants_cover(admin, viewer, &lacking));
  assert_false(grants_cover(admin, owner, &lacking));
  assert_true(str_equal_c(lacking->area, "organizations"));
  assert_false(grants_cover(viewer, admin, &lacking));
  const Grants *both = grants_both(f->arena, owner, viewer);
  assert_true(grants_cover(viewer, both, &lacking) && grants_cover(both, viewer, &lacking));
  assert_int_equal(held(grants_both(f->arena, owner, access_role(f->access, S("king"))), "alerts:read"), ROWS_NONE);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(roles_hold_what_the_table_says),
      cmocka_unit_test(what_no_row_names_is_the_administrators_only),
      cmocka_unit_test(scopes_of_keys),
      cmocka_unit_test(roles_that_people_make),
      cmocka_unit_test(nobody_grants_what_they_lack),
  };
  return cmocka_run_group_tests(tests, open_access, close_access);
}
