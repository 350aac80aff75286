/* Cells of the rows from which the picture is built. What does not parse (it was checked when it was written) is logged
 * and left out; it never stops the server. */
#include "base/seal.h"
#include "core/setup/load.h"
#include "lang/json.h"
#include "resource/resource.h"

Value load_json(const Loading *load, const DbRow *row, int column) {
  Str text = db_row_text(row, column, load->arena);
  Value value = value_null();
  Error err = {0};
  if (text.len && !json_parse(load->arena, text, NULL, &value, &err)) {
    log_warn("setup", "ignoring column %s of row %lld: %s", db_row_name(row, column), (long long)db_row_int(row, 0),
             err.message);
    value = value_null();
  }
  return value;
}

Str load_secret_text(const Loading *load, const DbRow *row, int column, i64 org_id, const char *field) {
  Str plain = STR_NONE, place = resource_secret_place(load->arena, field, org_id);
  Error err = {0};
  if (!unseal(load->arena, load->app->sealer, db_row_text(row, column, load->arena), place, &plain, &err))
    log_warn("setup", "ignoring the %s of row %lld: %s", field, (long long)db_row_int(row, 0), err.message);
  return plain;
}

size_t load_count(const Value *list) {
  return value_is(list, VALUE_LIST) ? list->size : 0;
}

const Zone *load_zone(const Loading *load, const DbRow *row, int column, const Zone *otherwise) {
  Str name = db_row_peek(row, column);
  const Zone *zone = otherwise;
  Error err = {0};
  if (name.len && !zone_find(load->app->zones, name, &zone, &err)) {
    log_warn("setup", "ignoring a time zone: %s", err.message);
    zone = otherwise;
  }
  return zone;
}

i64 load_seconds(const Value *map, const char *name, i64 otherwise) {
  return value_int_or(value_get_c(map, name), otherwise);
}
