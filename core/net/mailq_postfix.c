/* mailq_postfix - the queues of all instances of Postfix.
 *
 * The folders maildrop, incoming, active, deferred and hold of each instance's queue_directory
 * (what stands in corrupt is no longer queued). Files in maildrop, incoming and hold may still be
 * written and are complete when they are executable; into active and deferred only complete ones
 * are moved. Who may not read the folders asks showq.
 */
#include "mailq_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const mailq_queue_names[MAILQ_QUEUES] = {"maildrop", "incoming", "active", "deferred",
                                                     "hold"};

bool mailq_is_queue(struct span name)
{
    for (size_t i = 0; i < MAILQ_QUEUES; i++)
        if (span_is(name, span_text(mailq_queue_names[i])))
            return true;
    return false;
}

/* Local users write what comes into maildrop: its records are not believed. */
static const struct mailq_layout layouts[MAILQ_QUEUES] = {
    {mailq_is_postfix_name, mailq_postfix_arrival, true, false},
    {mailq_is_postfix_name, mailq_postfix_arrival, true, true},
    {mailq_is_postfix_name, mailq_postfix_arrival, false, true},
    {mailq_is_postfix_name, mailq_postfix_arrival, false, true},
    {mailq_is_postfix_name, mailq_postfix_arrival, true, true},
};

/* What is to be done with each folder; errno tells why not. */
struct reader {
    int (*read)(const struct reader *reader, int dir, size_t queue, struct strbuf *why);
    bool count_only;
    int64_t deadline;
    struct mailq_queue *queues;
    mailq_each *each;
    void *state;
    const char *config;
};

static int count_folder(const struct reader *reader, int dir, size_t queue, struct strbuf *why)
{
    return mailq_folder(dir, mailq_queue_names[queue], &layouts[queue], reader->count_only,
                        reader->deadline, &reader->queues[queue], why);
}

