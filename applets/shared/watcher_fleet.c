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

int watcher_fleet_unite(struct watcher_fleet *fleet, struct report_sender *row, struct strbuf *why)
{
    struct fleet_others others = {0};
    const struct check *check = fleet->check;
    int64_t since = check->window.since;
    if (fleet->let_go > 0) /* of others whole minutes are known: the first one is left out */
        since += 59;
    int result = fleet_ask(fleet->link, fleet->settings->node, check->applet, row->sender.kind,
                           row->sender.name, since, &others, why);
    if (result == 0 && others.sum.messages > 0) {
        row->elsewhere = others.sum.messages;
        row->elsewhere_recipients = others.sum.recipients;
        row->machines = others.nodes;
        row->count += check->by_recipients ? others.sum.recipients : others.sum.messages;
        row->over = row->count >= row->limit;
        row->networks = count_united(&row->network_names, &others.networks);
        row->unknown = count_united(&row->nameless, &others.unknown);
    }
    fleet_others_clear(&others);
    return result;
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
