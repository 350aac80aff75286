/* People: how a new one is reached, who may go, whose methods are whose; and keys. */
#include "core_fixture.h"

static void a_new_user_is_reachable_by_mail_at_both_urgencies(void **state) {
  Fixture *f = *state;
  Value ann = make_ann(f), methods = list_all(f, "contact_method"), rules = list_all(f, "notification_rule");
  assert_int_equal(methods.size, 1);
  assert_string_equal(fixture_text(f, &methods, "/0/address"), "ann@example.com");
  assert_string_equal(fixture_text(f, &methods, "/0/verified"), "true");
  assert_string_equal(fixture_text(f, &methods, "/0/user_id"), fixture_text(f, &ann, "/id"));
  assert_int_equal(rules.size, 2);
  assert_string_equal(fixture_text(f, &rules, "/0/urgency"), "high");
  assert_string_equal(fixture_text(f, &rules, "/1/urgency"), "low");
  assert_string_equal(fixture_text(f, &rules, "/1/steps/0/delay_s"), "0");
  assert_string_equal(fixture_text(f, &rules, "/0/steps/0/contact_method_ids/0"), fixture_text(f, &methods, "/0/id"));
}

static void a_user_goes_with_their_methods_unless_somebody_needs_them(void **state) {
  Fixture *f = *state;
  make_ann(f);
  Value bob = make_bob(f), out = value_null();
  fixture_make(f, "api_key", "{\"name\": \"Bob's\", \"user_id\": \"bob@example.com\"}");
  Value team = fixture_make(f, "team", "{\"name\": \"Payments\", \"members\": [{\"user_id\": \"bob@example.com\"}]}");
  assert_true(db_savepoint(f->db, &f->err));
  assert_false(resource_delete(&f->ctx, &USER, fixture_id(f, &bob), 0, &f->err));
  assert_string_equal(f->err.message,
                      "user \"Bob\" is used by team \"Payments\" (/members/0/user_id); change these first");
  db_rollback_to(f->db);
  assert_true(fixture_patch(f, "team", fixture_id(f, &team), "{\"members\": []}", 0, &out));
  if (!resource_delete(&f->ctx, &USER, fixture_id(f, &bob), 0, &f->err)) fail_msg("%s", f->err.message);
  Value methods = list_all(f, "contact_method"), keys = list_all(f, "api_key");
  assert_int_equal(methods.size, 1);
  assert_int_equal(keys.size, 0);
}

static void the_last_owner_stays(void **state) {
  Fixture *f = *state;
  Value ann = make_ann(f), out = value_null();
  make_bob(f);
  assert_false(fixture_patch(f, "user", fixture_id(f, &ann), "{\"role\": \"viewer\"}", 0, &out));
  assert_int_equal(f->err.code, ERR_CONFLICT);
  assert_false(resource_delete(&f->ctx, &USER, fixture_id(f, &ann), 0, &f->err));
  assert_int_equal(f->err.code, ERR_CONFLICT);
}

static void only_an_administrator_says_that_an_address_is_verified(void **state) {
  Fixture *f = *state;
  make_ann(f);
  Value out = value_null();
  Value sms =
      fixture_make(f, "contact_method",
                   "{\"user_id\": \"ann@example.com\", \"kind\": \"sms\", \"address\": \"+491\", \"verified\": true}");
  f->ctx.administrator = false;
  assert_false(
      fixture_try(f, "contact_method",
                  "{\"user_id\": \"ann@example.com\", \"kind\": \"sms\", \"address\": \"+492\", \"verified\": true}"));
  assert_string_equal(fixture_error(f, 0), "/verified read_only");
  assert_true(fixture_patch(f, "contact_method", fixture_id(f, &sms), "{\"address\": \"+493\"}", 0, &out));
  assert_string_equal(fixture_text(f, &out, "/verified"), "false");
}

static void steps_use_the_users_own_methods(void **state) {
  Fixture *f = *state;
  make_ann(f);
  make_bob(f);
  Value methods = list_all(f, "contact_method"), rules = list_all(f, "notification_rule"), out = value_null();
  Str patch =
      str_format(f->arena, "{\"steps\": [{\"contact_method_ids\": [\"%s\"]}]}", fixture_text(f, &methods, "/1/id"));
  i64 rule = resource_ref_id(f->registry, value_get_c(value_at(&rules, 0), "id"));
  assert_false(fixture_patch(f, "notification_rule", rule, str_to_c(f->arena, patch), 0, &out));
  assert_string_equal(fixture_error(f, 0), "/steps/0/contact_method_ids/0 not_found");
  assert_false(fixture_try(f, "notification_rule", "{\"user_id\": \"ann@example.com\", \"urgency\": \"high\"}"));
  assert_string_equal(fixture_error(f, 0), "/steps required");
  assert_false(fixture_patch(f, "notification_rule", rule, "{\"steps\": []}", 0, &out));
  assert_string_equal(fixture_error(f, 0), "/steps length");
  patch = str_format(f->arena,
                     "{\"user_id\": \"ann@example.com\", \"urgency\": \"high\", \"steps\": "
                     "[{\"contact_method_ids\": [\"%s\"]}]}",
                     fixture_text(f, &methods, "/0/id"));
  assert_false(fixture_try(f, "notification_rule", str_to_c(f->arena, patch)));
  assert_int_equal(f->err.code, ERR_CONFLICT);
}

static bool take_hash(const DbRow *row, void *ctx) {
  Fixture *f = ctx;
  f->err.column = 0;
  snprintf(f->err.detail, sizeof f->err.detail, "%.*s", STR_ARG(db_row_peek(row, 0)));
  return true;
}

static void a_key_is_shown_once_and_stored_as_its_hash(void **state) {
  Fixture *f = *state;
  Value key = fixture_make(f, "api_key", "{\"name\": \"Terraform\", \"scopes\": [\"alerts:read\"]}"),
        again = value_null();
  Str text = value_text_or(value_get_c(&key, "key"), S(""));
  assert_true(str_starts_with(text, S("tk_")) && text.len == 43);
  Error err = {0};
  assert_true(db_query_text(f->db, S("SELECT hash FROM api_key"), 0, NULL, take_hash, f, &err));
  assert_true(str_equal_c(sha256_hex(f->arena, text), f->err.detail));
  assert_true(resource_get(&f->ctx, &API_KEY, fixture_id(f, &key), &again, &f->err));
  assert_null(value_get_c(&again, "key"));
  assert_null(value_get_c(&again, "hash"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      CORE_TEST(a_new_user_is_reachable_by_mail_at_both_urgencies),
      CORE_TEST(a_user_goes_with_their_methods_unless_somebody_needs_them),
      CORE_TEST(the_last_owner_stays),
      CORE_TEST(only_an_administrator_says_that_an_address_is_verified),
      CORE_TEST(steps_use_the_users_own_methods),
      CORE_TEST(a_key_is_shown_once_and_stored_as_its_hash),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
