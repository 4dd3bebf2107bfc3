/* message - headers first, then the body, nothing taken on trust.
 *
 * Every value goes through text_escape before it is encoded, so that no byte of a log line or a
 * file name ends a header or reaches a terminal raw. A body that is not plain, short-lined ASCII
 * is sent as quoted-printable: then no server on the way has a reason to change it.
 */
#include "spamgear/net/message.h"

#include "spamgear/base/base64.h"
#include "spamgear/base/clock.h"
#include "spamgear/base/text.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <unistd.h>

#define ENCODED_BYTES 45 /* of an encoded word: 60 characters of base64, 75 with all */
#define WORD_BYTES    60 /* longer ones could not be folded */
#define LINE_BYTES    76 /* of a folded header and of quoted-printable */
#define BODY_LINE     990
#define ADDRESS_BYTES 254 /* RFC 5321, 4.5.3.1.3 */
#define HOST_BYTES    253
#define ID_BYTES      100

/* ---- encoded words (RFC 2047) ---- */

static bool is_ascii(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.at[i] >= 0x80)
            return false;
    return true;
}

/* None of the encoded words parts a character. */
static void add_encoded(struct strbuf *out, struct span s, const char *between)
{
    while (s.len > 0) {
        size_t len = 0;
        while (len < s.len) {
            size_t character = text_utf8(span_skip(s, len));
            character = character == 0 ? 1 : character;
            if (len + character > ENCODED_BYTES)
                break;
            len += character;
        }
        strbuf_add_text(out, "=?UTF-8?B?");
        base64_write((struct span){s.at, len}, out);
        strbuf_add_text(out, "?=");
        s = span_skip(s, len);
        if (s.len > 0)
            strbuf_add_text(out, between);
    }
}

static size_t run_of(struct span s, bool blank)
{
    size_t len = 0;
    while (len < s.len && (s.at[len] == ' ' || s.at[len] == '\t') == blank)
        len++;
    return len;
}

/* In free text a long word must be encoded to be folded, and one that looks encoded so that it is
 * shown as it was. */
static bool is_plain(struct span word, bool free_text)
{
    return is_ascii(word) &&
           (!free_text || (word.len <= WORD_BYTES && !span_has_prefix(word, SPAN("=?"))));
}

/* How much of s is words that need encoding, one after another. */
static size_t encodable_len(struct span s, bool free_text)
{
    size_t len = 0;
    for (;;) {
        size_t blanks = len == 0 ? 0 : run_of(span_skip(s, len), true);
        size_t word = run_of(span_skip(s, len + blanks), false);
        if (is_plain((struct span){s.at + len + blanks, word}, free_text))
            return len;
        len += blanks + word;
    }
}

/* A run of words that need it is encoded as one: blanks between encoded words are not shown. */
static void encode(struct strbuf *out, struct span s, const char *between, bool free_text)
{
    while (s.len > 0) {
        size_t blanks = run_of(s, true);
        strbuf_add(out, s.at, blanks);
        s = span_skip(s, blanks);
        size_t run = s.len == 0 ? 0 : encodable_len(s, free_text);
        if (run > 0)
            add_encoded(out, (struct span){s.at, run}, between);
        else if ((run = run_of(s, false)) > 0)
            strbuf_add(out, s.at, run);
        s = span_skip(s, run);
    }
}

void message_encode(struct strbuf *out, struct span value, const char *between)
{
    struct strbuf plain = {0};
    if (is_ascii(value)) {
        strbuf_add_span(out, value);
        return;
    }
    for (size_t i = 0; i < value.len; i++)
        if (value.at[i] != '"')
            strbuf_add_char(&plain, value.at[i]);
    encode(out, strbuf_span(&plain), between, false);
    strbuf_clear(&plain);
}

/* ---- headers ---- */

/* Breaks at a blank before a word that would stand past the margin. A line of blanks only would end
 * the header for some readers: blanks at the end are dropped, and never is a break put in front of
 * the last of them. */
