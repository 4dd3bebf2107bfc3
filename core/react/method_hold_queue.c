/* method_hold_queue - the messages of an account that still wait in the mail server's queue are
 * held there: by postsuper (Postfix, each instance for itself) or frozen (Exim).
 *
 * Only messages whose queue IDs the log joined to the account are his for sure: a sender address
 * says nothing, so none is compared. The memo lists, for each instance, the messages that were not
 * held before; only these are let go again. Postfix' IDs go to postsuper on its standard input, and
 * only well-formed ones, since ALL means all to it.
 *
 * Surprise: when all of the messages have left the queue, held ones look like ones that were let
 * go; then what this process did last decides what look() says.
 */
#include "method_hold.h"

#include "spamgear/base/mem.h"
#include "spamgear/net/mailq.h"
#include <ctype.h>
#include <stdlib.h>

#define ID_MIN 6
#define ID_MAX 64

static int64_t undone_case = -1; /* the last one whose messages were let go */

static void messages_clear(struct messages *list)
{
    for (size_t i = 0; i < list->len; i++) {
        free(list->at[i].id);
        free(list->at[i].config);
    }
    vec_clear(list);
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct message *)a)->id, ((const struct message *)b)->id);
}

/* ---- IDs ---- */

static bool is_exim_id(const char *id)
{
    struct strbuf name = {0};
    strbuf_format(&name, "%s-H", id);
    bool is = mailq_is_exim_name(strbuf_text(&name));
    strbuf_clear(&name);
    return is;
}

static bool is_postfix_id(const char *id)
{
    size_t len = 0;
    while (isalnum((unsigned char)id[len]))
        len++;
    return id[len] == '\0' && len >= ID_MIN && len <= ID_MAX;
}

static bool is_named(const struct react_settings *settings, const char *server)
{
    const char *set = settings->mail_server;
    return set == NULL || *set == '\0' || strcmp(set, server) == 0;
}

static void add_id(struct messages *list, const struct react_settings *settings, const char *id,
                   const char *config)
{
    bool exim = is_exim_id(id);
    if ((exim || is_postfix_id(id)) && is_named(settings, exim ? "exim" : "postfix"))
        *(vec_add(list)) =
            (struct message){.id = mem_text(id), .config = mem_text(config), .exim = exim};
}

/* Sorted, each once. */
static void sort_ids(struct messages *list)
{
    size_t kept = 0;
    if (list->len > 0)
        qsort(list->at, list->len, sizeof *list->at, by_id);
    for (size_t i = 0; i < list->len; i++) {
        if (kept > 0 && list->planning && by_id(&list->at[kept - 1], &list->at[i]) == 0) {
            free(list->at[i].id);
            continue;
        }
        list->at[kept++] = list->at[i];
    }
    list->len = kept;
}

/* "/etc/postfix" or "exim", then the IDs there. */
static void read_memo(struct messages *list, const struct react_settings *settings,
                      struct span memo)
{
    char *config = NULL;
    struct span line;
    while (span_take_line(&memo, &line)) {
        char *text = mem_text_of(line.at, line.len);
        if (*text == '/' || strcmp(text, "exim") == 0) {
            free(config);
            config = *text == '/' ? text : NULL;
            if (config != NULL)
                continue;
        } else if (is_exim_id(text) == (config == NULL)) {
            add_id(list, settings, text, config);
        }
        free(text);
    }
    free(config);
    sort_ids(list);
}

struct message *method_hold_find(struct messages *list, struct span id)
{
    size_t low = 0, high = list->len;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = span_order(span_text(list->at[middle].id), id);
        if (order == 0)
            return &list->at[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- the method ---- */

static int survey(const struct react_settings *settings, struct messages *list, struct strbuf *why)
{
    bool exim = false, postfix = false;
    for (size_t i = 0; i < list->len; i++) {
        exim |= list->at[i].exim;
        postfix |= !list->at[i].exim;
    }
    if (postfix && method_hold_survey_postfix(settings, list, why) != 0)
        return -1;
    return exim ? method_hold_survey_exim(settings, list, why) : 0;
}

static size_t count_at(const struct messages *list, enum place place)
{
    size_t count = 0;
    for (size_t i = 0; i < list->len; i++)
        count += list->at[i].place == place;
    return count;
}

static int check(const struct react_settings *settings, struct strbuf *why)
{
    if (!is_named(settings, "postfix") && !is_named(settings, "exim"))
        return strbuf_why(why, "mail-server: is neither postfix nor exim, but \"%s\"",
                          settings->mail_server);
    return 0;
}

/* Marks the messages that the case has; their number. */
static uint64_t mark_taken(struct messages *list, const struct react_settings *settings,
                           const struct texts *memos)
{
    uint64_t count = 0;
    for (size_t i = 0; memos != NULL && i < memos->len; i++) {
        struct messages taken = {0};
        read_memo(&taken, settings, span_text(memos->at[i]));
        for (size_t j = 0; j < taken.len; j++) {
            struct message *message = method_hold_find(list, span_text(taken.at[j].id));
            if (message != NULL)
                message->taken = true;
        }
        count += taken.len;
        messages_clear(&taken);
    }
    return count;
}

/* At most `most` of those that are not held, by instance. Those left out are GONE. */
static void write_memo(struct messages *list, uint64_t most, struct strbuf *memo)
{
    const char *last = NULL;
    for (size_t i = 0; i < list->len; i++) {
        struct message *message = &list->at[i];
        const char *config = message->exim ? "exim" : message->config;
        if (message->place != FREE || most == 0) {
            message->place = GONE;
            continue;
        }
        if (last == NULL || strcmp(last, config) != 0)
            strbuf_format(memo, "%s\n", config);
        strbuf_format(memo, "%s\n", message->id);
        last = config;
        most--;
    }
}

static void describe(struct strbuf *what, size_t held, size_t queued)
{
    if (held < queued)
        strbuf_format(what, ": %zu of %zu messages, no more for hold-max", held, queued);
    else
        strbuf_format(what, ": %zu message%s", held, held == 1 ? "" : "s");
}

/* Messages that are held already were held by somebody else, or by this case. */
static enum method_plan choose(const struct react_settings *settings, struct messages *list,
                               uint64_t taken, struct strbuf *what, struct strbuf *memo,
                               struct strbuf *why)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->at[i].twice || list->at[i].taken)
            list->at[i].place = GONE;
    size_t queued = count_at(list, FREE);
    write_memo(list, taken < settings->hold_max ? settings->hold_max - taken : 0, memo);
    size_t held = count_at(list, FREE);
    if (held > 0)
        describe(what, held, queued);
    else if (queued > 0)
        strbuf_why(why, "%zu further messages are not held, for hold-max", queued);
    else
        strbuf_why(why, "none of its own waits in the queue");
    return held > 0 ? METHOD_NEEDED : METHOD_NOTHING;
}

