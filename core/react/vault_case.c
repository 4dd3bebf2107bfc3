/* vault_case - manifests: what a case says about the file that was taken.
 *
 *     spamgear-case 1
 *     id 20261121-224605-7f3a1c
 *     state taken
 *     path /home/user/www/up\x0aload.php
 *     ..
 *     attribute user.note some\x20bytes
 *     end
 *
 * One `key value` a line, each key once but `attribute`; `end` shows that nothing is missing. Text
 * is printable ASCII, any other byte and the backslash are \xNN, so that a path with a newline
 * cannot add a line. The reader is as strict as if somebody else had written it: a restored
 * backup of the folder, a damaged disk.
 */
#include "spamgear/base/mem.h"
#include "spamgear/react/vault.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#define TEXT_MAX 65536          /* bytes of a path or of the hits */
#define TIME_MAX 253402300799LL /* the end of year 9999 */

static const char *const states[] = {
    [VAULT_BEGUN] = "begun",
    [VAULT_KEPT] = "kept",
    [VAULT_TAKEN] = "taken",
    [VAULT_RESTORED] = "restored",
};
#define STATES (sizeof states / sizeof *states)

const char *vault_state_name(enum vault_state state)
{
    return states[state];
}

/* 20261121-224605-7f3a1c */
bool vault_is_id(const char *text)
{
    static const char shape[] = "dddddddd-dddddd-xxxxxx";
    if (strlen(text) != sizeof shape - 1)
        return false;
    for (size_t i = 0; text[i] != '\0'; i++) {
        char c = text[i];
        bool digit = c >= '0' && c <= '9';
        if (shape[i] == '-' ? c != '-' : !digit && (shape[i] == 'd' || c < 'a' || c > 'f'))
            return false;
    }
    return true;
}

void vault_case_clear(struct vault_case *one)
{
    free(one->path);
    free(one->hits);
    free(one->reason);
    attributes_clear(&one->attributes);
    *one = (struct vault_case){0};
}

/* ---- text ---- */

static bool is_plain(unsigned char c, bool blanks)
{
    return c < 0x7f && c != '\\' && (c > ' ' || (c == ' ' && blanks));
}

static void add_escaped(struct strbuf *out, struct span s, bool blanks)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.at[i];
        if (is_plain(c, blanks))
            strbuf_add_char(out, (char)c);
        else
            strbuf_format(out, "\\x%02x", c);
    }
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Appends the bytes that s spells; false when it is not such a text. */
static bool add_raw(struct strbuf *out, struct span s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (is_plain((unsigned char)s.at[i], true)) {
            strbuf_add_char(out, s.at[i]);
            continue;
        }
        if (s.len - i < 4 || s.at[i] != '\\' || s.at[i + 1] != 'x' || digit_of(s.at[i + 2]) < 0 ||
            digit_of(s.at[i + 3]) < 0)
            return false;
        strbuf_add_char(out, (char)(digit_of(s.at[i + 2]) * 16 + digit_of(s.at[i + 3])));
        i += 3;
    }
    return true;
}

/* A string of at most TEXT_MAX bytes without NUL. */
static bool read_text(char **field, struct span value)
{
    struct strbuf raw = {0};
    bool good = value.len <= 4 * TEXT_MAX && add_raw(&raw, value) && raw.len <= TEXT_MAX &&
                (raw.len == 0 || memchr(raw.data, '\0', raw.len) == NULL);
    if (good)
        *field = strbuf_take(&raw);
    strbuf_clear(&raw);
    return good;
}

/* ---- the keys: one reader and one writer each ---- */

static bool read_number(struct span value, uint64_t most, uint64_t *number)
{
    unsigned long long read;
    if (value.len > 20 || !span_number(value, &read) || read > most)
        return false;
    *number = read;
    return true;
}

static bool read_id(struct vault_case *one, struct span value)
{
    if (value.len >= sizeof one->id)
        return false;
    memcpy(one->id, value.at, value.len);
    one->id[value.len] = '\0';
    return strlen(one->id) == value.len && vault_is_id(one->id);
}

static bool read_state(struct vault_case *one, struct span value)
{
    for (size_t i = 0; i < STATES; i++) {
        if (span_is(value, span_text(states[i]))) {
            one->state = (enum vault_state)i;
            return true;
        }
    }
    return false;
}

static bool read_when(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, TIME_MAX, &number))
        return false;
    one->when = (int64_t)number;
    return true;
}

/* Absolute, names a file, and leads nowhere but down. */
static bool is_good_path(const char *path)
{
    struct span rest = span_text(path);
    if (*path != '/' || rest.len < 2)
        return false;
    for (;;) {
        rest = span_skip(rest, 1);
        const char *slash = rest.len > 0 ? memchr(rest.at, '/', rest.len) : NULL;
        struct span part = slash == NULL ? rest : span_of(rest.at, slash);
        bool last = slash == NULL;
        if (span_is(part, SPAN("..")) || (last && (part.len == 0 || span_is(part, SPAN(".")))))
            return false;
        if (last)
            return true;
        rest = span_skip(rest, part.len);
    }
}

