/* method_local - an account of this machine: its password locked, the account expired.
 *
 * What is so is read from passwd and shadow themselves, never through the name service: an account
 * of LDAP or NIS cannot be locked here, and a directory server that is down must not hang us. What
 * is changed, usermod changes: it has the locks, the caches and the audit log of the system (and
 * waits up to 15 s for another program's lock). A locked password alone would leave keys and
 * passwordless log-ins; the expiry closes those too. Running sessions stay.
 *
 * The memo says what was before, so that undo leaves a lock or an expiry of the administrator's.
 * Surprise: `usermod --unlock` of a password that was empty refuses with status 0; so undo sets the
 * empty password itself, and reads back in any case.
 */
#include "method_run.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/infile.h"
#include <stdio.h>
#include <unistd.h>

#define FILE_BYTES (64u << 20)
#define DAY_S      86400
#define EXPIRED    1 /* the day since 1970 that we set: 0 is read as "never" by some */
#define NEVER      (-1)

enum password {
    PASSWORD_OPEN, /* without '!': also "*", by which nobody can log in, but keys can */
    PASSWORD_LOCKED,
    PASSWORD_EMPTY
};

static const char *const password_names[] = {"open", "locked", "empty"};

struct account {
    unsigned long long uid;
    enum password password;
    bool bare;       /* a lock and no password behind it */
    int64_t expires; /* day since 1970 */
};

enum { PASSWD_UID = 2, PASSWD_FIELDS = 4, SHADOW_PASSWORD = 1, SHADOW_EXPIRES = 7, FIELDS = 8 };

/* ---- reading ---- */

/* Others could write into it whatever makes us lock, or believe in, a wrong account. */
static int read_list(const struct react_settings *settings, const char *name, struct strbuf *text,
                     struct strbuf *why)
{
    struct strbuf path = {0};
    struct stat st;
    const char *root = settings->passwd_root;
    strbuf_format(&path, "%s/etc/%s", root == NULL ? "" : root, name);
    int result = infile_read(strbuf_text(&path), FILE_BYTES, text, &st, why);
    if (result == 0 && ((st.st_mode & 022) != 0 || (st.st_uid != 0 && st.st_uid != geteuid())))
        result = strbuf_why(why, "%s: others than root may write to it", strbuf_text(&path));
    strbuf_clear(&path);
    return result;
}

static void split(struct span line, struct span *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *colon = line.len == 0 ? NULL : memchr(line.at, ':', line.len);
        fields[i] = colon == NULL ? line : span_of(line.at, colon);
        line = span_skip(line, fields[i].len + (colon != NULL));
    }
}

/* Fills the fields of the line of exactly that name; how many such lines there are. */
static unsigned find(struct span text, const char *name, struct span *fields, size_t count)
{
    unsigned found = 0;
    for (struct span line; span_take_line(&text, &line);) {
        struct span first;
        split(line, &first, 1);
        if (!span_is(first, span_text(name)))
            continue;
        split(line, fields, count);
        found++;
    }
    return found;
}

static int find_one(const struct react_settings *settings, const char *list, const char *name,
                    struct strbuf *text, struct span *fields, size_t count, struct strbuf *why)
{
    if (read_list(settings, list, text, why) != 0)
        return -1;
    unsigned found = find(strbuf_span(text), name, fields, count);
    if (found == 1)
        return 0;
    if (found > 1)
        return strbuf_why(why, "%s stands in %s %u times", name, list, found);
    return strbuf_why(why, "%s is no account of this machine: not in %s", name, list);
}

static int read_uid(const struct react_settings *settings, const char *name,
                    struct account *account, struct strbuf *why)
{
    struct strbuf text = {0};
    struct span fields[PASSWD_FIELDS];
    int result = find_one(settings, "passwd", name, &text, fields, PASSWD_FIELDS, why);
    if (result == 0 && !span_number(fields[PASSWD_UID], &account->uid))
        result = strbuf_why(why, "%s has no UID in passwd", name);
    strbuf_clear(&text);
    return result;
}

static int take_shadow(const struct span *fields, const char *name, struct account *account,
                       struct strbuf *why)
{
    struct span password = fields[SHADOW_PASSWORD];
    unsigned long long day;
    account->password = password.len == 0       ? PASSWORD_EMPTY
                        : password.at[0] == '!' ? PASSWORD_LOCKED
                                                : PASSWORD_OPEN;
    account->bare = span_is(password, SPAN("!"));
    account->expires = NEVER;
    if (fields[SHADOW_EXPIRES].len == 0)
        return 0;
    if (!span_number(fields[SHADOW_EXPIRES], &day) || day > INT32_MAX)
        return strbuf_why(why, "%s: its expiry in shadow is no day", name);
    account->expires = (int64_t)day;
    return 0;
}

