/* News for people that is no page: nobody has to answer. It goes the way of what can wait (their low rule), and stands
 * among the pages as one that is resolved. */
#include "core/paging/internal.h"

bool page_announce(Cycle *cycle, const PageAnnouncement *news, Error *err) {
  static const DbStmt INSERT = {
      "page_announce",
      "INSERT INTO page (id, org_id, policy_id, subject_kind, subject_id, episode, start, team_id, status, urgency, "
      "title, level, round, epoch, policy, ended_at, created_at, updated_at, version) VALUES ($1, $2, 0, 'news', 0, 1, "
      "1, $3, 'resolved', 'low', $4, 0, 0, 1, '{}', $5, $5, $5, 1)",
      NULL};
  i64 id = id_next(cycle->ids);
  Page page = {0};
  bool found = false;
  if (!db_run(cycle->db, &INSERT, err, db_int(id), db_int(news->org_id), db_id(news->team_id), db_text(news->title),
              db_int(cycle->now_ms)) ||
      !page_load(cycle->db, cycle->arena, id, &page, &found, err))
    return false;
  cycle_publish(cycle, news->org_id, "page", id, 1);
  for (size_t i = 0; found && i < news->user_count; i++) {
    Notified told = {0};
    if (!notify_user(cycle, &page, news->user_ids[i], "news", &told, err)) return false;
  }
  return true;
}