static bool read_path(struct vault_case *one, struct span value)
{
    return read_text(&one->path, value) && is_good_path(one->path);
}

static bool read_reason(struct vault_case *one, struct span value)
{
    return read_text(&one->reason, value);
}

static bool read_hits(struct vault_case *one, struct span value)
{
    return read_text(&one->hits, value);
}

static bool read_hash(struct vault_case *one, struct span value)
{
    return value.len == DIGEST_TEXT && digest_parse(value, one->hash);
}

static bool read_size(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, INT64_MAX, &number))
        return false;
    one->st.st_size = (off_t)number;
    return true;
}

/* UINT32_MAX is "leave it as it is" to chown. */
static bool read_owner(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, UINT32_MAX - 1, &number))
        return false;
    one->st.st_uid = (uid_t)number;
    return true;
}

static bool read_group(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, UINT32_MAX - 1, &number))
        return false;
    one->st.st_gid = (gid_t)number;
    return true;
}

/* "0644"; what runs as its owner says so: "4755 set-ID". */
static bool read_mode(struct vault_case *one, struct span value)
{
    unsigned mode = 0;
    bool noted = span_has_suffix(value, SPAN(" set-ID"));
    if (noted)
        value.len -= strlen(" set-ID");
    if (value.len != 4)
        return false;
    for (size_t i = 0; i < 4; i++) {
        if (value.at[i] < '0' || value.at[i] > '7')
            return false;
        mode = mode * 8 + (unsigned)(value.at[i] - '0');
    }
    one->st.st_mode = S_IFREG | mode;
    return noted == ((mode & (S_ISUID | S_ISGID)) != 0);
}

static bool read_links(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, UINT32_MAX, &number) || number == 0)
        return false;
    one->st.st_nlink = (nlink_t)number;
    return true;
}

/* "254:1 12345" */
static bool read_inode(struct vault_case *one, struct span value)
{
    uint64_t high, low, inode;
    const char *colon = value.len > 0 ? memchr(value.at, ':', value.len) : NULL;
    const char *blank =
        colon != NULL ? memchr(colon, ' ', (size_t)(span_end(value) - colon)) : NULL;
    if (blank == NULL || !read_number(span_of(value.at, colon), UINT32_MAX, &high) ||
        !read_number(span_of(colon + 1, blank), UINT32_MAX, &low) ||
        !read_number(span_of(blank + 1, span_end(value)), UINT64_MAX, &inode))
        return false;
    one->st.st_dev = makedev((unsigned)high, (unsigned)low);
    one->st.st_ino = (ino_t)inode;
    return true;
}

/* "1795284000.000000001"; files from before 1970 have a sign. */
static bool read_time(struct timespec *time, struct span value)
{
    uint64_t seconds, fraction;
    bool before = span_has_prefix(value, SPAN("-"));
    value = span_skip(value, before);
    const char *dot = value.len > 0 ? memchr(value.at, '.', value.len) : NULL;
    if (dot == NULL || span_end(value) - dot != 10 ||
        !read_number(span_of(value.at, dot), INT64_MAX, &seconds) ||
        !read_number(span_of(dot + 1, span_end(value)), 999999999, &fraction))
        return false;
    time->tv_sec = before ? -(time_t)seconds : (time_t)seconds;
    time->tv_nsec = (long)fraction;
    return true;
}

static bool read_accessed(struct vault_case *one, struct span value)
{
    return read_time(&one->st.st_atim, value);
}

static bool read_modified(struct vault_case *one, struct span value)
{
    return read_time(&one->st.st_mtim, value);
}

static bool read_changed(struct vault_case *one, struct span value)
{
    return read_time(&one->st.st_ctim, value);
}

static bool read_left_out(struct vault_case *one, struct span value)
{
    uint64_t number;
    if (!read_number(value, UINT32_MAX, &number))
        return false;
    one->attributes.left_out = (unsigned)number;
    return true;
}

/* NAME VALUE, of which either may hold any byte, escaped. */
static bool read_attribute(struct vault_case *one, struct span value)
{
    const char *blank = value.len > 0 ? memchr(value.at, ' ', value.len) : NULL;
    struct strbuf name = {0}, content = {0};
    size_t total = 0;
    for (size_t i = 0; i < one->attributes.len; i++)
        total += strlen(one->attributes.at[i].name) + one->attributes.at[i].value.len;
    bool good = blank != NULL && value.len <= 4 * ATTRIBUTES_BYTES &&
                add_raw(&name, span_of(value.at, blank)) &&
                add_raw(&content, span_of(blank + 1, span_end(value))) && name.len > 0 &&
                memchr(name.data, '\0', name.len) == NULL && one->attributes.len < 4096 &&
                total + name.len + content.len <= ATTRIBUTES_BYTES;
    if (good)
        attributes_add(&one->attributes, strbuf_span(&name), strbuf_span(&content));
    strbuf_clear(&name);
    strbuf_clear(&content);
    return good;
}

