/* MIME: builds an RFC 5322 message with a text and an HTML part (multipart/alternative, quoted-printable, UTF-8,
 * encoded words in headers, header injection impossible). */
#ifndef TOCSIN_NET_MIME_H
#define TOCSIN_NET_MIME_H

#include "base/base.h"

typedef struct Mail {
  Str from, to, subject;      /* from may be "Name <address>" */
  Str message_id, references; /* with angle brackets; references may be empty (In-Reply-To is its last) */
  i64 date_ms;
  Str text, html;     /* html may be empty */
  const Str *headers; /* further "Name: value" lines */
  size_t header_count;
} Mail;
Str mime_build(Arena *arena, const Mail *mail);

#endif