static int read_account(const struct react_settings *settings, const char *name,
                        struct account *account, struct strbuf *why)
{
    struct strbuf text = {0};
    struct span fields[FIELDS] = {{NULL, 0}};
    int result = read_uid(settings, name, account, why);
    if (result == 0)
        result = find_one(settings, "shadow", name, &text, fields, FIELDS, why);
    if (result == 0)
        result = take_shadow(fields, name, account, why);
    strbuf_clear(&text);
    return result;
}

/* Day 0 is "never" to some programs and "expired" to others: not counted on. */
static bool is_expired(const struct account *account)
{
    return account->expires > 0 && account->expires < clock_now() / DAY_S;
}

static bool is_off(const struct account *account)
{
    return account->password == PASSWORD_LOCKED && is_expired(account);
}

/* May it be touched at all? */
static int is_human(const struct react_settings *settings, const char *name,
                    const struct account *account, struct strbuf *why)
{
    if (*name == '-' || *name == '+') /* lines of NIS in passwd, which libc passes over */
        return strbuf_why(why, "%s is no name of an account", name);
    if (account->uid == 0 || strcmp(name, "root") == 0)
        return strbuf_why(why, "%s is root", name);
    if (account->uid < settings->uid_low || account->uid > settings->uid_high)
        return strbuf_why(why, "%s has UID %llu, which is not from %llu to %llu", name,
                          account->uid, (unsigned long long)settings->uid_low,
                          (unsigned long long)settings->uid_high);
    return 0;
}

/* ---- the memo ---- */

static void write_memo(const struct account *account, struct strbuf *memo)
{
    strbuf_format(memo, "uid=%llu password=%s expires=%lld", account->uid,
                  password_names[account->password], (long long)account->expires);
}

static int read_memo(struct span memo, struct account *before, struct strbuf *why)
{
    struct strbuf text = {0};
    char password[8], rest;
    long long expires;
    bool good = false;
    *before = (struct account){0};
    strbuf_add_span(&text, memo);
    if (sscanf(strbuf_text(&text), "uid=%llu password=%7[a-z] expires=%lld%c", &before->uid,
               password, &expires, &rest) == 3) {
        before->expires = expires;
        for (int i = PASSWORD_OPEN; i <= PASSWORD_EMPTY; i++)
            if (strcmp(password, password_names[i]) == 0) {
                before->password = (enum password)i;
                good = expires >= NEVER && expires <= INT32_MAX;
            }
    }
    strbuf_clear(&text);
    return good ? 0 : strbuf_why(why, "the case does not say how the account was before");
}

/* The account as it is and as it was; a name that was given to somebody else since is not his. */
static int read_both(const struct react_settings *settings, const struct target *target,
                     struct span memo, struct account *before, struct account *now,
                     struct strbuf *why)
{
    if (read_memo(memo, before, why) != 0 || read_account(settings, target->name, now, why) != 0 ||
        is_human(settings, target->name, now, why) != 0)
        return -1;
    if (before->uid != now->uid)
        return strbuf_why(why, "%s has UID %llu now, and had %llu when the case was made",
                          target->name, now->uid, before->uid);
    return 0;
}

/* The account was removed since, or its name belongs to another one that we did not touch: nothing
 * of ours is left. why says so. An empty list tells nothing. */
static bool is_gone(const struct react_settings *settings, const struct target *target,
                    struct span memo, struct strbuf *why)
{
    struct account before, now = {0};
    struct strbuf text = {0};
    struct span fields[PASSWD_FIELDS];
    bool gone = false;
    if (read_memo(memo, &before, NULL) != 0)
        return false;
    if (read_list(settings, "passwd", &text, NULL) == 0 && text.len > 0 &&
        find(strbuf_span(&text), target->name, fields, PASSWD_FIELDS) == 0) {
        strbuf_why(why, "there is no account %s any more", target->name);
        gone = true;
    } else if (read_account(settings, target->name, &now, NULL) == 0 && now.uid != before.uid &&
               !is_off(&now)) {
        strbuf_why(why, "another account has the name %s now, of UID %llu", target->name, now.uid);
        gone = true;
    }
    strbuf_clear(&text);
    return gone;
}

/* ---- changing ---- */

