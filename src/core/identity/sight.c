/* A person's sight: their role's right to read, row by row. */
#include "core/identity/sight.h"

typedef struct PersonSight {
  Sight sight; /* first: a Sight is one of these */
  const Grants *grants;
} PersonSight;

const Grants *sight_grants(const Sight *sight) {
  return ((const PersonSight *)(const void *)sight)->grants;
}

static RowScope sees(const Sight *sight, const Resource *resource) {
  return grants_scope(sight_grants(sight), str_from_c(resource->plural), S("read"));
}

const Sight *sight_new(Arena *arena, const Access *access, const SetupUser *user, const Grants *held) {
  PersonSight *made = ARENA_NEW(arena, PersonSight);
  made->grants = user ? user->grants : access_role(access, S("owner"));
  made->sight = (Sight){.user_id = user ? user->id : 0,
                        .private_too = held && grants_scope(held, S("incidents"), S("private")) == ROWS_ALL,
                        .led_team_ids = user ? user->led_team_ids : NULL,
                        .led_count = user ? user->led_count : 0,
                        .of = sees};
  return &made->sight;
}
