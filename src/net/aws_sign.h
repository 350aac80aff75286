/* Signature version 4 of AWS: which headers a request needs so that a service takes it. libcurl 7.88's own is weak on
 * paths and the order of queries. Pure. */
#ifndef TOCSIN_NET_AWS_SIGN_H
#define TOCSIN_NET_AWS_SIGN_H

#include "base/base.h"

typedef struct AwsRequest {
  Str method, url, body;
  Str content_type; /* signed when it is not empty */
  Str service, region, key_id, secret;
  Str session_token; /* empty: none */
  i64 now_ms;        /* true time: services refuse 15 minutes of difference */
  bool path_once;    /* S3: segments of the path are encoded as they stand, not once more */
} AwsRequest;

enum { AWS_HEADERS_MAX = 3 };
/* "Authorization: ...", "X-Amz-Date: ..." and, with a session, "X-Amz-Security-Token: ...". */
MUST_CHECK bool aws_sign(Arena *arena, const AwsRequest *request, Str out_headers[AWS_HEADERS_MAX], size_t *out_count,
                         Error *err);

#endif
