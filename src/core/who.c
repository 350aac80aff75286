/* Who did something, as JSON. */
#include "core/app.h"
#include "lang/json.h"

const Who WHO_SYSTEM = {.kind = "system", .name = STR("Tocsin")};

Value who_value(Arena *arena, const Who *who) {
  MapBuilder map = map_builder(arena);
  map_put_c(&map, "kind", value_c(who->kind));
  map_put_c(&map, "id", who->id.len ? value_string(who->id) : value_null());
  map_put_c(&map, "name", value_string(who->name.ptr ? who->name : S("")));
  return map_done(&map);
}

Str who_json(Arena *arena, const Who *who) {
  Value value = who_value(arena, who);
  return json_text(arena, &value);
}
