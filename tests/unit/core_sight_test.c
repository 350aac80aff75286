/* What callers may see, as SQL: for every resource and every scope the condition is sound, and no list becomes a scan
 * of a large table because something may be hidden. */
#include <string.h>

#include "core/resources.h"
#include "resource_fixture.h"

static int open_core(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  fixture_open(f, CORE_RESOURCES, CORE_RESOURCE_COUNT);
  (void)fixture_make(f, "organization", "{\"name\": \"Acme\"}");
  *state = f;
  return 0;
}

static int close_core(void **state) {
  fixture_close(*state);
  free(*state);
  return 0;
}

static RowScope PRESENT;

static RowScope present(const Sight *sight, const Resource *resource) {
  (void)sight;
  (void)resource;
  return PRESENT;
}

/* A scan of these would be one of millions of rows; their lists walk an index of the organization. */
static const char *const LARGE[] = {"SCAN alert\n",    "SCAN page\n", "SCAN notification\n",
                                    "SCAN incident\n", "SCAN a\n",    "SCAN b\n",
                                    "SCAN h\n",        "SCAN p\n",    "SCAN n\n",
                                    "SCAN q\n",        "SCAN s\n"};

static void need_no_scan(const Resource *r, Str plan) {
  for (size_t i = 0; i < COUNT(LARGE); i++)
    if (str_find(plan, str_from_c(LARGE[i]), 0) != SIZE_MAX) fail_msg("%s: %.*s", r->name, STR_ARG(plan));
}

static void every_list_is_sound_in_every_scope(void **state) {
  Fixture *f = *state;
  static const i64 LED[] = {7, 8};
  Sight sight = {.user_id = 5, .led_team_ids = LED, .led_count = 2, .of = present};
  f->ctx.sight = &sight;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++)
    for (PRESENT = ROWS_NONE; PRESENT <= ROWS_ALL; PRESENT++) {
      const Resource *r = CORE_RESOURCES[i];
      ListQuery query = {.total = true};
      ResourceList list = {0};
      Str plan = STR_NONE;
      bool seen = true, within = true;
      if (!resource_list(&f->ctx, r, &query, &list, &f->err)) fail_msg("%s: %s", r->name, f->err.message);
      if (!resource_list_plan(&f->ctx, r, &query, &plan, &f->err)) fail_msg("%s: %s", r->name, f->err.message);
      if (r->private_sql) need_no_scan(r, plan);
      if (!resource_seen(&f->ctx, r, 99, &seen, &f->err)) fail_msg("%s: %s", r->name, f->err.message);
      if (!resource_within(&f->ctx, r, 99, PRESENT, &within, &f->err)) fail_msg("%s: %s", r->name, f->err.message);
      if (PRESENT != ROWS_ALL) assert_false(within); /* there is no such row */
    }
  f->ctx.sight = NULL;
}

/* Each limit of a table has something that it limits by. */
static void limits_name_columns_that_exist(void **state) {
  (void)state;
  for (size_t i = 0; i < CORE_RESOURCE_COUNT; i++) {
    const Resource *r = CORE_RESOURCES[i];
    const char *columns[] = {r->team_column, r->owner_column};
    for (size_t k = 0; k < COUNT(columns); k++)
      if (columns[k] && strcmp(columns[k], "id") != 0 && !resource_field(r, str_from_c(columns[k])))
        fail_msg("%s: no field %s", r->name, columns[k]);
    if (r->team_column && r->team_sql) fail_msg("%s: a column or a condition, not both", r->name);
    if (r->team_shared && !r->team_column) fail_msg("%s: shared without a team", r->name);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(every_list_is_sound_in_every_scope, open_core, close_core),
      cmocka_unit_test(limits_name_columns_that_exist),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
