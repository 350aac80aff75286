/* Any body through every spec: events or an error, never a crash; what comes out is clean, inside its limits, and reads
 * back from the inbox. */
#include <stdlib.h>

#include "catalog/internal.h"
#include "lang/json.h"

static Catalog *the_catalog(void) {
  static Catalog *catalog;
  Error err = {0};
  if (!catalog && !catalog_new(zone_db_new(NULL), &catalog, &err)) abort();
  return catalog;
}

static void check_text(Str text, size_t bytes_max) {
  if (text.len > bytes_max || !utf8_valid(text)) abort();
  if (text.len && str_find_char(text, '\0', 0) != SIZE_MAX) abort();
}

static void check_event(Arena *arena, const Event *event) {
  Error err = {0};
  check_text(event->title, EVENT_TITLE_BYTES);
  check_text(event->description, EVENT_TEXT_BYTES);
  check_text(event->dedup_key, EVENT_KEY_BYTES);
  if (event->dedup_key.len == 0 || event->priority < 0 || event->priority > 4) abort();
  if (event->labels.kind != VALUE_MAP || event->labels.size > EVENT_LABELS_MAX) abort();
  for (u32 i = 0; i < event->labels.size; i++)
    check_text(value_text(&event->labels.members[i].value), EVENT_LABEL_BYTES);
  Event *back = NULL;
  size_t count = 0;
  if (!events_unpack(arena, events_pack(arena, event, 1), &back, &count, &err) || count != 1) abort();
  Value row = event_to_value(arena, event), again = event_to_value(arena, back);
  if (!value_equal(&row, &again)) abort();
}

static void check_spec(const Spec *spec, Str body, Str content_type) {
  static const Str NAMES[] = {STR("content-type"), STR("x-hub-signature-256"), STR("authorization")};
  const Str values[] = {content_type, S("sha256=00"), S("Basic Og==")};
  CLEANUP(arena_freep) Arena *arena = arena_new();
  RawRequest request = {.method = S("POST"),
                        .path = S("/in/key"),
                        .query = body,
                        .body = body,
                        .content_type = content_type,
                        .header_names = NAMES,
                        .header_values = values,
                        .header_count = COUNT(NAMES),
                        .received_ms = 1780000000000};
  NormaliseSettings settings = {.integration_id = 1, .secret = S("arn:aws:sns:eu-west-1:1:ops")};
  Normalised out = {0};
  Error err = {0};
  Str url;
  if (spec_authenticate(spec, arena, &request, &settings, &url, &err) && url.len)
    if (spec_authenticate_certificate(spec, arena, &request, body, &err)) abort();
  if (!spec_normalise(spec, arena, &request, &settings, &out, &err)) {
    if (err.code != ERR_INVALID && err.code != ERR_UNPROCESSABLE) abort();
    if (err.message[0] == '\0' || !utf8_valid(str_from_c(err.message))) abort();
    return;
  }
  for (size_t i = 0; i < out.event_count; i++) check_event(arena, &out.events[i]);
}

int LLVMFuzzerTestOneInput(const u8 *bytes, size_t count) {
  const Catalog *catalog = the_catalog();
  Str body = {(const char *)bytes, count};
  for (size_t i = 0; i < catalog_count(catalog); i++) {
    check_spec(catalog_at(catalog, i), body, S("application/json"));
    check_spec(catalog_at(catalog, i), body, S("application/x-www-form-urlencoded"));
    check_spec(catalog_at(catalog, i), body, S("multipart/form-data; boundary=b"));
  }
  return 0;
}