static enum method_plan plan(const struct react_settings *settings, const struct target *target,
                             struct strbuf *what, struct strbuf *memo, struct strbuf *why)
{
    struct messages list = {.planning = true};
    enum method_plan result = METHOD_REFUSED;
    for (size_t i = 0; target->queue_ids != NULL && i < target->queue_ids->len; i++)
        add_id(&list, settings, target->queue_ids->at[i], NULL);
    sort_ids(&list);
    strbuf_format(what, "hold the queued mail of %s", target->name);
    uint64_t taken = mark_taken(&list, settings, target->memos);
    if (target->queue_ids == NULL || target->queue_ids->len == 0) {
        strbuf_why(why, "it is not known which messages are its own");
        result = METHOD_NOTHING;
    } else if (survey(settings, &list, why) == 0) {
        result = choose(settings, &list, taken, what, memo, why);
    }
    messages_clear(&list);
    return result;
}

/* Is none of them where it was? */
static bool none_is_at(const struct react_settings *settings, struct span memo, enum place from)
{
    struct messages list = {0};
    read_memo(&list, settings, memo);
    bool none = survey(settings, &list, NULL) == 0 && count_at(&list, from) == 0;
    messages_clear(&list);
    return none;
}

/* Where the messages are counts for more than a status: postsuper fails when it cannot write its
 * log, after it has done its work. */
static int change(const struct react_settings *settings, struct span memo, enum place from,
                  struct strbuf *why)
{
    struct messages list = {0};
    read_memo(&list, settings, memo);
    int result = survey(settings, &list, why);
    bool surveyed = result == 0;
    if (surveyed)
        result = method_hold_change_postfix(settings, &list, from, why);
    if (surveyed && method_hold_change_exim(settings, &list, from, why) != 0)
        result = -1;
    messages_clear(&list);
    if (result == 0 || !surveyed || !none_is_at(settings, memo, from))
        return result;
    if (why != NULL)
        strbuf_reset(why);
    return 0;
}

static int apply(const struct react_settings *settings, const struct target *target,
                 struct span memo, struct strbuf *why)
{
    if (undone_case == target->case_id)
        undone_case = -1;
    return change(settings, memo, FREE, why);
}

static int undo(const struct react_settings *settings, const struct target *target,
                struct span memo, struct strbuf *why)
{
    undone_case = target->case_id;
    return change(settings, memo, HELD, why);
}

/* Some held and some not is neither: what is still held has to be let go one day. */
static enum method_state state_of(const struct messages *list, bool undone, struct strbuf *why)
{
    size_t held = count_at(list, HELD), not_held = count_at(list, FREE);
    if (undone)
        return held > 0 ? METHOD_ON : METHOD_OFF;
    if (held > 0 && not_held > 0) {
        strbuf_why(why, "%zu messages are held, %zu are not, or no more", held, not_held);
        return METHOD_UNTOLD;
    }
    return not_held > 0 ? METHOD_OFF : METHOD_ON;
}

static enum method_state look(const struct react_settings *settings, const struct target *target,
                              struct span memo, struct strbuf *why)
{
    struct messages list = {0};
    enum method_state state = METHOD_UNTOLD;
    read_memo(&list, settings, memo);
    if (list.len == 0)
        strbuf_why(why, "which messages are held is only known of a case");
    else if (survey(settings, &list, why) == 0)
        state = state_of(&list, undone_case == target->case_id, why);
    messages_clear(&list);
    return state;
}

const struct method method_hold_queue = {"hold-queue", check, plan, apply, look, undo, true};
