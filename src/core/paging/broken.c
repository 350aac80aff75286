/* A contact method at which nothing will ever arrive: it is marked, the person is told by another one, and when there
 * is none left, the organization's owners. */
#include "core/paging/notify.h"

static const DbStmt MARK = {
    "contact_broken",
    "UPDATE contact_method SET broken = $2, updated_at = $3, version = version + 1 WHERE id = $1 "
    "AND broken IS NULL RETURNING id",
    NULL};

static bool tell_owners(Cycle *cycle, const Notification *n, Error *err) {
  const SetupOrg *org = setup_org(setup_current(cycle_app(cycle)->setup), n->org_id);
  for (size_t i = 0; org && i < org->owner_count; i++) {
    size_t queued = 0;
    NotifyText tell = {.org_id = n->org_id,
                       .user_id = org->owner_ids[i],
                       .purpose = "method_broken",
                       .title = str_format(cycle->arena, "%.*s cannot be reached any more", STR_ARG(n->user_name)),
                       .text = str_format(cycle->arena, "Their last way, %.*s %.*s, refuses messages.",
                                          STR_ARG(n->kind), STR_ARG(n->address))};
    if (org->owner_ids[i] != n->user_id && !notify_text(cycle, &tell, &queued, err)) return false;
  }
  return true;
}

static bool tell_person(Cycle *cycle, const Notification *n, Str error, bool *out_told, Error *err) {
  Finding f = finding_of(cycle);
  const SetupUser *user = setup_user(f.setup, n->user_id);
  *out_told = false;
  for (size_t i = 0; user && i < user->contact_count && !*out_told; i++) {
    const SetupContact *c = &user->contacts[i];
    size_t queued = 0;
    if (c->id == n->contact_id || contact_why_not(&f, n->org_id, c)) continue;
    NotifyText tell = {
        .org_id = n->org_id,
        .user_id = n->user_id,
        .contact_id = c->id,
        .purpose = "method_broken",
        .title = str_format(cycle->arena, "Your %.*s %.*s cannot be reached", STR_ARG(n->kind), STR_ARG(n->address)),
        .text =
            str_format(cycle->arena, "Nothing is sent there any more: %.*s. Change the address or remove the method.",
                       STR_ARG(error))};
    if (!notify_text(cycle, &tell, &queued, err)) return false;
    *out_told = queued > 0;
  }
  return true;
}

bool notify_broken(Cycle *cycle, const Notification *n, Str error, Error *err) {
  i64 id = 0;
  bool marked = false, told = false;
  if (!n->contact_id) return true;
  if (!db_query_int(cycle->db, &MARK, DB_ARGS(db_int(n->contact_id), db_text(error), db_int(cycle->now_ms)), &id,
                    &marked, err))
    return false;
  if (!marked) return true;
  setup_row_changed(cycle_app(cycle)->setup, "contact_method", n->contact_id);
  cycle_publish(cycle, n->org_id, "contact_method", n->contact_id, 0);
  return tell_person(cycle, n, error, &told, err) && (told || tell_owners(cycle, n, err));
}
