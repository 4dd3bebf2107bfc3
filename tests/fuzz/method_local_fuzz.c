/* method_local_fuzz - any bytes as passwd, as shadow and as the memo of a case: an account is found
 * by its whole name only, what is read of it survives being kept, and nothing is given back that
 * was not taken. The first byte is the length of the name. */
#include "../../core/react/method_local.c"
#include "fuzz.h"

static void check_kept(const struct account *account)
{
    struct account again;
    struct strbuf memo = {0};
    struct texts changes = {0};
    write_memo(account, &memo);
    hold(read_memo(strbuf_span(&memo), &again, NULL) == 0);
    hold(again.uid == account->uid && again.password == account->password &&
         again.expires == account->expires);
    changes_back(&again, account, &changes);
    hold(changes.len == 0);
    strbuf_clear(&memo);
}

/* One byte before the line and one behind the name are what sets it apart from other names. */
static void check_lists(struct span text, const char *name)
{
    struct span fields[FIELDS];
    struct account account = {0};
    unsigned found = find(text, name, fields, FIELDS);
    if (found == 0)
        return;
    hold(span_is(fields[0], span_text(name)));
    hold(fields[0].at == text.at || fields[0].at[-1] == '\n');
    for (size_t i = 1; i < FIELDS; i++)
        hold(fields[i].len == 0 || memchr(fields[i].at, ':', fields[i].len) == NULL);
    if (span_number(fields[PASSWD_UID], &account.uid) &&
        take_shadow(fields, name, &account, NULL) == 0) {
        hold(account.expires >= NEVER && account.expires <= INT32_MAX);
        check_kept(&account);
    }
}

static void check_memo(struct span text)
{
    struct account before;
    if (read_memo(text, &before, NULL) == 0)
        check_kept(&before);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char name[256];
    struct span text = fuzz_name(data, size, name);
    if (strchr(name, ':') == NULL && strchr(name, '\n') == NULL)
        check_lists(text, name);
    check_memo(text);
    return 0;
}
