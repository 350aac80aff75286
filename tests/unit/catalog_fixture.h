/* Requests out of files and values, for the tests of catalog/. */
#ifndef TOCSIN_TESTS_CATALOG_FIXTURE_H
#define TOCSIN_TESTS_CATALOG_FIXTURE_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/internal.h"
#include "lang/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define PAYLOADS    "tests/data/payloads"
#define RECEIVED_MS ((i64)1780000000000) /* 2026-05-28: after every payload */

enum { FILE_BYTES_MAX = 1024 * 1024, HEADERS_MAX = 32 };

/* Empty when there is no such file. */
static inline Str read_file(Arena *arena, const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) return STR_NONE;
  char *bytes = arena_alloc(arena, FILE_BYTES_MAX);
  size_t count = fread(bytes, 1, FILE_BYTES_MAX, file);
  fclose(file);
  assert_true(count < FILE_BYTES_MAX);
  return (Str){bytes, count};
}

static inline Value read_json(Arena *arena, const char *path) {
  Value value;
  Error err = {0};
  if (!json_parse(arena, read_file(arena, path), NULL, &value, &err)) fail_msg("%s: %s", path, err.message);
  return value;
}

static inline void add_header(Arena *arena, RawRequest *request, Str name, Str value) {
  if (!request->header_names) {
    request->header_names = ARENA_ARRAY(arena, Str, HEADERS_MAX);
    request->header_values = ARENA_ARRAY(arena, Str, HEADERS_MAX);
  }
  assert_true(request->header_count < HEADERS_MAX);
  ((Str *)request->header_names)[request->header_count] = str_lower(arena, name);
  ((Str *)request->header_values)[request->header_count++] = value;
  if (str_equal_nocase(name, S("content-type"))) request->content_type = value;
}

static inline RawRequest make_request(Str body) {
  return (RawRequest){.method = S("POST"), .path = S("/in/key"), .body = body, .received_ms = RECEIVED_MS};
}

/* tests/data/payloads/<vendor>/<name>.json or .raw, with its .headers. */
static inline RawRequest read_request(Arena *arena, Str vendor, Str name) {
  char *base = str_to_c(arena, str_format(arena, PAYLOADS "/%.*s/%.*s", STR_ARG(vendor), STR_ARG(name)));
  Str body = read_file(arena, str_to_c(arena, str_format(arena, "%s.raw", base)));
  if (!body.len) body = read_file(arena, str_to_c(arena, str_format(arena, "%s.json", base)));
  RawRequest request = make_request(body);
  Str headers = read_file(arena, str_to_c(arena, str_format(arena, "%s.headers", base)));
  for (bool more = headers.len > 0; more;) {
    Str line, header, value;
    more = str_cut(headers, '\n', &line, &headers);
    if (str_cut(line, ':', &header, &value)) add_header(arena, &request, header, str_trim(value));
  }
  return request;
}

static inline Catalog *load_catalog(ZoneDb **out_zones) {
  Catalog *catalog = NULL;
  Error err = {0};
  *out_zones = zone_db_new(NULL);
  if (!catalog_new(*out_zones, &catalog, &err)) fail_msg("%s\n%s", err.message, err.detail);
  return catalog;
}

/* Everything in `want` is in `have`: members of maps, elements of lists in order. */
static inline bool value_holds(const Value *have, const Value *want) {
  if (!have) return want->kind == VALUE_NULL || (want->kind == VALUE_LIST && want->size == 0);
  if (want->kind == VALUE_MAP) {
    for (u32 i = 0; i < want->size; i++)
      if (!value_holds(value_get(have, value_text(&want->members[i].key)), &want->members[i].value)) return false;
    return have->kind == VALUE_MAP;
  }
  if (want->kind == VALUE_LIST) {
    if (have->kind != VALUE_LIST || have->size != want->size) return false;
    for (u32 i = 0; i < want->size; i++)
      if (!value_holds(&have->items[i], &want->items[i])) return false;
    return true;
  }
  return value_equal(have, want);
}

#endif
