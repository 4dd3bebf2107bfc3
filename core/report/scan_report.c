/* scan_report - the text form, NDJSON and the progress line of a scan. */
#include "spamgear/report/scan_report.h"

#include "spamgear/base/digest.h"
#include "spamgear/base/json.h"
#include "spamgear/base/text.h"
#include "spamgear/report/scan_account.h"
#include "spamgear/scan/sniff.h"
#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define PROGRESS_MS 100
#define LINES_MS    1000

/* ---- text ---- */

static const char *const acts[][2] = {
    /* done, would be done */
    [SCAN_ACT_NONE] = {"", ""},
    [SCAN_ACT_QUARANTINED] = {" [QUARANTINED]", " [WOULD BE QUARANTINED]"},
    [SCAN_ACT_CLEANED] = {" [CLEANED]", " [WOULD BE CLEANED]"},
    [SCAN_ACT_DELETED] = {" [DELETED]", " [WOULD BE DELETED]"},
    [SCAN_ACT_FAILED] = {"", ""},
};

static void add_path(const struct scan_report *report, struct strbuf *out, struct span path)
{
    if (report->settings.nul)
        strbuf_add_span(out, path);
    else
        text_escape(out, path);
}

static void add_finding(const struct scan_report *report, struct strbuf *out,
                        const struct finding *finding)
{
    const struct rule *rule = &report->settings.rules->list.at[finding->rule];
    strbuf_format(out, "    %s", rule->id);
    if (finding->line > 0)
        strbuf_format(out, " at byte %" PRIu64 ", line %" PRIu32, finding->offset, finding->line);
    if (finding->layer > 0)
        strbuf_format(out, ", unpacked %" PRIu32 " times", finding->layer);
    if (finding->detail_len > 0) {
        strbuf_add_text(out, ", ");
        text_escape(out, (struct span){finding->detail, finding->detail_len});
    }
    if (rule->description != NULL)
        strbuf_format(out, ": %s", rule->description);
    if (finding->excerpt_len > 0) {
        strbuf_add_text(out, ": ");
        text_escape(out, (struct span){finding->excerpt, finding->excerpt_len});
    }
    strbuf_add_char(out, report->settings.nul ? '\0' : '\n');
}

/* Why a file that was to be cleaned was not; NULL when there is nothing to tell. */
static const char *const not_cleaned[] = {
    [CLEANING_NOT_ASKED] = NULL,
    [CLEANING_DONE] = NULL,
    [CLEANING_NOTHING] = "what was found cannot be cut out",
    [CLEANING_EMPTY] = "nothing of use would be left",
    [CLEANING_MALFORMED] = "what is left would be no well-formed PHP",
    [CLEANING_STUCK] = "what is left would not be clean",
};

static void add_details(const struct scan_report *report, struct strbuf *out,
                        const struct verdict *verdict)
{
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        add_finding(report, out, &verdict->findings[i]);
    if (verdict->more > 0)
        strbuf_format(out, "    and %" PRIu32 " more%c", verdict->more,
                      report->settings.nul ? '\0' : '\n');
    if (not_cleaned[verdict->cleaning] != NULL)
        strbuf_format(out, "    not cleaned: %s%c", not_cleaned[verdict->cleaning],
                      report->settings.nul ? '\0' : '\n');
}

static void add_labels(const struct scan_report *report, struct strbuf *out,
                       const struct scan_file *file)
{
    if (file->verdict->result == VERDICT_FOUND) {
        strbuf_add_char(out, ' ');
        verdict_labels(file->verdict, report->settings.rules, out);
        strbuf_add_text(out, acts[file->act][report->settings.dry_run]);
    } else if (file->verdict->result == VERDICT_UNKNOWN) {
        strbuf_add_text(out, " [UNKNOWN]"); /* without it the path would read as clean */
    }
}

void scan_report_line(const struct scan_report *report, const struct scan_file *file,
                      struct strbuf *out)
{
    text_escape(out, file->path);
    add_labels(report, out, file);
}

static void text_file(const struct scan_report *report, const struct scan_file *file,
                      struct strbuf *out)
{
    bool found = file->verdict->result == VERDICT_FOUND;
    if (!found && report->settings.show == SCAN_SHOW_FOUND)
        return;
    add_path(report, out, file->path);
    add_labels(report, out, file);
    strbuf_add_char(out, report->settings.nul ? '\0' : '\n');
    if (found && (report->settings.details || report->settings.why))
        add_details(report, out, file->verdict);
    if (found && report->settings.why)
        scan_account_text(&file->verdict->account, report->settings.nul ? '\0' : '\n', out);
}

