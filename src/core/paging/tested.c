/* What became of a weekly test page stands at its method, like that of a test sent by hand: readiness and the person's
 * own page read it there. */
#include <string.h>

#include "core/paging/notify.h"

bool notify_tested(Cycle *cycle, const Notification *n, const char *status, Str error, Error *err) {
  static const DbStmt TESTED = {"contact_tested",
                                "UPDATE contact_method SET checked_at = $2, check_kind = 'test', check_status = $3, "
                                "check_error = $4, version = version + 1, updated_at = $2 WHERE id = $1",
                                NULL};
  bool failed = strcmp(status, "failed") == 0, went = strcmp(status, "sent") == 0 || strcmp(status, "delivered") == 0;
  if (!str_equal_c(n->purpose, TEST_PAGE_PURPOSE) || (!failed && !went)) return true;
  cycle_publish(cycle, n->org_id, "contact_method", n->contact_id, 0);
  return db_run(cycle->db, &TESTED, err, db_int(n->contact_id), db_int(cycle->now_ms),
                db_text(failed ? S("failed") : S("sent")), db_text_or_null(failed ? error : STR_NONE));
}
