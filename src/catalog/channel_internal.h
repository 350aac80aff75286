/* A compiled channel: templates, and what the provider's answers mean. Private to catalog/. */
#ifndef TOCSIN_CATALOG_CHANNEL_INTERNAL_H
#define TOCSIN_CATALOG_CHANNEL_INTERNAL_H

#include "catalog/internal.h"
#include "lang/mustache/mustache.h"

enum {
  CHANNEL_HEADERS_MAX = 16,
  CHANNEL_BODY_MAX = 512 * 1024,
  CHANNEL_LINE_MAX = 4096, /* URL, subject, a header */
  CHANNEL_FORM_MAX = 16,
  CHANNEL_SETTINGS_MAX = 8,
};

/* How a callback shows that it is the provider's: only by the URL that only it was given, by Twilio's signature, by a
 * header that was agreed on. */
typedef enum CallbackProof { PROOF_URL, PROOF_TWILIO, PROOF_TOKEN_HEADER } CallbackProof;

typedef struct ChannelSetting {
  Str name, doc, otherwise;
  bool required;
} ChannelSetting;

/* What rules about answers see; ANSWER_VARS in channel.c. */
typedef enum AnswerVar { ANSWER_STATUS, ANSWER_BODY, ANSWER_JSON, ANSWER_COUNT } AnswerVar;

typedef struct ChannelHeader {
  Str name;
  const Mustache *value;
} ChannelHeader;

/* What files of channels are read with. */
typedef struct ChannelLoader {
  Loader answers;   /* rules about answers */
  Loader address;   /* the check of addresses */
  Loader callbacks; /* what the provider calls back with */
  MustacheOptions text, html, json;
} ChannelLoader;
bool channel_load_template(const ChannelLoader *l, const MustacheOptions *options, const Value *v, const char *place,
                           const Mustache **out);
/* channel_provider.c: settings, limits, callbacks. */
bool channel_load_provider(const ChannelLoader *l, const Value *map, Channel *channel);
typedef enum CallbackVar { CALLBACK_PAYLOAD, CALLBACK_COUNT } CallbackVar;
const CelEnv *channel_callback_env(Arena *arena, ZoneDb *zones);

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
  const CelProgram *broken, *configuration, *retry_after;
  Str kind;
  ChannelHeader form[CHANNEL_FORM_MAX]; /* instead of a body */
  size_t form_count;
  ChannelSetting settings[CHANNEL_SETTINGS_MAX];
  size_t setting_count;
  Str secret_doc; /* empty: it has no secret */
  bool machine;
  ChannelLimit limits[CHANNEL_LIMITS_MAX];
  size_t limit_count;
  CallbackProof receipt_proof, reply_proof;
  bool has_receipts, has_replies;
  const CelProgram *receipt_status, *receipt_error;
  const CelProgram *reply_action, *reply_from, *reply_token, *reply_number, *reply_stop;
  const Mustache *answer;
  Str answer_type;
  Value samples;
};

#endif