static void add_folded(struct strbuf *out, const char *name, struct span value)
{
    size_t column = strlen(name) + 1;
    while (value.len > 0 && strchr(" \t", value.at[value.len - 1]) != NULL)
        value.len--;
    strbuf_format(out, "%s:", name);
    while (value.len > 0) {
        size_t blanks = run_of(value, true), word = run_of(span_skip(value, blanks), false);
        if (blanks > LINE_BYTES) {
            value = span_skip(value, blanks - LINE_BYTES); /* nobody counts them */
            blanks = LINE_BYTES;
        }
        if (column > strlen(name) + 2 && column + blanks + word > LINE_BYTES && blanks > 0) {
            strbuf_add_text(out, "\r\n");
            column = 0;
        }
        strbuf_add(out, value.at, blanks + word);
        column += blanks + word;
        value = span_skip(value, blanks + word);
    }
    strbuf_add_text(out, "\r\n");
}

void message_header(struct strbuf *out, const char *name, struct span value)
{
    struct strbuf shown = {0}, encoded = {0};
    strbuf_add_char(&encoded, ' ');
    text_escape(&shown, value);
    encode(&encoded, strbuf_span(&shown), " ", true);
    add_folded(out, name, strbuf_span(&encoded));
    strbuf_clear(&shown);
    strbuf_clear(&encoded);
}

/* In UTC: the zone of this machine is asked for in one place (log/zone), which is not below here.
 * Years are counted from March, so that the leap day is their last: 153 days are five months. */
void message_date(struct strbuf *out)
{
    static const char *const months = "MarAprMayJunJulAugSepOctNovDecJanFeb";
    static const char *const weekdays = "ThuFriSatSunMonTueWed";
    int64_t now = clock_now() < 0 ? 0 : clock_now();
    int64_t day = now / 86400, second = now % 86400, since = day + 719468;
    int64_t cycle = since / 146097, of_cycle = since % 146097; /* of 400 years */
    int64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
    int64_t of_year = of_cycle - (365 * year + year / 4 - year / 100);
    int64_t month = (5 * of_year + 2) / 153;
    strbuf_format(out, "%.3s, %d %.3s %04d %02d:%02d:%02d +0000", weekdays + 3 * (day % 7),
                  (int)(of_year - (153 * month + 2) / 5 + 1), months + 3 * month,
                  (int)(cycle * 400 + year + (month >= 10)), (int)(second / 3600),
                  (int)(second / 60 % 60), (int)(second % 60));
}

/* ---- addresses ---- */

static bool is_atom(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) &&
            (s.at[i] == '\0' || strchr("!#$%&'*+-/=?^_`{|}~.", s.at[i]) == NULL))
            return false;
    return s.len > 0 && is_ascii(s);
}

/* A name, or an address literal: [192.0.2.1], [IPv6:2001:db8::1]. */
static bool is_domain(struct span s)
{
    bool literal = s.len > 2 && *s.at == '[' && s.at[s.len - 1] == ']';
    if (literal)
        s = (struct span){s.at + 1, s.len - 2};
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) &&
            (s.at[i] == '\0' || strchr(literal ? ".:" : "-._", s.at[i]) == NULL))
            return false;
    return s.len > 0 && is_ascii(s);
}

static struct span trimmed(struct span s)
{
    size_t blanks = run_of(s, true);
    s = span_skip(s, blanks);
    while (s.len > 0 && strchr(" \t", s.at[s.len - 1]) != NULL)
        s.len--;
    return s;
}

/* "Name <address>" or "address". */
static struct span split_address(struct span text, struct span *name)
{
    text = trimmed(text);
    *name = (struct span){0};
    const char *open = span_find_last(text, SPAN("<"));
    if (open == NULL || text.at[text.len - 1] != '>')
        return text;
    *name = trimmed(span_of(text.at, open));
    if (name->len > 1 && *name->at == '"' && name->at[name->len - 1] == '"')
        *name = (struct span){name->at + 1, name->len - 2};
    return span_of(open + 1, span_end(text) - 1);
}

char *message_address(struct span text)
{
    struct span name, address = split_address(text, &name);
    const char *at = span_find_last(address, SPAN("@"));
    struct span local = at == NULL ? address : span_of(address.at, at);
    if (address.len > ADDRESS_BYTES || !is_atom(local) || *local.at == '-')
        return NULL;
    if (at != NULL && !is_domain(span_of(at + 1, span_end(address))))
        return NULL;
    return mem_text_of(address.at, address.len);
}

