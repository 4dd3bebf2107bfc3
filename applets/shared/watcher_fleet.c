/* watcher_fleet - asks, tells and claims in the fleet's database. */
#include "watcher_fleet.h"

#include "spamgear/base/clock.h"
#include "spamgear/base/map.h"

#define DEADLINE_MS 2000 /* of each question: who must be stopped must not wait long */

int watcher_fleet_open(struct watcher_fleet *fleet, const struct feeder_settings *settings,
                       const struct check *check, enum sender_kind kind, struct span name,
                       struct strbuf *why)
{
    *fleet = (struct watcher_fleet){.settings = settings, .check = check};
    fleet->link = link_open(&settings->place, settings->password, DEADLINE_MS, why);
    if (fleet->link == NULL)
        return -1;
    return fleet_let_go(fleet->link, check->applet, kind, name, &fleet->let_go, why);
}

int watcher_fleet_tell(struct watcher_fleet *fleet, const struct report_sender *row,
                       struct strbuf *why)
{
    return fleet_tell_networks(fleet->link, fleet->settings->node, fleet->check->applet,
                               row->sender.kind, row->sender.name, clock_now() / 60,
                               &row->network_names, &row->nameless, why);
}

void watcher_fleet_close(struct watcher_fleet *fleet)
{
    if (fleet->link != NULL)
        link_close(fleet->link);
    fleet->link = NULL;
}

/* How many texts there are in both lists together. */
static unsigned count_united(const struct texts *one, const struct texts *other)
{
    struct map all = {0};
    for (size_t i = 0; i < one->len; i++)
        map_put(&all, span_text(one->at[i]), NULL);
    for (size_t i = 0; i < other->len; i++)
        map_put(&all, span_text(other->at[i]), NULL);
    unsigned count = (unsigned)all.len;
    map_clear(&all);
    return count;
}

static void add_others(const struct check *check, struct report_sender *row,
                       const struct fleet_others *others)
{
    row->elsewhere = others->sum.messages;
    row->elsewhere_recipients = others->sum.recipients;
    row->elsewhere_trusted = others->trusted;
    row->machines = others->nodes;
    row->count = check->by_recipients ? row->sender.recipients + others->sum.recipients
                                      : row->sender.messages + others->sum.messages;
    row->over = row->count >= row->limit;
    row->networks = count_united(&row->network_names, &others->networks);
    row->unknown = count_united(&row->nameless, &others->unknown);
}

/* Of others whole minutes are known: where he was let go, the first one is left out. */
static int unite(struct watcher_fleet *fleet, bool vouched, struct report_sender *row,
                 struct strbuf *why)
{
    struct fleet_others others = {0};
    int64_t since = fleet->check->window.since + (fleet->let_go > 0 ? 59 : 0);
    int result = fleet_ask(fleet->link, fleet->settings->node, fleet->check->applet,
                           row->sender.kind, row->sender.name, since, vouched, &others, why);
    if (result == 0 && others.sum.messages > 0)
        add_others(fleet->check, row, &others);
    fleet_others_clear(&others);
    return result;
}

/* Lines that anybody could have written, on whichever machine, neither stop an account nor protect
 * it: they count only where the others do not suffice, and then they are told as such. */
int watcher_fleet_unite(struct watcher_fleet *fleet, struct report_sender *row, struct strbuf *why)
{
    if (!fleet->trust_plain && unite(fleet, true, row, why) != 0)
        return -1;
    return !fleet->trust_plain && row->over ? 0 : unite(fleet, false, row, why);
}

int watcher_fleet_claim(struct watcher_fleet *fleet, const struct report_sender *row,
                        struct strbuf *why)
{
    return fleet_claim(fleet->link, fleet->settings->node, fleet->check->applet, row->sender.kind,
                       row->sender.name, fleet->check->window.since, why);
}

int watcher_fleet_confirm(struct watcher_fleet *fleet, const struct report_sender *row,
                          struct strbuf *why)
{
    return fleet_confirm(fleet->link, fleet->settings->node, fleet->check->applet, row->sender.kind,
                         row->sender.name, why);
}

int watcher_fleet_release(struct watcher_fleet *fleet, const struct report_sender *row,
                          struct strbuf *why)
{
    return fleet_release(fleet->link, fleet->settings->node, fleet->check->applet, row->sender.kind,
                         row->sender.name, false, fleet->let_go, why);
}
