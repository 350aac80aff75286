/* Change events (deployments, pushes, flags): one row per key, later events of the key move it on. */
#include "core/alerts/batch.h"
#include "lang/json.h"

static const DbStmt CHANGE_FIND = {
    "change_find", "SELECT id, version FROM change WHERE org_id = $1 AND integration_id = $2 AND dedup_key = $3", NULL};
static const DbStmt CHANGE_INSERT = {
    "change_insert",
    "INSERT INTO change (id, org_id, number, integration_id, kind, title, status, service_id, service, environment, "
    "revision, "
    "author, url, starts_at, ends_at, labels, dedup_key, created_at, updated_at, version) "
    "VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$18,1)",
    NULL};
static const DbStmt CHANGE_UPDATE = {
    "change_update",
    "UPDATE change SET kind = $2, title = $3, status = $4, service_id = $5, service = $6, environment = $7, revision = "
    "$8, "
    "author = $9, url = $10, starts_at = COALESCE(starts_at, $11), ends_at = $12, labels = $13, updated_at = $14, "
    "version = version + 1 WHERE id = $1",
    NULL};

typedef struct Found {
  i64 id, version;
} Found;

static bool read_found(const DbRow *row, void *ctx) {
  *(Found *)ctx = (Found){db_row_int(row, 0), db_row_int(row, 1)};
  return true;
}

static DbValue text_or_null(Str text) {
  return text.len ? db_text(text) : db_null();
}

static Str labels_text(Arena *arena, const Event *e) {
  return e->labels.kind == VALUE_MAP ? json_text(arena, &e->labels) : S("{}");
}

static bool insert(Batch *batch, const Item *item, i64 id, i64 service_id, Error *err) {
  const Event *e = item->event;
  i64 number = change_number_next(batch, item->arrival->org_id, err);
  if (number == 0) return false;
  return db_run(batch->cycle->db, &CHANGE_INSERT, err, db_int(id), db_int(item->arrival->org_id), db_int(number),
                db_int(item->arrival->integration_id), db_text(e->change_kind), db_text(e->title),
                text_or_null(e->change_status), db_id(service_id), text_or_null(e->service),
                text_or_null(e->environment), text_or_null(e->revision), text_or_null(e->author), text_or_null(e->url),
                db_id(e->starts_ms ? e->starts_ms : item->arrival->received_ms), db_id(e->ends_ms),
                db_text(labels_text(batch->arena, e)), db_text(e->dedup_key), db_int(batch->now_ms));
}

static bool update(Batch *batch, const Item *item, i64 id, i64 service_id, Error *err) {
  const Event *e = item->event;
  return db_run(batch->cycle->db, &CHANGE_UPDATE, err, db_int(id), db_text(e->change_kind), db_text(e->title),
                text_or_null(e->change_status), db_id(service_id), text_or_null(e->service),
                text_or_null(e->environment), text_or_null(e->revision), text_or_null(e->author), text_or_null(e->url),
                db_id(e->starts_ms), db_id(e->ends_ms), db_text(labels_text(batch->arena, e)), db_int(batch->now_ms));
}

bool change_apply(Batch *batch, Item *item, Error *err) {
  Found found = {0};
  bool exists = false, ambiguous = false;
  if (!db_query_one(batch->cycle->db, &CHANGE_FIND,
                    DB_ARGS(db_int(item->arrival->org_id), db_int(item->arrival->integration_id),
                            db_text(item->event->dedup_key)),
                    read_found, &found, &exists, err))
    return false;
  const SetupService *service =
      setup_service_named(batch->setup, item->arrival->org_id, item->event->service, &ambiguous);
  if (!service && item->integration) service = setup_service(batch->setup, item->integration->service_id);
  i64 service_id = service ? service->id : 0;
  i64 id = exists ? found.id : id_next(batch->cycle->ids);
  bool ok = exists ? update(batch, item, id, service_id, err) : insert(batch, item, id, service_id, err);
  if (!ok) return false;
  *VEC_PUSH(item->arrival->arena, &item->arrival->change_ids) = id;
  cycle_publish(batch->cycle, item->arrival->org_id, "change", id, found.version + 1);
  return true;
}