static void add_name(struct strbuf *out, struct span name)
{
    struct strbuf shown = {0};
    text_escape(&shown, name);
    if (!is_plain(strbuf_span(&shown), true))
        add_encoded(out, strbuf_span(&shown), " ");
    else {
        strbuf_add_char(out, '"');
        for (size_t i = 0; i < shown.len; i++) {
            if (shown.data[i] == '"' || shown.data[i] == '\\')
                strbuf_add_char(out, '\\');
            strbuf_add_char(out, shown.data[i]);
        }
        strbuf_add_char(out, '"');
    }
    strbuf_add_char(out, ' ');
    strbuf_clear(&shown);
}

/* Appends what is an address, with a comma before all but the first. */
static void add_mailbox(struct strbuf *out, const char *text)
{
    struct span name;
    char *address = message_address(span_text(text));
    if (address == NULL)
        return;
    split_address(span_text(text), &name);
    strbuf_add_text(out, out->len > 0 ? ", " : " ");
    if (name.len > 0)
        add_name(out, name);
    strbuf_format(out, name.len > 0 ? "<%s>" : "%s", address);
    free(address);
}

/* ---- the body (RFC 2045) ---- */

/* One line without what no mail may hold; tabs stay. */
static void add_clean(struct strbuf *out, struct span line)
{
    struct strbuf part = {0};
    for (size_t i = 0; i <= line.len; i++) {
        if (i < line.len && line.at[i] != '\t') {
            if (line.at[i] != '\r' && line.at[i] != '\0')
                strbuf_add_char(&part, line.at[i]);
            continue;
        }
        text_escape(out, strbuf_span(&part));
        strbuf_reset(&part);
        if (i < line.len)
            strbuf_add_char(out, '\t');
    }
    strbuf_clear(&part);
}

static bool is_7bit(struct span body)
{
    struct span line;
    bool good = is_ascii(body);
    while (good && span_take_line(&body, &line))
        good = line.len <= BODY_LINE;
    return good;
}

static void add_quoted(struct strbuf *out, struct span line)
{
    size_t column = 0;
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.at[i];
        bool last = i + 1 == line.len, blank = c == ' ' || c == '\t';
        bool plain = (c > ' ' && c < 0x7f && c != '=') || (blank && !last);
        size_t need = plain ? 1 : 3;
        if (column + need > LINE_BYTES - (last ? 0 : 1)) {
            strbuf_add_text(out, "=\r\n");
            column = 0;
        }
        if (plain)
            strbuf_add_char(out, (char)c);
        else
            strbuf_format(out, "=%02X", c);
        column += need;
    }
}

void message_quote(struct strbuf *out, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        while (line.len > 0 && line.at[line.len - 1] == '\r')
            line.len--;
        add_quoted(out, line);
        strbuf_add_text(out, "\r\n");
    }
}

static void add_body(struct strbuf *out, struct span body)
{
    struct strbuf clean = {0};
    struct span line;
    while (span_take_line(&body, &line)) {
        add_clean(&clean, line);
        strbuf_add_char(&clean, '\n');
    }
    struct span rest = strbuf_span(&clean);
    bool plain = is_7bit(rest);
    strbuf_format(out, "Content-Transfer-Encoding: %s\r\n\r\n",
                  plain ? "7bit" : "quoted-printable");
    while (span_take_line(&rest, &line)) {
        if (plain)
            strbuf_add_span(out, line);
        else
            add_quoted(out, line);
        strbuf_add_text(out, "\r\n");
    }
    strbuf_clear(&clean);
}

/* ---- the host ---- */

static bool is_host(struct span s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.at[i]) && s.at[i] != '-' && s.at[i] != '.')
            return false;
    return s.len > 0 && s.len <= HOST_BYTES && is_ascii(s) && *s.at != '.' && *s.at != '-';
}

