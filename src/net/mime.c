/* MIME: writes one message, header by header, then its one or two parts.
 *
 * Nothing in a value can become a header: control characters are spaces before anything else looks at a value, and line
 * ends are written here only. Building cannot fail; what has no place in a message (an address's brackets, a reference
 * that is no message id) is left out, and long values are cut.
 *
 * Surprise: the boundary is a constant. It holds "=_", which quoted-printable text never does, so no part can hold it.
 */
#include <string.h>

#include "lang/time.h"
#include "net/mime.h"

enum {
  LINE_CHARS = 76,         /* RFC 5322 says 78 and RFC 2045 says 76 */
  LINE_BYTES_MAX = 998,    /* RFC 5322: must */
  PLAIN_WORD_MAX = 60,     /* longer ones are encoded, because encoded words can be folded anywhere */
  WORD_CHARS_MAX = 75,     /* RFC 2047: an encoded word */
  VALUE_BYTES_MAX = 4000,  /* of a header; longer ones are cut */
  ADDRESS_BYTES_MAX = 320, /* 64 @ 255 */
  MESSAGE_ID_BYTES_MAX = 900,
  REFERENCE_COUNT_MAX = 50,  /* the first one and the newest are kept */
  OVERHEAD_BYTES = 16 * 1024 /* fixed headers and part heads */
};

#define BOUNDARY    "=_tocsin_alternative_"
#define WORD_HEAD_Q "=?utf-8?Q?"
#define WORD_HEAD_B "=?utf-8?B?"

/* A message being written; `column` is of the header line that is open. */
typedef struct Writer {
  Arena *arena;
  Buf out;
  size_t column;
} Writer;

/* Control characters become spaces (line ends too), invalid UTF-8 becomes U+FFFD, ends are trimmed. */
static Str clean(Arena *arena, Str value) {
  Str copy = str_copy(arena, utf8_cut(value, VALUE_BYTES_MAX));
  char *text = (char *)copy.ptr;
  for (size_t i = 0; i < copy.len; i++)
    if ((u8)text[i] < 0x20 || text[i] == 0x7f) text[i] = ' ';
  return str_trim(utf8_clean(arena, copy));
}

static bool is_ascii(Str text) {
  for (size_t i = 0; i < text.len; i++)
    if ((u8)text.ptr[i] >= 0x80) return false;
  return true;
}

static size_t longest_word(Str text) {
  size_t longest = 0, start = 0;
  for (size_t i = 0; i <= text.len; i++) {
    if (i < text.len && text.ptr[i] != ' ') continue;
    longest = MAX(longest, i - start);
    start = i + 1;
  }
  return longest;
}

/* ---- header lines ---- */

static void put(Writer *w, Str text) {
  buf_put(&w->out, text);
  w->column += text.len;
}

static void begin(Writer *w, Str name) {
  w->column = 0;
  put(w, name);
  put(w, S(":"));
}

static void end(Writer *w) {
  buf_puts(&w->out, "\r\n");
}

/* A word with `spaces` in front, on a new line when this one has no room for it. */
static void put_word(Writer *w, Str spaces, Str word) {
  if (w->column + spaces.len + word.len > LINE_CHARS) {
    buf_puts(&w->out, "\r\n");
    w->column = 0;
  }
  put(w, spaces);
  put(w, word);
}

/* ASCII text as it is, folded at its spaces. */
static void put_folded(Writer *w, Str text) {
  Str spaces = S(" ");
  for (size_t i = 0; i < text.len;) {
    size_t word_end = MIN(str_find_char(text, ' ', i), text.len), next = word_end;
    while (next < text.len && text.ptr[next] == ' ') next++;
    put_word(w, spaces, str_slice(text, i, word_end));
    spaces = str_slice(text, word_end, next);
    i = next;
  }
}

/* The characters that an encoded word may hold anywhere, also in a display name (RFC 2047, section 5). */
static bool word_plain(u8 c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("!*+-/", c));
}

static void put_hex(Buf *out, u8 byte) {
  static const char HEX[] = "0123456789ABCDEF";
  buf_putc(out, '=');
  buf_putc(out, HEX[byte >> 4]);
  buf_putc(out, HEX[byte & 15]);
}

