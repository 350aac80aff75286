/* A compiled channel: templates, and what the provider's answers mean. Private to catalog/. */
#ifndef TOCSIN_CATALOG_CHANNEL_INTERNAL_H
#define TOCSIN_CATALOG_CHANNEL_INTERNAL_H

#include "catalog/internal.h"
#include "lang/mustache/mustache.h"

enum {
  CHANNEL_HEADERS_MAX = 16,
  CHANNEL_BODY_MAX = 512 * 1024,
  CHANNEL_LINE_MAX = 4096, /* URL, subject, a header */
};

/* What rules about answers see; ANSWER_VARS in channel.c. */
typedef enum AnswerVar { ANSWER_STATUS, ANSWER_BODY, ANSWER_JSON, ANSWER_COUNT } AnswerVar;

typedef struct ChannelHeader {
  Str name;
  const Mustache *value;
} ChannelHeader;

struct Channel {
  Str name, title, guide;
  bool mail, resend_unknown;
  Str address_hint;
  const CelProgram *address_check; /* over `item`, an address */
  Str method;
  const Mustache *url, *body, *subject, *text, *html; /* NULL: none */
  ChannelHeader headers[CHANNEL_HEADERS_MAX];
  size_t header_count;
  i64 timeout_ms;
  const CelProgram *success, *delivered, *permanent, *provider_id, *error;
  Value samples;
};

#endif
