/* watcher_past - looks into the cases, without a lock and without changing anything. */
#include "watcher_past.h"

#include "react_section.h"

#include "spamgear/base/clock.h"
#include "spamgear/check/disable.h"
#include "spamgear/react/react.h"
#include "spamgear/store/cases.h"

#define DEADLINE_MS 5000

static struct cases *open_cases(const struct run *run)
{
    const struct config_entry *entry = config_find(run->config, "react", "state");
    const char *folder = entry != NULL ? entry->value : REACT_STATE;
    return cases_exist(folder) ? cases_open_to_read(folder, NULL) : NULL;
}

/* A moment that has yet to come is of a clock that was wrong. */
static int64_t closed_at(struct cases *cases, const char *account)
{
    struct case_file file = {0};
    int64_t closed = 0;
    int found = cases_find_open(cases, account, &file, NULL);
    case_file_clear(&file);
    if (found != 0)
        return 0;
    file = (struct case_file){0};
    if (cases_find_closed(cases, account, &file, NULL) == 1 && file.closed <= clock_now())
        closed = file.closed;
    case_file_clear(&file);
    return closed;
}

static int64_t let_go(struct cases *cases, enum sender_kind kind, struct span name)
{
    const struct sender sender = {.kind = kind, .name = name};
    struct strbuf account = {0};
    int64_t closed = 0;
    if (react_is_account(kind) && disable_account(&sender, &account, NULL) == 0)
        closed = closed_at(cases, strbuf_text(&account));
    strbuf_clear(&account);
    return closed;
}

int64_t watcher_let_go(const struct run *run, enum sender_kind kind, struct span name)
{
    struct cases *cases = open_cases(run);
    int64_t closed = cases != NULL ? let_go(cases, kind, name) : 0;
    cases_close(cases);
    return closed;
}

struct claim {
    char *profile;
    enum sender_kind kind;
    char *name;
    size_t name_len;
};

struct claims {
    VEC(struct claim) at;
};

static void take_claim(void *state, const char *profile, enum sender_kind kind, struct span name)
{
    struct claims *claims = state;
    *vec_add(&claims->at) =
        (struct claim){mem_text(profile), kind, mem_text_of(name.at, name.len), name.len};
}

static void release(struct link *link, const char *node, struct cases *cases,
                    const struct claim *claim)
{
    struct span name = {claim->name, claim->name_len};
    int64_t closed = let_go(cases, claim->kind, name);
    if (closed > 0)
        fleet_release(link, node, claim->profile, claim->kind, name, true, closed, NULL);
}

void watcher_release_claims(const struct run *run, const struct feeder_settings *fleet)
{
    struct claims claims = {0};
    struct cases *cases = fleet->fleet ? open_cases(run) : NULL;
    struct link *link =
        cases != NULL ? link_open(&fleet->place, fleet->password, DEADLINE_MS, NULL) : NULL;
    if (link != NULL)
        fleet_claims(link, fleet->node, take_claim, &claims, NULL);
    for (size_t i = 0; i < claims.at.len; i++) {
        release(link, fleet->node, cases, &claims.at.at[i]);
        free(claims.at.at[i].profile);
        free(claims.at.at[i].name);
    }
    vec_clear(&claims.at);
    link_close(link);
    cases_close(cases);
}