static size_t q_chars(Str character) {
  if (character.len > 1) return 3 * character.len;
  return word_plain((u8)character.ptr[0]) || character.ptr[0] == ' ' ? 1 : 3;
}

static Str q_word(Arena *arena, Str text) {
  Buf word = buf_new(arena, 128);
  buf_puts(&word, WORD_HEAD_Q);
  for (size_t i = 0; i < text.len; i++) {
    u8 c = (u8)text.ptr[i];
    if (c == ' ')
      buf_putc(&word, '_');
    else if (word_plain(c))
      buf_putc(&word, (char)c);
    else
      put_hex(&word, c);
  }
  buf_puts(&word, "?=");
  return buf_str(&word);
}

static Str b_word(Arena *arena, Str text) {
  return str_format(arena, WORD_HEAD_B "%.*s?=", STR_ARG(base64_encode(arena, text)));
}

/* Whole characters from `from` on, as many as fit one word of `room` characters (at least one). */
static Str word_piece(Str text, size_t from, bool base64, size_t room) {
  size_t to = from, chars = 0;
  while (to < text.len) {
    size_t next = to;
    utf8_next(text, &next);
    chars = base64 ? (next - from + 2) / 3 * 4 : chars + q_chars(str_slice(text, to, next));
    if (chars > room && to > from) break;
    to = next;
  }
  return str_slice(text, from, to);
}

/* Encoded words: Q where most is Latin, base64 where that is shorter. Each is whole UTF-8 by itself. */
static void put_encoded(Writer *w, Str text) {
  size_t q_total = 0;
  for (size_t i = 0; i < text.len; i++) q_total += q_chars(str_slice(text, i, i + 1));
  bool base64 = q_total > (text.len + 2) / 3 * 4;
  size_t frame = sizeof WORD_HEAD_Q - 1 + 2;
  for (size_t from = 0; from < text.len;) {
    size_t used = w->column + 1 + frame;
    size_t room = used + 12 <= LINE_CHARS ? LINE_CHARS - used : WORD_CHARS_MAX - frame;
    Str piece = word_piece(text, from, base64, MIN(room, WORD_CHARS_MAX - frame));
    put_word(w, S(" "), base64 ? b_word(w->arena, piece) : q_word(w->arena, piece));
    from += piece.len;
  }
}

/* Free text: as it is when it can be folded and would not be read as an encoded word. */
static void put_text(Writer *w, Str text, size_t word_max) {
  if (is_ascii(text) && longest_word(text) <= word_max && str_find(text, S("=?"), 0) == SIZE_MAX)
    put_folded(w, text);
  else
    put_encoded(w, text);
}

/* ---- addresses ---- */

static bool is_atom_text(Str text) {
  for (size_t i = 0; i < text.len; i++) {
    char c = text.ptr[i];
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && !strchr("!#$%&'*+-/=?^_`{|}~ ", c)) return false;
  }
  return true;
}

static Str quoted(Arena *arena, Str text) {
  Buf out = buf_new(arena, 2 * text.len + 2);
  buf_putc(&out, '"');
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] == '"' || text.ptr[i] == '\\') buf_putc(&out, '\\');
    buf_putc(&out, text.ptr[i]);
  }
  buf_putc(&out, '"');
  return buf_str(&out);
}

static void put_display_name(Writer *w, Str name) {
  Str shown = is_atom_text(name) ? name : quoted(w->arena, name);
  if (is_ascii(name) && longest_word(shown) <= PLAIN_WORD_MAX && str_find(name, S("=?"), 0) == SIZE_MAX)
    put_folded(w, shown);
  else
    put_encoded(w, name);
}

/* What could end this address and begin another is left out. Not ASCII: as it is (RFC 6532), for servers with SMTPUTF8.
 */
static Str bare_address(Arena *arena, Str text) {
  Buf out = buf_new(arena, ADDRESS_BYTES_MAX);
  text = utf8_cut(text, ADDRESS_BYTES_MAX);
  for (size_t i = 0; i < text.len; i++)
    if (!strchr(" <>,;", text.ptr[i])) buf_putc(&out, text.ptr[i]);
  return buf_str(&out);
}

