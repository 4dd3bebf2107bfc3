/* metrics - Prometheus' text exposition format 0.0.4
 * (prometheus.io/docs/instrumenting/exposition_formats). */
#include "spamgear/report/metrics.h"

#include "spamgear/base/text.h"
#include <math.h>

/* Appends the value with control bytes and bad UTF-8 as \xNN, and so that two values never become
 * one: a backslash that would read as such an escape is \x5c. */
static void escape(struct strbuf *out, struct span value)
{
    while (value.len > 0) {
        const char *backslash = memchr(value.at, '\\', value.len);
        size_t len = backslash == NULL ? value.len : (size_t)(backslash - value.at);
        text_escape(out, (struct span){value.at, len});
        value = span_skip(value, len);
        if (value.len == 0)
            return;
        bool reads = value.len > 1 && memchr("xnt", value.at[1], 3) != NULL;
        strbuf_add_text(out, reads ? "\\x5c" : "\\");
        value = span_skip(value, 1);
    }
}

/* A label value, quoted. Two series of the same labels would make a collector refuse the file. */
static void add_label(struct strbuf *out, const char *name, struct span value)
{
    struct strbuf clean = {0};
    escape(&clean, value);
    strbuf_format(out, "%s=\"", name);
    for (size_t i = 0; i < clean.len; i++) {
        if (clean.data[i] == '\\' || clean.data[i] == '"')
            strbuf_add_char(out, '\\');
        strbuf_add_char(out, clean.data[i]);
    }
    strbuf_add_char(out, '"');
    strbuf_clear(&clean);
}

void metrics_family(struct strbuf *out, const char *name, enum metric_type type, const char *help)
{
    strbuf_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                  type == METRIC_COUNTER ? "counter" : "gauge");
}

/* Whole numbers as such: 15 digits are exact in a double. */
static void add_number(struct strbuf *out, double number)
{
    if (isnan(number))
        strbuf_add_text(out, "NaN");
    else if (isinf(number))
        strbuf_add_text(out, number > 0 ? "+Inf" : "-Inf");
    else if (fabs(number) < 1e18 && number == floor(number))
        strbuf_format(out, "%.0f", number);
    else
        strbuf_format(out, "%.17g", number);
}

void metrics_sample_of(struct strbuf *out, const char *name, const struct metric_label *labels,
                       size_t count, double number)
{
    strbuf_add_text(out, name);
    for (size_t i = 0; i < count; i++) {
        strbuf_add_char(out, i == 0 ? '{' : ',');
        add_label(out, labels[i].name, labels[i].value);
    }
    strbuf_add_text(out, count > 0 ? "} " : " ");
    add_number(out, number);
    strbuf_add_char(out, '\n');
}

void metrics_sample(struct strbuf *out, const char *name, const char *label, struct span value,
                    double number)
{
    const struct metric_label one = {label, value};
    metrics_sample_of(out, name, &one, label != NULL, number);
}