static int read_folders(const struct mailq_instance *instance, const struct reader *reader,
                        struct strbuf *why)
{
    struct strbuf what = {0};
    size_t missing = 0;
    int result = 0, dir = open(instance->spool, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        result = strbuf_why(&what, "%s", strerror(errno));
    for (size_t i = 0; i < MAILQ_QUEUES && result == 0; i++)
        if (reader->read(reader, dir, i, &what) != 0) {
            missing += errno == ENOENT;
            result = errno == ENOENT ? 0 : -1;
        }
    if (dir >= 0)
        close(dir);
    if (missing == MAILQ_QUEUES)
        result = strbuf_why(&what, "holds no queues of Postfix");
    if (result != 0)
        strbuf_why(why, "%s: %s", instance->spool, strbuf_text(&what));
    strbuf_clear(&what);
    return result;
}

static void add_up(void *state, const struct mailq_message *message)
{
    struct mailq_queue *queues = state;
    for (size_t i = 0; i < MAILQ_QUEUES; i++)
        if (span_is(message->queue, span_text(mailq_queue_names[i]))) {
            queues[i].messages++;
            queues[i].oldest = mailq_earlier(queues[i].oldest, message->arrival);
        }
}

static void forget(struct mailq_queue *queues)
{
    for (size_t i = 0; i < MAILQ_QUEUES; i++) {
        queues[i].messages = 0;
        queues[i].oldest = 0;
    }
}

static int count_instance(const struct mailq_instance *instance, bool count_only, int64_t deadline,
                          struct mailq *mailq, struct strbuf *why)
{
    struct strbuf first = {0}, second = {0};
    struct mailq_queue *queues;
    const char *how = "spool";
    size_t at = 0;
    for (size_t i = MAILQ_QUEUES; i > 0; i--)
        at = mailq_add(mailq, instance->name, mailq_queue_names[MAILQ_QUEUES - i]);
    queues = &mailq->queues.at[at + 1 - MAILQ_QUEUES];
    struct reader reader = {
        .read = count_folder, .count_only = count_only, .deadline = deadline, .queues = queues};
    int result = read_folders(instance, &reader, &first);
    if (result != 0) {
        forget(queues);
        result = mailq_listing(instance, deadline, add_up, queues, &how, &second);
    }
    if (result != 0)
        strbuf_why(why, "%s; %s", strbuf_text(&first), strbuf_text(&second));
    if (mailq->how == NULL || strcmp(how, "spool") != 0)
        mailq->how = how;
    strbuf_clear(&first);
    strbuf_clear(&second);
    return result;
}

int mailq_postfix(const struct mailq_settings *settings, int64_t deadline, struct mailq *mailq,
                  struct strbuf *why)
{
    struct mailq_instances list;
    struct strbuf last = {0};
    int result = mailq_instances(settings, deadline, &list, why);
    for (size_t i = 0; i < list.len; i++)
        if (count_instance(&list.at[i], settings->count_only, deadline, mailq, &last) != 0)
            result = strbuf_why(why, "%s", strbuf_text(&last));
    mailq_instances_clear(&list);
    strbuf_clear(&last);
    return result;
}

/* ---- where each of them is ---- */

/* Tells of which instance a message is. */
struct of_instance {
    mailq_each *each;
    void *state;
    const char *config;
};

static void tell_instance(void *state, const struct mailq_message *message)
{
    const struct of_instance *to = state;
    struct mailq_message whole = *message;
    whole.config = to->config;
    to->each(to->state, &whole);
}

/* One folder's names. */
struct names {
    const struct reader *reader;
    size_t queue;
};

static void tell_name(void *state, const char *name)
{
    const struct names *names = state;
    const struct reader *reader = names->reader;
    struct mailq_message message = {.queue = span_text(mailq_queue_names[names->queue]),
                                    .queue_id = span_text(name),
                                    .config = reader->config};
    reader->each(reader->state, &message);
}

/* Modes matter where files are not whole yet, but not to what is held. */
static int tell_folder(const struct reader *reader, int dir, size_t queue, struct strbuf *why)
{
    struct names names = {reader, queue};
    struct mailq_layout layout = layouts[queue];
    layout.checks_mode = layout.checks_mode && queue != MAILQ_QUEUES - 1;
    return mailq_folder_names(dir, mailq_queue_names[queue], &layout, reader->deadline, tell_name,
                              &names, why);
}

static int find_in(const struct mailq_instance *instance, int64_t deadline, mailq_each *each,
                   void *state, struct strbuf *why)
{
    struct strbuf first = {0}, second = {0};
    struct reader reader = {.read = tell_folder,
                            .deadline = deadline,
                            .each = each,
                            .state = state,
                            .config = instance->config};
    struct of_instance to = {each, state, instance->config};
    const char *how;
    int result = read_folders(instance, &reader, &first);
    if (result != 0)
        result = mailq_listing(instance, deadline, tell_instance, &to, &how, &second);
    if (result != 0)
        strbuf_why(why, "%s; %s", strbuf_text(&first), strbuf_text(&second));
    strbuf_clear(&first);
    strbuf_clear(&second);
    return result;
}

int mailq_postfix_find(const struct mailq_settings *settings, mailq_each *each, void *state,
                       struct strbuf *why)
{
    int64_t deadline =
        clock_steady_ms() + (settings->deadline_ms > 0 ? settings->deadline_ms : 60000);
    struct mailq_instances list;
    struct strbuf last = {0};
    int result = mailq_instances(settings, deadline, &list, why);
    for (size_t i = 0; i < list.len; i++)
        if (find_in(&list.at[i], deadline, each, state, &last) != 0)
            result = strbuf_why(why, "%s", strbuf_text(&last));
    mailq_instances_clear(&list);
    strbuf_clear(&last);
    return result;
}

/* Is there a main.cf, and the spool that it names? What cannot be looked at is there. */
bool mailq_has_postfix(const struct mailq_settings *settings)
{
    int64_t deadline = clock_steady_ms() + 10000;
    struct mailq_instances list;
    struct stat st;
    if (settings->postfix_config != NULL || settings->postfix_spool != NULL)
        return true;
    if (access("/etc/postfix/main.cf", F_OK) != 0 && errno == ENOENT)
        return false;
    bool has = mailq_instances(settings, deadline, &list, NULL) != 0 || list.len == 0 ||
               stat(list.at[0].spool, &st) == 0 || errno != ENOENT;
    mailq_instances_clear(&list);
    return has;
}