/* Quotes around a name that was already written as a quoted string. */
static Str unquoted(Arena *arena, Str name) {
  if (name.len < 2 || name.ptr[0] != '"' || name.ptr[name.len - 1] != '"') return name;
  Buf out = buf_new(arena, name.len);
  for (size_t i = 1; i + 1 < name.len; i++) {
    if (name.ptr[i] == '\\' && i + 2 < name.len) i++;
    buf_putc(&out, name.ptr[i]);
  }
  return buf_str(&out);
}

/* Where the "<" of "Name <address>" is; SIZE_MAX without one. The last one counts: a name may hold others. */
static size_t address_bracket(Str text) {
  if (!str_ends_with(text, S(">"))) return SIZE_MAX;
  size_t i = text.len;
  while (i > 0 && text.ptr[i - 1] != '<') i--;
  return i > 0 ? i - 1 : SIZE_MAX;
}

static void put_mailbox(Writer *w, Str header, Str value) {
  Str text = clean(w->arena, value), name = STR_NONE, address = text;
  size_t bracket = address_bracket(text);
  if (bracket != SIZE_MAX) {
    name = str_trim(unquoted(w->arena, str_trim(str_slice(text, 0, bracket))));
    address = str_slice(text, bracket + 1, text.len);
  }
  address = bare_address(w->arena, address);
  begin(w, header);
  if (name.len > 0) put_display_name(w, name);
  put_word(w, S(" "), name.len > 0 ? str_format(w->arena, "<%.*s>", STR_ARG(address)) : address);
  end(w);
}

/* ---- message ids ---- */

/* The next "<...>" of printable ASCII without spaces; *pos moves past it. */
static bool next_message_id(Str text, size_t *pos, Str *out) {
  for (size_t i = *pos, start = SIZE_MAX; i < text.len; i++) {
    char c = text.ptr[i];
    if (c == '<')
      start = i;
    else if (c <= ' ' || c > '~')
      start = SIZE_MAX;
    if (c != '>' || start == SIZE_MAX) continue;
    *pos = i + 1;
    *out = str_slice(text, start, i + 1);
    if (out->len > 2 && out->len <= MESSAGE_ID_BYTES_MAX) return true;
    start = SIZE_MAX;
  }
  return false;
}

static void put_message_id(Writer *w, Str header, Str id) {
  begin(w, header);
  put_word(w, S(" "), id);
  end(w);
}

static void put_references(Writer *w, Str text) {
  Str kept[REFERENCE_COUNT_MAX], id;
  size_t count = 0;
  for (size_t pos = 0; next_message_id(text, &pos, &id);) {
    if (count == REFERENCE_COUNT_MAX) { /* the second oldest goes */
      memmove(&kept[1], &kept[2], (count - 2) * sizeof kept[0]);
      count--;
    }
    kept[count++] = id;
  }
  if (count == 0) return;
  put_message_id(w, S("In-Reply-To"), kept[count - 1]);
  begin(w, S("References"));
  for (size_t i = 0; i < count; i++) put_word(w, S(" "), kept[i]);
  end(w);
}

/* ---- other headers ---- */