/* ---- JSON ---- */

static const char *const result_names[] = {
    [VERDICT_CLEAN] = "clean", [VERDICT_FOUND] = "found", [VERDICT_UNKNOWN] = "unknown"};
static const char *const source_names[] = {[RULE_BACKDOOR] = "backdoor",
                                           [RULE_FINGERPRINT] = "fingerprint",
                                           [RULE_SHELLDETECT] = "shelldetect",
                                           [RULE_OWN] = "own",
                                           [RULE_PHP] = "php",
                                           [RULE_HASH] = "hash",
                                           [RULE_CLAMAV] = "clamav"};
static const char *const act_names[] = {[SCAN_ACT_NONE] = NULL,
                                        [SCAN_ACT_QUARANTINED] = "quarantined",
                                        [SCAN_ACT_CLEANED] = "cleaned",
                                        [SCAN_ACT_DELETED] = "deleted",
                                        [SCAN_ACT_FAILED] = "failed"};

static bool is_utf8(struct span s)
{
    while (s.len > 0) {
        size_t len = text_utf8(s);
        if (len == 0)
            return false;
        s = span_skip(s, len);
    }
    return true;
}

/* A name that is no UTF-8 cannot stand in JSON: its bytes follow in hexadecimal digits. */
static void path_members(struct json *json, struct span path)
{
    json_text(json, "path", path);
    if (is_utf8(path))
        return;
    struct strbuf hex = {0};
    for (size_t i = 0; i < path.len; i++)
        strbuf_format(&hex, "%02x", (unsigned char)path.at[i]);
    json_text(json, "path_hex", strbuf_span(&hex));
    strbuf_clear(&hex);
}

static void text_member(struct json *json, const char *key, const char *text)
{
    if (text != NULL)
        json_text(json, key, span_text(text));
}

static void finding_object(struct json *json, const struct rules *rules,
                           const struct finding *finding)
{
    const struct rule *rule = &rules->list.at[finding->rule];
    json_open(json, NULL, '{');
    json_word(json, "source", source_names[rule->source]);
    json_text(json, "rule", span_text(rule->id));
    json_text(json, "label", span_text(rule->label));
    if (finding->detail_len > 0)
        json_text(json, "detail", (struct span){finding->detail, finding->detail_len});
    text_member(json, "description", rule->description);
    text_member(json, "family", rule->family);
    json_word(json, "severity", rule->severity == RULE_MALICIOUS ? "malicious" : "suspicious");
    json_bool(json, "acts", finding_acts(finding, rules));
    if (finding->line > 0) {
        json_number(json, "offset", finding->offset);
        json_number(json, "line", finding->line);
        json_number(json, "length", finding->len);
        json_number(json, "layer", finding->layer);
        json_text(json, "excerpt", (struct span){finding->excerpt, finding->excerpt_len});
    }
    json_close(json, '}');
}

static void findings_member(struct json *json, const struct rules *rules,
                            const struct verdict *verdict)
{
    json_open(json, "findings", '[');
    for (uint32_t i = 0; i < verdict->findings_len; i++)
        finding_object(json, rules, &verdict->findings[i]);
    json_close(json, ']');
    json_number(json, "more", verdict->more);
}

static void hash_member(struct json *json, const struct verdict *verdict)
{
    char text[DIGEST_TEXT + 1];
    if (!verdict->has_hash)
        return;
    digest_text(verdict->hash, text);
    json_word(json, "sha256", text);
}

static void json_file(const struct scan_report *report, const struct scan_file *file,
                      struct strbuf *out)
{
    const struct verdict *verdict = file->verdict;
    struct json json = {.out = out};
    struct strbuf kinds = {0};
    if (verdict->result == VERDICT_CLEAN && report->settings.show == SCAN_SHOW_FOUND)
        return;
    sniff_names(verdict->kinds, &kinds);
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    path_members(&json, file->path);
    json_word(&json, "verdict", result_names[verdict->result]);
    json_text(&json, "kinds", strbuf_span(&kinds));
    json_number(&json, "size", verdict->size);
    hash_member(&json, verdict);
    json_bool(&json, "allowed", verdict->allowed);
    findings_member(&json, report->settings.rules, verdict);
    scan_account_json(&verdict->account, &json);
    if (verdict->why[0] != '\0')
        json_text(&json, "why", span_text(verdict->why));
    json_word(&json, "act", act_names[file->act]);
    if (file->act != SCAN_ACT_NONE)
        json_bool(&json, "dry_run", report->settings.dry_run);
    text_member(&json, "act_why", file->act_why);
    text_member(&json, "not_cleaned", not_cleaned[verdict->cleaning]);
    text_member(&json, "case", file->case_id);
    text_member(&json, "user", file->user);
    json_close(&json, '}');
    strbuf_add_char(out, '\n');
    strbuf_clear(&kinds);
}

