/* The product's tables over a fresh organization, with Ann, its owner, and Bob. */
#ifndef TOCSIN_TESTS_CORE_FIXTURE_H
#define TOCSIN_TESTS_CORE_FIXTURE_H

#include <string.h>

#include "core/resources.h"
#include "resource_fixture.h"

static inline int open_core(void **state) {
  Fixture *f = calloc(1, sizeof *f);
  fixture_open(f, CORE_RESOURCES, CORE_RESOURCE_COUNT);
  Value org = fixture_make(f, "organization", "{\"name\": \"Acme\", \"time_zone\": \"Europe/Berlin\"}");
  assert_int_equal(f->ctx.org_id, fixture_id(f, &org));
  *state = f;
  return 0;
}

static inline int close_core(void **state) {
  fixture_close(*state);
  free(*state);
  return 0;
}

static inline Value make_ann(Fixture *f) {
  return fixture_make(f, "user", "{\"name\": \"Ann\", \"email\": \"ann@example.com\", \"role\": \"owner\"}");
}
static inline Value make_bob(Fixture *f) {
  return fixture_make(f, "user", "{\"name\": \"Bob\", \"email\": \"bob@example.com\"}");
}

static inline Value list_all(Fixture *f, const char *name) {
  ListQuery query = {0};
  ResourceList list = {0};
  if (!resource_list(&f->ctx, fixture_resource(f, name), &query, &list, &f->err)) fail_msg("%s", f->err.message);
  return list.items;
}

#define CORE_TEST(fn) cmocka_unit_test_setup_teardown(fn, open_core, close_core)

#endif
