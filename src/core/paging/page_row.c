/* A page as it is stored: reading one, finding those of a subject, and telling its timeline. */
#include "core/paging/internal.h"

static const char *const STATUS_NAMES[PAGE_STATUS_COUNT] = {"active", "acknowledged", "resolved", "exhausted",
                                                            "cancelled"};

const char *page_status_name(PageStatus status) {
  return STATUS_NAMES[status];
}

static const DbStmt PAGE_LOAD = {"page_load",
                                 "SELECT id, org_id, policy_id, subject_id, alert_id, incident_id, episode, start, "
                                 "team_id, subject_kind, status, urgency, "
                                 "title, severity, level, round, epoch, version, policy, storm_page_id, created_at, "
                                 "acknowledged_by FROM page WHERE id = $1",
                                 NULL};
static const DbStmt PAGES_OF_SUBJECT = {
    "pages_of_subject",
    "SELECT id FROM page WHERE (alert_id = $1 OR incident_id = $1) AND subject_id = $1 AND status = $2 ORDER BY id",
    NULL};

typedef struct Reading {
  Arena *arena;
  Page *out;
} Reading;

static PageStatus status_of(Str text) {
  for (int i = 0; i < PAGE_STATUS_COUNT; i++)
    if (str_equal_c(text, STATUS_NAMES[i])) return (PageStatus)i;
  return PAGE_CANCELLED;
}

static bool read_page(const DbRow *row, void *ctx) {
  Reading *r = ctx;
  *r->out = (Page){.id = db_row_int(row, 0),
                   .org_id = db_row_int(row, 1),
                   .policy_id = db_row_int(row, 2),
                   .subject_id = db_row_int(row, 3),
                   .alert_id = db_row_int(row, 4),
                   .incident_id = db_row_int(row, 5),
                   .episode = db_row_int(row, 6),
                   .start = db_row_int(row, 7),
                   .team_id = db_row_int(row, 8),
                   .subject_kind = db_row_text(row, 9, r->arena),
                   .status = status_of(db_row_peek(row, 10)),
                   .urgency = db_row_text(row, 11, r->arena),
                   .title = db_row_text(row, 12, r->arena),
                   .severity = db_row_is_null(row, 13) ? -1 : db_row_int(row, 13),
                   .level = db_row_int(row, 14),
                   .round = db_row_int(row, 15),
                   .epoch = db_row_int(row, 16),
                   .version = db_row_int(row, 17),
                   .policy = db_row_text(row, 18, r->arena),
                   .storm_page_id = db_row_int(row, 19),
                   .created_ms = db_row_int(row, 20),
                   .acknowledged_by = db_row_text(row, 21, r->arena)};
  return true;
}

bool page_load(Db *db, Arena *arena, i64 id, Page *out, bool *out_found, Error *err) {
  Reading reading = {.arena = arena, .out = out};
  return db_query_one(db, &PAGE_LOAD, DB_ARGS(db_int(id)), read_page, &reading, out_found, err);
}

bool page_tell(Cycle *cycle, const Page *page, const char *kind, const Who *who, Str data, Error *err) {
  TimelineEntry entry = {.org_id = page->org_id,
                         .subject_kind = page->subject_id ? str_to_c(cycle->arena, page->subject_kind) : "page",
                         .subject_id = page->subject_id ? page->subject_id : page->id,
                         .kind = kind,
                         .who = who,
                         .data = data};
  return timeline_add(cycle, &entry, err);
}

bool page_still_burns(Cycle *cycle, const Page *page, bool *out_burns, Error *err) {
  static const DbStmt ALERT_OPEN = {
      "page_alert_open", "SELECT id FROM alert WHERE id = $1 AND status IN ('triggered', 'acknowledged')", NULL};
  static const DbStmt INCIDENT_OPEN = {"page_incident_open",
                                       "SELECT id FROM incident WHERE id = $1 AND resolved_at IS NULL", NULL};
  i64 id = 0;
  return db_query_int(cycle->db, page->incident_id ? &INCIDENT_OPEN : &ALERT_OPEN,
                      DB_ARGS(db_int(page->incident_id ? page->incident_id : page->alert_id)), &id, out_burns, err);
}

bool page_read_id(const DbRow *row, void *ctx) {
  PageIds *ids = ctx;
  *VEC_PUSH(ids->arena, &ids->items) = db_row_int(row, 0);
  return true;
}

bool pages_of_subject(Cycle *cycle, i64 subject_id, PageStatus status, PageIds *out, Error *err) {
  *out = (PageIds){.arena = cycle->arena};
  return db_query(cycle->db, &PAGES_OF_SUBJECT,
                  DB_ARGS(db_int(subject_id), db_text(str_from_c(page_status_name(status)))), page_read_id, out, err);
}
