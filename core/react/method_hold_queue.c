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
#include "method_run.h"

#include "spamgear/base/infile.h"
#include "spamgear/base/mem.h"
#include "spamgear/net/mailq.h"
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#define LIST_MS      60000 /* at least, for a listing of the whole queue */
#define ID_MIN       6
#define ID_MAX       64
#define EXIM_BATCH   100 /* IDs on one command line */
#define HEADER_BYTES (4u << 20)

enum place { GONE, FREE, HELD };

struct message {
    char *id;
    char *config; /* Postfix: of its instance; NULL: not known yet, or Exim */
    bool exim, twice;
    bool taken; /* the case has it already */
    enum place place;
};

struct messages {
    struct message *at;
    size_t len, cap;
    bool planning; /* in which instance they are is to be found */
};

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

/* ---- Postfix ---- */

static struct message *find(struct messages *list, struct span id)
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

/* An ID that two instances use is not known to be the account's in either. */
static void see(void *state, const struct mailq_message *queued)
{
    struct messages *list = state;
    struct message *message = find(list, queued->queue_id);
    if (message == NULL || message->exim || span_is(queued->queue, SPAN("maildrop")))
        return; /* in maildrop it has another ID than in the log, and cannot be held */
    if (message->config == NULL)
        message->config = mem_text(queued->config);
    else if (strcmp(message->config, queued->config) != 0) {
        message->twice = list->planning;
        return;
    }
    message->place = span_is(queued->queue, SPAN("hold")) ? HELD : FREE;
}

static int survey_postfix(const struct react_settings *settings, struct messages *list,
                          struct strbuf *why)
{
    const char *config = settings->postfix_config;
    int64_t ms = settings->timeout_s > LIST_MS / 1000 ? settings->timeout_s * 1000 : LIST_MS;
    struct mailq_settings queue = {.server = "postfix",
                                   .postfix_config =
                                       config == NULL || *config == '\0' ? NULL : config,
                                   .deadline_ms = (int)(ms > 3600000 ? 3600000 : ms)};
    return mailq_postfix_find(&queue, see, list, why);
}

/* The IDs of one instance that are at `from`, to postsuper. */
static int run_postsuper(const struct react_settings *settings, const struct messages *list,
                         const char *config, enum place from, struct strbuf *why)
{
    struct strbuf program = {0}, ids = {0};
    struct texts words = {0};
    const char *folder = settings->postfix_programs;
    for (size_t i = 0; i < list->len; i++)
        if (!list->at[i].exim && list->at[i].place == from &&
            strcmp(list->at[i].config, config) == 0)
            strbuf_format(&ids, "%s\n", list->at[i].id);
    strbuf_format(&program, "%s/postsuper",
                  folder == NULL || *folder == '\0' ? "/usr/sbin" : folder);
    method_words(&words, strbuf_text(&program), "-c", config, from == FREE ? "-h" : "-H", "-",
                 NULL);
    int result = method_run(settings, &words, strbuf_span(&ids), NULL, why);
    texts_clear(&words);
    strbuf_clear(&program);
    strbuf_clear(&ids);
    return result;
}

/* Each instance's once: at the first of its messages. */
static int change_postfix(const struct react_settings *settings, const struct messages *list,
                          enum place from, struct strbuf *why)
{
    struct texts done = {0};
    int result = 0;
    for (size_t i = 0; i < list->len; i++) {
        const struct message *message = &list->at[i];
        bool seen = message->exim || message->place != from;
        for (size_t j = 0; !seen && j < done.len; j++)
            seen = strcmp(done.at[j], message->config) == 0;
        if (seen)
            continue;
        texts_add(&done, message->config);
        if (run_postsuper(settings, list, message->config, from, why) != 0)
            result = -1;
    }
    texts_clear(&done);
    return result;
}

/* ---- Exim ---- */

/* Values of ACL variables stand in lines of their own, may hold line ends, and were chosen by
 * strangers: "-aclm 0 12" is followed by 12 bytes and a line end. */