static int usermod(const struct react_settings *settings, const char *name,
                   const struct texts *changes, struct strbuf *why)
{
    struct texts words = {0};
    if (changes->len == 0)
        return 0;
    texts_add(&words, "usermod");
    if (settings->passwd_root != NULL)
        method_words(&words, "--prefix", settings->passwd_root, NULL);
    for (size_t i = 0; i < changes->len; i++)
        texts_add(&words, changes->at[i]);
    method_words(&words, "--", name, NULL);
    int result = method_run(settings, &words, SPAN(""), NULL, why);
    texts_clear(&words);
    return result;
}

static int local_check(const struct react_settings *settings, struct strbuf *why)
{
    if (settings->passwd_root != NULL && *settings->passwd_root != '/')
        return strbuf_why(why, "%s: the root of the accounts must begin with /",
                          settings->passwd_root);
    if (settings->uid_low < 1 || settings->uid_low > settings->uid_high)
        return strbuf_why(why, "no UID is from %llu to %llu", (unsigned long long)settings->uid_low,
                          (unsigned long long)settings->uid_high);
    return 0;
}

static enum method_plan local_plan(const struct react_settings *settings,
                                   const struct target *target, struct strbuf *what,
                                   struct strbuf *memo, struct strbuf *why)
{
    struct account now;
    if (read_account(settings, target->name, &now, why) != 0 ||
        is_human(settings, target->name, &now, why) != 0)
        return METHOD_REFUSED;
    const char *form = now.password == PASSWORD_LOCKED ? "expire the account %s (UID %llu)"
                       : is_expired(&now)
                           ? "lock the password of %s (UID %llu)"
                           : "lock the password of %s (UID %llu) and expire the account";
    strbuf_format(what, form, target->name, now.uid);
    write_memo(&now, memo);
    return is_off(&now) ? METHOD_IN_FORCE : METHOD_NEEDED;
}

static int local_apply(const struct react_settings *settings, const struct target *target,
                       struct span memo, struct strbuf *why)
{
    struct account before, now;
    struct texts changes = {0};
    if (read_both(settings, target, memo, &before, &now, why) != 0)
        return -1;
    if (now.password != PASSWORD_LOCKED)
        texts_add(&changes, "--lock");
    if (!is_expired(&now))
        method_words(&changes, "--expiredate", "1", NULL);
    int result = usermod(settings, target->name, &changes, why);
    texts_clear(&changes);
    return result;
}

static enum method_state local_look(const struct react_settings *settings,
                                    const struct target *target, struct span memo,
                                    struct strbuf *why)
{
    struct account before, now;
    if (memo.len > 0 && is_gone(settings, target, memo, why))
        return METHOD_OFF;
    if (memo.len > 0 && read_both(settings, target, memo, &before, &now, why) != 0)
        return METHOD_UNTOLD;
    if (memo.len == 0 && read_account(settings, target->name, &now, why) != 0)
        return METHOD_UNTOLD;
    return is_off(&now) ? METHOD_ON : METHOD_OFF;
}

/* What is as we left it goes back; what somebody changed since is his. */
static void changes_back(const struct account *before, const struct account *now,
                         struct texts *changes)
{
    if (now->password == PASSWORD_LOCKED && before->password != PASSWORD_LOCKED) {
        if (before->password == PASSWORD_EMPTY && now->bare)
            method_words(changes, "--password", "", NULL);
        else
            texts_add(changes, "--unlock");
    }
    if (now->expires != EXPIRED || before->expires == EXPIRED)
        return;
    char day[24] = "";
    if (before->expires != NEVER)
        snprintf(day, sizeof day, "%lld", (long long)before->expires);
    method_words(changes, "--expiredate", day, NULL);
}

static int local_undo(const struct react_settings *settings, const struct target *target,
                      struct span memo, struct strbuf *why)
{
    struct account before, now;
    struct texts changes = {0};
    if (is_gone(settings, target, memo, why))
        return 0;
    if (read_both(settings, target, memo, &before, &now, why) != 0)
        return -1;
    changes_back(&before, &now, &changes);
    int result = usermod(settings, target->name, &changes, why);
    texts_clear(&changes);
    if (result != 0 || read_both(settings, target, memo, &before, &now, why) != 0)
        return -1;
    changes_back(&before, &now, &changes);
    if (changes.len > 0)
        result = strbuf_why(why, "usermod said that it did, but %s is not as it was before",
                            target->name);
    texts_clear(&changes);
    return result;
}

const struct method method_local = {
    .name = "local",
    .check = local_check,
    .plan = local_plan,
    .apply = local_apply,
    .look = local_look,
    .undo = local_undo,
};