static void put_date(Writer *w, i64 date_ms) {
  static const char *const DAYS[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const char *const MONTHS[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  i64 seconds = date_ms >= 0 ? date_ms / SECOND_MS : -((-date_ms + SECOND_MS - 1) / SECOND_MS);
  Civil t = civil_from_seconds(seconds);
  i32 weekday = civil_weekday(civil_days(t.year, t.month, t.day));
  buf_format(&w->out, "Date: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", DAYS[weekday], t.day, MONTHS[t.month - 1],
             t.year, t.hour, t.minute, t.second);
}

static bool is_header_name(Str name) {
  for (size_t i = 0; i < name.len; i++)
    if (name.ptr[i] <= ' ' || name.ptr[i] > '~') return false;
  return name.len > 0 && name.len < LINE_CHARS;
}

/* "Name: value". Without a proper name it is left out. */
static void put_further(Writer *w, Str line) {
  Str name, value;
  if (!str_cut(clean(w->arena, line), ':', &name, &value) || !is_header_name(name)) return;
  begin(w, name);
  put_text(w, str_trim(value), LINE_BYTES_MAX - 2);
  end(w);
}

/* ---- parts ---- */

/* Bytes of the line end at `i`: CRLF, LF or CR; 0 when there is none. */
static size_t line_end_bytes(Str text, size_t i) {
  if (text.ptr[i] == '\n') return 1;
  if (text.ptr[i] != '\r') return 0;
  return i + 1 < text.len && text.ptr[i + 1] == '\n' ? 2 : 1;
}

/* May this byte stand as it is? Spaces at a line's end may not, nor a dot alone at its start ("." ends a message in
 * SMTP). */
static bool qp_plain(Str text, size_t i, size_t column) {
  char c = text.ptr[i];
  if (c == ' ' || c == '\t') return i + 1 < text.len && line_end_bytes(text, i + 1) == 0;
  return c > ' ' && c <= '~' && c != '=' && !(c == '.' && column == 0);
}

/* Quoted-printable. Soft line ends come between characters, so that half a character never ends a line. */
static void put_quoted_printable(Buf *out, Str text) {
  size_t column = 0;
  for (size_t i = 0; i < text.len;) {
    size_t line_end = line_end_bytes(text, i);
    if (line_end > 0) {
      buf_puts(out, "\r\n");
      column = 0;
      i += line_end;
      continue;
    }
    size_t next = i;
    utf8_next(text, &next);
    bool plain = next == i + 1 && qp_plain(text, i, column);
    size_t chars = plain ? 1 : 3 * (next - i);
    if (column + chars > LINE_CHARS - 1) {
      buf_puts(out, "=\r\n");
      column = 0;
      plain = plain && text.ptr[i] != '.';
      chars = plain ? 1 : 3 * (next - i);
    }
    if (plain) buf_putc(out, text.ptr[i]);
    for (; !plain && i < next; i++) put_hex(out, (u8)text.ptr[i]);
    column += chars;
    i = next;
  }
  if (column > 0) buf_puts(out, "\r\n");
}

static void put_part(Buf *out, const char *type, Str text) {
  buf_format(out, "Content-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n", type);
  put_quoted_printable(out, text);
}

static void put_body(Writer *w, Str text, Str html) {
  if (html.len == 0) {
    put_part(&w->out, "plain", text);
    return;
  }
  buf_puts(&w->out, "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n\r\n--" BOUNDARY "\r\n");
  put_part(&w->out, "plain", text);
  buf_puts(&w->out, "\r\n--" BOUNDARY "\r\n"); /* the line end before a boundary belongs to it */
  put_part(&w->out, "html", html);
  buf_puts(&w->out, "\r\n--" BOUNDARY "--\r\n");
}

/* What the message can take at most: encoding makes a byte of text four (with soft line ends), a byte of a header
 * eight. */
static size_t message_bytes_max(const Mail *mail, Str text, Str html) {
  size_t headers = 5; /* from, to, subject, message id, further ones cut like them */
  size_t bytes = OVERHEAD_BYTES + (headers + mail->header_count) * 8 * (size_t)VALUE_BYTES_MAX;
  return bytes + 4 * (text.len + html.len) + 2 * (size_t)REFERENCE_COUNT_MAX * (MESSAGE_ID_BYTES_MAX + 3);
}

Str mime_build(Arena *arena, const Mail *mail) {
  Str text = utf8_clean(arena, mail->text), html = utf8_clean(arena, mail->html), id;
  size_t pos = 0;
  Writer w = {.arena = arena, .out = buf_new(arena, message_bytes_max(mail, text, html))};
  put_date(&w, mail->date_ms);
  put_mailbox(&w, S("From"), mail->from);
  put_mailbox(&w, S("To"), mail->to);
  begin(&w, S("Subject"));
  put_text(&w, clean(arena, mail->subject), PLAIN_WORD_MAX);
  end(&w);
  if (next_message_id(mail->message_id, &pos, &id)) put_message_id(&w, S("Message-ID"), id);
  put_references(&w, mail->references);
  for (size_t i = 0; i < mail->header_count; i++) put_further(&w, mail->headers[i]);
  buf_puts(&w.out, "MIME-Version: 1.0\r\n");
  put_body(&w, text, html);
  ASSERT(!w.out.overflow);
  return buf_str(&w.out);
}