static void skip_value(struct span line, struct span *rest)
{
    unsigned long long bytes;
    const char *blank = span_find_last(line, SPAN(" "));
    bool is_acl = span_has_prefix(line, SPAN("-acl")) || span_has_prefix(line, SPAN("--acl"));
    if (is_acl && blank != NULL && span_number(span_of(blank + 1, span_end(line)), &bytes) &&
        bytes < rest->len)
        *rest = span_skip(*rest, bytes + 1);
}

/* A header file (Exim's spec, "Format of spool files"): four lines, then options with a dash. */
static enum place read_header(struct span text)
{
    struct span line;
    for (int i = 0; i < 4; i++)
        span_take_line(&text, &line);
    while (span_take_line(&text, &line) && line.len > 0 && *line.at == '-') {
        if (span_has_prefix(line, SPAN("-frozen ")))
            return HELD;
        skip_value(line, &text);
    }
    return FREE;
}

/* 0; 1: there is no such file; -1 with why. */
static int look_into(const char *folder, const char *id, bool split, enum place *place,
                     struct strbuf *why)
{
    struct strbuf path = {0}, text = {0}, said = {0};
    if (split)
        strbuf_format(&path, "%s/input/%c/%s-H", folder, id[5], id);
    else
        strbuf_format(&path, "%s/input/%s-H", folder, id);
    int result = infile_read(strbuf_text(&path), HEADER_BYTES, &text, NULL, &said);
    if (result == 0)
        *place = read_header(strbuf_span(&text));
    else if (errno == ENOENT || errno == ENOTDIR)
        result = 1;
    else
        strbuf_why(why, "%s", strbuf_text(&said));
    strbuf_clear(&said);
    strbuf_clear(&path);
    strbuf_clear(&text);
    return result;
}

static int survey_exim(const struct react_settings *settings, struct messages *list,
                       struct strbuf *why)
{
    const char *set = settings->exim_spool;
    const char *const folders[] = {set == NULL || *set == '\0' ? "/var/spool/exim4" : set,
                                   set == NULL || *set == '\0' ? "/var/spool/exim" : NULL, NULL};
    for (size_t i = 0; i < list->len; i++) {
        int found = 1;
        for (size_t j = 0; list->at[i].exim && found == 1 && folders[j / 2] != NULL; j++)
            found = look_into(folders[j / 2], list->at[i].id, j % 2 == 1, &list->at[i].place, why);
        if (found < 0)
            return -1;
    }
    return 0;
}

static int run_exim(const struct react_settings *settings, const struct texts *ids, enum place from,
                    struct strbuf *why)
{
    struct texts words = {0};
    const char *program = settings->exim;
    method_words(&words, program == NULL || *program == '\0' ? "exim" : program,
                 from == FREE ? "-Mf" : "-Mt", NULL);
    for (size_t i = 0; i < ids->len; i++)
        texts_add(&words, ids->at[i]);
    int result = method_run(settings, &words, SPAN(""), NULL, why);
    texts_clear(&words);
    return result;
}

static int change_exim(const struct react_settings *settings, const struct messages *list,
                       enum place from, struct strbuf *why)
{
    struct texts ids = {0};
    int result = 0;
    for (size_t i = 0; i < list->len; i++) {
        if (list->at[i].exim && list->at[i].place == from)
            texts_add(&ids, list->at[i].id);
        if (ids.len == 0 || (ids.len < EXIM_BATCH && i + 1 < list->len))
            continue;
        if (run_exim(settings, &ids, from, why) != 0)
            result = -1;
        texts_clear(&ids);
    }
    return result;
}

/* ---- both ---- */

static int survey(const struct react_settings *settings, struct messages *list, struct strbuf *why)
{
    bool exim = false, postfix = false;
    for (size_t i = 0; i < list->len; i++) {
        exim |= list->at[i].exim;
        postfix |= !list->at[i].exim;
    }
    if (postfix && survey_postfix(settings, list, why) != 0)
        return -1;
    return exim ? survey_exim(settings, list, why) : 0;
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
            struct message *message = find(list, span_text(taken.at[j].id));
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
        result = change_postfix(settings, &list, from, why);
    if (surveyed && change_exim(settings, &list, from, why) != 0)
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