/* ---- both ---- */

static void note_error(struct scan_report *report, bool good)
{
    if (!good && report->write_error == 0)
        report->write_error = errno;
}

void scan_report_flush(struct scan_report *report)
{
    note_error(report, fflush(report->out) == 0);
}

static void put(struct scan_report *report, const struct strbuf *out)
{
    note_error(report, fwrite(out->data, 1, out->len, report->out) == out->len);
}

void scan_report_file(struct scan_report *report, const struct scan_file *file)
{
    struct strbuf out = {0};
    if (report->settings.format == SCAN_JSON)
        json_file(report, file, &out);
    else
        text_file(report, file, &out);
    if (out.len > 0) {
        scan_report_pause(report);
        put(report, &out);
        /* What was done is told at once: a killed run has said it. */
        if (file->act != SCAN_ACT_NONE)
            scan_report_flush(report);
    }
    strbuf_clear(&out);
}

/* ---- progress ---- */

static void add_time_left(struct strbuf *line, const struct scan_totals *totals)
{
    int64_t elapsed = totals->now_ms - totals->started_ms;
    if (totals->expected <= totals->files || totals->files == 0)
        return;
    int64_t left = (int64_t)((double)elapsed * (double)(totals->expected - totals->files) /
                             (double)totals->files / 1000);
    strbuf_format(line, ", %" PRId64 ":%02" PRId64 " left", left / 60, left % 60);
}

void scan_report_progress(struct scan_report *report, const struct scan_totals *totals)
{
    struct strbuf line = {0};
    int64_t elapsed = totals->now_ms - totals->started_ms;
    bool lines = report->settings.lines;
    if (!report->settings.progress ||
        totals->now_ms - report->progress_ms < (lines ? LINES_MS : PROGRESS_MS))
        return;
    report->progress_ms = totals->now_ms;
    strbuf_format(&line, "%s%" PRIu64, lines ? "" : "\r\033[K", totals->files);
    if (totals->expected >= totals->files && totals->expected > 0)
        strbuf_format(&line, " of %" PRIu64, totals->expected);
    strbuf_format(
        &line, " files, %" PRIu64 " MB, %.0f files/s, %" PRIu64 " found", totals->bytes / 1000000,
        elapsed > 0 ? (double)totals->files * 1000 / (double)elapsed : 0.0, totals->found);
    if (totals->unknown > 0)
        strbuf_format(&line, ", %" PRIu64 " unknown", totals->unknown);
    add_time_left(&line, totals);
    if (lines)
        strbuf_add_char(&line, '\n');
    fwrite(line.data, 1, line.len, stderr);
    fflush(stderr);
    report->progress_shown = !lines;
    strbuf_clear(&line);
}

void scan_report_pause(struct scan_report *report)
{
    if (!report->progress_shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    report->progress_shown = false;
}

/* ---- the end ---- */

/* As the originals wrote it. */
static void total_time(int64_t seconds)
{
    fputs("\nTOTAL TIME: ", stderr);
    if (seconds >= 3600)
        fprintf(stderr, "%" PRId64 " hours ", seconds / 3600);
    if (seconds % 3600 >= 60)
        fprintf(stderr, "%" PRId64 " minutes ", seconds % 3600 / 60);
    fprintf(stderr, "%" PRId64 " seconds\n", seconds % 60);
}

static void summary_object(struct scan_report *report, const struct scan_totals *totals)
{
    struct strbuf out = {0};
    struct json json = {.out = &out};
    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "summary", true);
    json_number(&json, "files", totals->files);
    json_number(&json, "bytes", totals->bytes);
    json_number(&json, "found", totals->found);
    json_number(&json, "unknown", totals->unknown);
    json_number(&json, "cached", totals->cached);
    json_number(&json, "vanished", totals->vanished);
    json_number(&json, "milliseconds", (uint64_t)(totals->now_ms - totals->started_ms));
    json_close(&json, '}');
    strbuf_add_char(&out, '\n');
    put(report, &out);
    strbuf_clear(&out);
}

void scan_report_end(struct scan_report *report, const struct scan_totals *totals)
{
    scan_report_pause(report);
    if (report->settings.format == SCAN_JSON)
        summary_object(report, totals);
    else if (totals->found > 0 && report->settings.show == SCAN_SHOW_FOUND) {
        scan_report_flush(report);
        total_time((totals->now_ms - totals->started_ms) / 1000);
    }
}