/* The first word behind one of the keys ("": the first word of the file) that is a host name. */
static bool find_host(const char *path, const char *const *keys, char found[HOST_BYTES + 1])
{
    char line[1024], word[1024];
    bool good = false;
    FILE *f = fopen(path, "re");
    while (f != NULL && !good && fgets(line, sizeof line, f) != NULL)
        for (const char *const *key = keys; *key != NULL && !good; key++) {
            size_t len = strlen(*key);
            good = strncmp(line, *key, len) == 0 && sscanf(line + len, "%1023s", word) == 1 &&
                   is_host(span_text(word));
        }
    if (f != NULL)
        fclose(f);
    if (good)
        memcpy(found, word, strlen(word) + 1);
    return good;
}

void message_host_name(struct strbuf *out, const char *node, const char *mailname,
                       const char *resolv)
{
    char other[HOST_BYTES + 1];
    struct span name = span_text(node);
    if (!is_host(name))
        name = SPAN("localhost");
    strbuf_add_span(out, name);
    if (memchr(name.at, '.', name.len) != NULL)
        return;
    if (!find_host(mailname, (const char *const[]){"", NULL}, other) &&
        !find_host(resolv, (const char *const[]){"domain ", "search ", NULL}, other))
        return;
    struct span domain = span_text(other);
    if (span_has_prefix(domain, name) && domain.len > name.len && domain.at[name.len] == '.')
        domain = span_skip(domain, name.len + 1); /* mailname is the whole name */
    if (!span_is(domain, name) && out->len + 1 + domain.len <= HOST_BYTES)
        strbuf_format(out, ".%.*s", (int)domain.len, domain.at);
}

const char *message_host(void)
{
    static char host[HOST_BYTES + 1];
    struct utsname names;
    struct strbuf name = {0};
    if (*host != '\0')
        return host;
    message_host_name(&name, uname(&names) == 0 ? names.nodename : "", "/etc/mailname",
                      "/etc/resolv.conf");
    memcpy(host, strbuf_text(&name), name.len + 1);
    strbuf_clear(&name);
    return host;
}

/* ---- the message ---- */

/* Time, process and chance: two mails of one second differ, also those of two hosts with one name.
 */
static void add_unique(struct strbuf *out)
{
    static unsigned count;
    unsigned long long chance = 0;
    if (getrandom(&chance, sizeof chance, 0) != (ssize_t)sizeof chance)
        chance = (unsigned long long)clock_steady_ms();
    strbuf_format(out, "%lld.%ld.%u.%016llx", (long long)clock_now(), (long)getpid(), count++,
                  chance);
}

static void add_id(struct strbuf *out, const char *id, struct span host)
{
    struct strbuf left = {0};
    if (id == NULL || *id == '\0')
        add_unique(&left);
    else
        strbuf_add(&left, id, strnlen(id, ID_BYTES));
    for (size_t i = 0; i < left.len; i++)
        if (!isalnum((unsigned char)left.data[i]) && strchr("-_.", left.data[i]) == NULL)
            left.data[i] = '_';
    strbuf_format(out, "Message-ID: <%s@%.*s>\r\n", strbuf_text(&left), (int)host.len, host.at);
    strbuf_clear(&left);
}

static void add_mailboxes(struct strbuf *out, const struct message *message, struct span host)
{
    struct strbuf from = {0}, to = {0};
    add_mailbox(&from, message->from == NULL ? "" : message->from);
    if (from.len == 0)
        strbuf_format(&from, " spamgear@%.*s", (int)host.len, host.at);
    for (size_t i = 0; message->to != NULL && i < message->to->len; i++)
        add_mailbox(&to, message->to->at[i]);
    if (to.len == 0)
        strbuf_add_text(&to, " undisclosed-recipients:;");
    add_folded(out, "From", strbuf_span(&from));
    add_folded(out, "To", strbuf_span(&to));
    strbuf_clear(&from);
    strbuf_clear(&to);
}

void message_write(struct strbuf *out, const struct message *message)
{
    struct span host = span_text(message->host);
    if (!is_host(host))
        host = span_text(message_host());
    strbuf_add_text(out, "Date: ");
    message_date(out);
    strbuf_add_text(out, "\r\n");
    add_mailboxes(out, message, host);
    message_header(out, "Subject", span_text(message->subject));
    add_id(out, message->id, host);
    strbuf_add_text(out, "Auto-Submitted: auto-generated\r\nPrecedence: bulk\r\n"
                         "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
    add_body(out, message->body);
}
