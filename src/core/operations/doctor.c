/* The list of findings, and the order of the looks. */
#include "core/operations/doctor.h"

#include "base/seal.h"
#include "core/operations/operations.h"
#include "core/server/secret_key.h"

static const char *const LEVELS[] = {"ok", "note", "warning", "error"};

const char *finding_level_name(FindingLevel level) {
  return LEVELS[level];
}

void finding(Doctor *doctor, FindingLevel level, const char *about, const char *format, ...) {
  va_list args;
  MapBuilder map = map_builder(doctor->arena);
  va_start(args, format);
  Str text = str_vformat(doctor->arena, format, args);
  va_end(args);
  map_put_c(&map, "level", value_c(finding_level_name(level)));
  map_put_c(&map, "about", value_c(about));
  map_put_c(&map, "text", value_string(utf8_clean(doctor->arena, text)));
  *VEC_PUSH(doctor->arena, &doctor->findings) = map_done(&map);
}

static bool look_at_secrets(Doctor *doctor, Error *err) {
  SecretCounts counts = {0};
  if (!secrets_walk(doctor->app, doctor->db, false, false, &counts, err)) return false;
  if (counts.closed)
    finding(doctor, FINDING_ERROR, "secrets",
            "%lld do not open; bring the old key back, give them again, or stop the server and run doctor "
            "--forget-secrets",
            (long long)counts.closed);
  else
    finding(doctor, FINDING_OK, "secrets", "%lld, sealed with the key %.*s", (long long)counts.sealed,
            STR_ARG(sealer_id(doctor->app->sealer)));
  return true;
}

bool doctor_run(App *app, Arena *arena, Value *out, Error *err) {
  Doctor doctor = {.app = app, .arena = arena};
  if (!db_pool_take(app->readers, &doctor.db, err)) return false;
  doctor_machine(&doctor);
  bool ok = doctor_people(&doctor, err) && look_at_secrets(&doctor, err);
  doctor_reach(&doctor);
  db_pool_give(app->readers, doctor.db);
  *out = list_done(&doctor.findings);
  return ok;
}

bool doctor_local(LocalCall *call, MapBuilder *answer, Error *err) {
  Value findings = value_null();
  if (!doctor_run(call->app, call->arena, &findings, err)) return false;
  map_put_c(answer, "findings", findings);
  return true;
}
