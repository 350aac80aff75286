/* What a person answered to a message: a button, a key, a text. By a callback of the provider, or out of a poll. */
#ifndef TOCSIN_CORE_REPLY_H
#define TOCSIN_CORE_REPLY_H

#include "core/paging/ask.h"
#include "net/http_server.h"

typedef struct Replying {
  App *app;
  HttpRequest *request; /* NULL: it was polled */
  const SetupConnector *connector;
  const Channel *channel;
  i64 org_id;
  i64 notification_id; /* the message that it belongs to; 0: the reply says which */
} Replying;

typedef struct Replied {
  Str said;   /* a sentence for the person; in the cycle's arena */
  bool again; /* a call: say it once more */
} Replied;

/* What cannot be done is a sentence, too. Where the words cannot stand in an HTTP answer a job carries them. */
MUST_CHECK bool reply_take(Cycle *cycle, Replying *replying, const ChannelReply *reply, Replied *out, Error *err);

#endif
