/* What a message says, from any connection: used by sends and by the acknowledgement page. */
#ifndef TOCSIN_CORE_MESSAGE_H
#define TOCSIN_CORE_MESSAGE_H

#include "core/paging/notify.h"

MUST_CHECK bool message_facts(App *app, Db *db, Arena *arena, const Setup *setup, const Notification *n,
                              const Page *page, Value *out, Error *err);

#endif
