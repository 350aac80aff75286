/* What an organization set of its windows, limits and retention, and the product's own where it said nothing. */
#include "core/setup/internal.h"

static i64 number_of(const Value *map, const char *name, i64 otherwise) {
  return value_int_or(value_get_c(map, name), otherwise);
}

static i64 days_of(const Value *map, const char *name, i64 otherwise) {
  return number_of(map, name, otherwise) * DAY_MS;
}

SetupKeep setup_keep(const Value *retention) {
  return (SetupKeep){.requests_ms = days_of(retention, "requests_days", 7),
                     .requests_kept_ms = days_of(retention, "requests_kept_days", 90),
                     .requests_max = number_of(retention, "requests_max", 10000),
                     .occurrences_ms = days_of(retention, "occurrences_days", 90),
                     .alerts_ms = days_of(retention, "alerts_days", 400),
                     .live_events_ms = days_of(retention, "live_events_days", 1)};
}

SetupDefaults setup_defaults(const Value *d) {
  return (SetupDefaults){.reopen_window_s = number_of(d, "reopen_window_s", 1800),
                         .late_window_s = number_of(d, "late_window_s", 300),
                         .clock_tolerance_s = number_of(d, "clock_tolerance_s", 60),
                         .ack_kept_s = number_of(d, "ack_kept_s", 600),
                         .resolve_after_s = number_of(d, "resolve_after_s", 0),
                         .am_resolve_after_s = number_of(d, "am_resolve_after_s", 300),
                         .flap_count = number_of(d, "flap_count", 6),
                         .flap_window_s = number_of(d, "flap_window_s", 1800),
                         .flap_quiet_s = number_of(d, "flap_quiet_s", 900),
                         .wait_s = number_of(d, "wait_s", 0),
                         .release_s = number_of(d, "release_s", 30),
                         .held_notice_s = number_of(d, "held_notice_s", 14400),
                         .window_s = number_of(d, "window_s", 3600),
                         .max_window_s = number_of(d, "max_window_s", 86400),
                         .alerts_max = number_of(d, "alerts_max", 1000),
                         .pause_s = number_of(d, "pause_s", 0),
                         .auto_resolve = value_bool_or(value_get_c(d, "auto_resolve"), false),
                         .auto_resolve_after_s = number_of(d, "auto_resolve_after_s", 300),
                         .idempotency_s = number_of(d, "idempotency_s", 86400),
                         .body_bytes = number_of(d, "body_bytes", MIB(1)),
                         .limits = {.key_bytes = (size_t)number_of(d, "key_bytes", EVENT_KEY_BYTES),
                                    .title_bytes = (size_t)number_of(d, "title_bytes", EVENT_TITLE_BYTES),
                                    .label_bytes = (size_t)number_of(d, "label_bytes", EVENT_LABEL_BYTES),
                                    .labels_max = (size_t)number_of(d, "labels_max", EVENT_LABELS_MAX),
                                    .clock_tolerance_ms = number_of(d, "clock_tolerance_s", 60) * 1000}};
}
