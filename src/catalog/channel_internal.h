/* A compiled channel: templates, and what the provider's answers mean. Private to catalog/. */
#ifndef TOCSIN_CATALOG_CHANNEL_INTERNAL_H
#define TOCSIN_CATALOG_CHANNEL_INTERNAL_H

#include "catalog/channel.h"
#include "catalog/internal.h"
#include "lang/mustache/mustache.h"

enum {
  CHANNEL_HEADERS_MAX = 16,
  CHANNEL_BODY_MAX = 512 * 1024,
  CHANNEL_LINE_MAX = 4096, /* URL, subject, a header */
  CHANNEL_FORM_MAX = 16,
  CHANNEL_SETTINGS_MAX = 8,
  CHANNEL_CLAIMS_MAX = 6,
  CHANNEL_VALUES_MAX = 4,       /* of a setting */
  CHANNEL_SIGN_HEADERS_MAX = 4, /* places that signing may fill */
};

/* How a callback shows that it is the provider's: only by the URL that only it was given, by Twilio's or Slack's
 * signature, by a header that was agreed on, by a token that Vonage signs. */
typedef enum CallbackProof {
  PROOF_URL,
  PROOF_TWILIO,
  PROOF_TOKEN_HEADER,
  PROOF_VONAGE,
  PROOF_SLACK,
  PROOF_COUNT
} CallbackProof;

typedef struct ChannelSetting {
  Str name, doc, otherwise;
  bool required;
  bool url;                       /* of a server: http(s)://host, without a slash at the end */
  Str values[CHANNEL_VALUES_MAX]; /* one of these; the first empty: any */
} ChannelSetting;

/* What rules about answers see; ANSWER_VARS in channel.c. */
typedef enum AnswerVar { ANSWER_STATUS, ANSWER_BODY, ANSWER_JSON, ANSWER_COUNT } AnswerVar;

typedef struct ChannelHeader {
  Str name;
  const Mustache *value;
} ChannelHeader;

/* One request, as templates. */
typedef struct ChannelRequest {
  Str method;
  const Mustache *url, *body; /* NULL: none */
  ChannelHeader headers[CHANNEL_HEADERS_MAX];
  size_t header_count;
  ChannelHeader form[CHANNEL_FORM_MAX]; /* instead of a body */
  size_t form_count;
  i64 timeout_ms;
} ChannelRequest;

/* What a template cannot express: a token that is signed before it is filled (`jwt`), headers over what was filled, a
 * body that only one browser reads. */
typedef enum SignKind { SIGN_NONE, SIGN_JWT_RS256, SIGN_AWS_SIGV4, SIGN_WEB_PUSH, SIGN_COUNT } SignKind;
typedef struct ChannelSign {
  SignKind kind;
  i64 lifetime_s;                           /* of a token */
  ChannelHeader claims[CHANNEL_CLAIMS_MAX]; /* of a token; of AWS: service, region, key_id */
  size_t claim_count;
} ChannelSign;

/* What files of channels are read with. */
typedef struct ChannelLoader {
  Loader answers;   /* rules about answers */
  Loader address;   /* the check of addresses */
  Loader callbacks; /* what the provider calls back with */
  MustacheOptions text, html, json;
} ChannelLoader;
bool channel_load_template(const ChannelLoader *l, const MustacheOptions *options, const Value *v, const char *place,
                           const Mustache **out);
/* channel.c */
bool channel_load_request(const ChannelLoader *l, const Value *map, ChannelRequest *out);
/* channel_sign.c */
bool channel_load_sign(const ChannelLoader *l, const Value *map, ChannelSign *out);
/* Before the templates are filled: what they may use beside the context (jwt, endpoint). */
MUST_CHECK bool channel_sign_before(const Channel *channel, Arena *arena, const Value *context, MapBuilder *out,
                                    Error *err);
/* Afterwards: headers, the body. */
MUST_CHECK bool channel_sign_after(const Channel *channel, Arena *arena, const Value *context, ChannelMessage *message,
                                   Error *err);
/* channel_render.c: one text out of one template; "" when there is none. */
MUST_CHECK bool channel_fill(const Mustache *template, Arena *arena, const Value *context, size_t max, Str *out,
                             Error *err);
/* channel_proof.c: does this come from the provider? */
MUST_CHECK bool channel_proves(CallbackProof proof, Arena *arena, const ChannelCallback *c,
                               const ChannelSecrets *secrets, Error *err);
enum { FORM_FIELDS_MAX = 64 };
typedef struct FormField {
  Str name, value;
} FormField;
size_t channel_read_form(Arena *arena, Str body, FormField *out); /* FORM_FIELDS_MAX places */
/* channel_provider.c: settings, limits, callbacks. */
bool channel_load_provider(const ChannelLoader *l, const Value *map, Channel *channel);
typedef enum CallbackVar { CALLBACK_PAYLOAD, CALLBACK_COUNT } CallbackVar;
const CelEnv *channel_callback_env(Arena *arena, ZoneDb *zones);

struct Channel {
  Str name, title, guide;
  bool mail, resend_unknown;
  Str address_hint;
  const CelProgram *address_check;        /* over `item`, an address */
  ChannelRequest request;                 /* of a mail only its headers */
  ChannelRequest asks[CHANNEL_ASK_COUNT]; /* url NULL: it cannot be asked */
  const CelProgram *ask_success[CHANNEL_ASK_COUNT];
  const CelProgram *poll_items, *poll_cursor;
  ChannelSign sign;
  const Mustache *subject, *text, *html; /* of a mail; NULL: none */
  const CelProgram *success, *delivered, *permanent, *provider_id, *error;
  const CelProgram *broken, *configuration, *retry_after;
  Str kind;
  ChannelSetting settings[CHANNEL_SETTINGS_MAX];
  size_t setting_count;
  Str secret_doc;  /* empty: it has no secret */
  Str signing_doc; /* of signing_secret, which what is called back is signed with; empty: it has none */
  bool machine;
  ChannelLimit limits[CHANNEL_LIMITS_MAX];
  size_t limit_count;
  CallbackProof receipt_proof, reply_proof;
  bool has_receipts, has_replies;
  const CelProgram *receipt_status, *receipt_error;
  const CelProgram *reply_action, *reply_from, *reply_token, *reply_number, *reply_stop, *reply_start, *reply_handle;
  Str reply_help;
  const Mustache *answer;
  Str answer_type;
  Value samples;
};

#endif