static const struct key {
    const char *name;
    bool (*read)(struct vault_case *one, struct span value);
    bool many, optional;
} keys[] = {
    {"id", read_id, false, false},
    {"state", read_state, false, false},
    {"when", read_when, false, false},
    {"path", read_path, false, false},
    {"reason", read_reason, false, false},
    {"hits", read_hits, false, false},
    {"sha256", read_hash, false, false},
    {"size", read_size, false, false},
    {"owner", read_owner, false, false},
    {"group", read_group, false, false},
    {"mode", read_mode, false, false},
    {"links", read_links, false, false},
    {"inode", read_inode, false, false},
    {"accessed", read_accessed, false, false},
    {"modified", read_modified, false, false},
    {"changed", read_changed, false, false},
    {"attributes-left-out", read_left_out, false, true},
    {"attribute", read_attribute, true, true},
};
#define KEYS (sizeof keys / sizeof *keys)

/* ---- whole ---- */

static int read_line(struct vault_case *one, struct span line, uint32_t *seen, struct strbuf *why)
{
    const char *blank = line.len > 0 ? memchr(line.at, ' ', line.len) : NULL;
    struct span name = blank == NULL ? line : span_of(line.at, blank);
    for (size_t i = 0; blank != NULL && i < KEYS; i++) {
        if (!span_is(name, span_text(keys[i].name)))
            continue;
        if (!keys[i].many && (*seen & UINT32_C(1) << i) != 0)
            return strbuf_why(why, "%s stands there twice", keys[i].name);
        *seen |= UINT32_C(1) << i;
        if (keys[i].read(one, span_of(blank + 1, span_end(line))))
            return 0;
        return strbuf_why(why, "%s is not one", keys[i].name);
    }
    return strbuf_why(why, "an unknown line");
}

static int check_complete(uint32_t seen, struct strbuf *why)
{
    for (size_t i = 0; i < KEYS; i++)
        if (!keys[i].optional && (seen & UINT32_C(1) << i) == 0)
            return strbuf_why(why, "%s is missing", keys[i].name);
    return 0;
}

int vault_case_parse(struct vault_case *one, struct span text, struct strbuf *why)
{
    struct span line;
    uint32_t seen = 0;
    unsigned number = 1;
    struct strbuf what = {0};
    *one = (struct vault_case){0};
    if (!span_has_suffix(text, SPAN("\nend\n")))
        return strbuf_why(why, "no manifest, or not all of one");
    text.len -= strlen("end\n");
    if (!span_take_line(&text, &line) || !span_is(line, SPAN("spamgear-case 1")))
        return strbuf_why(why, "no manifest that this version can read");
    int result = 0;
    while (result == 0 && span_take_line(&text, &line)) {
        number++;
        result = read_line(one, line, &seen, &what);
        if (result != 0)
            strbuf_why(why, "line %u: %s", number, strbuf_text(&what));
    }
    strbuf_clear(&what);
    return result == 0 ? check_complete(seen, why) : -1;
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    strbuf_format(out, "%s ", key);
    add_escaped(out, span_text(text), true);
    strbuf_add_char(out, '\n');
}

static void add_number(struct strbuf *out, const char *key, uint64_t number)
{
    strbuf_format(out, "%s %" PRIu64 "\n", key, number);
}

static void add_time(struct strbuf *out, const char *key, struct timespec time)
{
    strbuf_format(out, "%s %" PRId64 ".%09ld\n", key, (int64_t)time.tv_sec, time.tv_nsec);
}

static void add_attributes(struct strbuf *out, const struct attributes *list)
{
    if (list->left_out > 0)
        add_number(out, "attributes-left-out", list->left_out);
    for (size_t i = 0; i < list->len; i++) {
        strbuf_add_text(out, "attribute ");
        add_escaped(out, span_text(list->at[i].name), false);
        strbuf_add_char(out, ' ');
        add_escaped(out, strbuf_span(&list->at[i].value), false);
        strbuf_add_char(out, '\n');
    }
}

void vault_case_write(const struct vault_case *one, struct strbuf *out)
{
    char hash[DIGEST_TEXT + 1];
    digest_text(one->hash, hash);
    strbuf_format(out, "spamgear-case 1\nid %s\nstate %s\nwhen %" PRId64 "\n", one->id,
                  states[one->state], one->when);
    add_text(out, "path", one->path);
    add_text(out, "reason", one->reason);
    add_text(out, "hits", one->hits);
    strbuf_format(out, "sha256 %s\n", hash);
    add_number(out, "size", (uint64_t)one->st.st_size);
    add_number(out, "owner", one->st.st_uid);
    add_number(out, "group", one->st.st_gid);
    strbuf_format(out, "mode %04o%s\n", one->st.st_mode & 07777,
                  (one->st.st_mode & (S_ISUID | S_ISGID)) != 0 ? " set-ID" : "");
    add_number(out, "links", one->st.st_nlink);
    strbuf_format(out, "inode %u:%u %" PRIu64 "\n", major(one->st.st_dev), minor(one->st.st_dev),
                  (uint64_t)one->st.st_ino);
    add_time(out, "accessed", one->st.st_atim);
    add_time(out, "modified", one->st.st_mtim);
    add_time(out, "changed", one->st.st_ctim);
    add_attributes(out, &one->attributes);
    strbuf_add_text(out, "end\n");
}
