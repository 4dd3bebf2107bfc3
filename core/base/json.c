/* json - writing JSON piece by piece. */
#include "spamgear/base/json.h"

#include "spamgear/base/text.h"

static void begin(struct json *json, const char *key)
{
    if (json->comma)
        strbuf_add_char(json->out, ',');
    json->comma = true;
    if (key != NULL) {
        text_json(json->out, span_text(key));
        strbuf_add_char(json->out, ':');
    }
}

void json_open(struct json *json, const char *key, char bracket)
{
    begin(json, key);
    strbuf_add_char(json->out, bracket);
    json->comma = false;
}

void json_close(struct json *json, char bracket)
{
    strbuf_add_char(json->out, bracket);
    json->comma = true;
}

void json_number(struct json *json, const char *key, uint64_t number)
{
    begin(json, key);
    strbuf_format(json->out, "%llu", (unsigned long long)number);
}

void json_real(struct json *json, const char *key, double number)
{
    begin(json, key);
    strbuf_format(json->out, "%.2f", number);
}

void json_text(struct json *json, const char *key, struct span text)
{
    begin(json, key);
    text_json(json->out, text);
}

void json_bool(struct json *json, const char *key, bool value)
{
    begin(json, key);
    strbuf_add_text(json->out, value ? "true" : "false");
}

void json_word(struct json *json, const char *key, const char *text)
{
    begin(json, key);
    if (text == NULL)
        strbuf_add_text(json->out, "null");
    else
        text_json(json->out, span_text(text));
}
