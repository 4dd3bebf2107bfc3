/* php_features - what was seen of a PHP file, as a row of yes and no.
 *
 * The list is php_features.def; here stands when each is set. Rows that only compare a number of
 * the form or of the walk with a bound need no code. Layers are looked at with the same eyes as the
 * file: what they call and say counts as if it stood there.
 *
 * Linear in the text and its layers, of which LAYERS_MAX are read.
 */
#include "spamgear/base/map.h"
#include "spamgear/match/literals.h"
#include "spamgear/scan/php_judge.h"

#define LAYERS_MAX   64
#define SMALL        3000 /* bytes of code of a file that does little */
#define HOPS_MAX     7    /* more variables or calls: the way may be none */
#define CALLS_MAX    4
#define NAME_LEN_MAX 32 /* of a function that is looked for */

/* ---- the list ---- */

/* Short, for its rows. */
#define S PHP_FEATURE_STRONG
#define U PHP_FEATURE_UP
#define D PHP_FEATURE_DOWN
#define W PHP_FEATURE_WHOLE

/* As PHP_SOURCES has them. */
enum column {
    DIRECT,
    NEAR,
    FAR,
    DISTANT,
    PREFIXED,
    BOUND,
    CODED,
    SERVER,
    FILES,
    REMOTE,
    IMAGE,
    UNDEFINED,
    STORED,
    OTHER_FILE,
    PARAMETER,
    SURROUNDINGS,
    DECODED,
    BUILT,
    UNTOLD,
    COLUMNS
};

enum group { OTHER, EXECUTOR, EVALUATOR, DECODER, FILER, NETWORK, BAG, GROUPS };

enum feature {
#define SOURCE_ID(sink, column, name, flags, family, what) FLOW_##sink##_##column,
#define PHP_FEATURE(id, name, flags, family, meaning)      SEEN_##id,
#define PHP_FLOW(id, ...)                                  PHP_SOURCES(SOURCE_ID, id, __VA_ARGS__)
#define PHP_CALLED(function, group, flags)                 CALLS_##function,
#define PHP_TELLING(id, name, literal, flags)              TELLS_##id,
#include "spamgear/scan/php_features.def"
    FEATURES
};
_Static_assert(FEATURES <= PHP_FEATURES_MAX, "they fit");

static const struct row {
    const char *name, *family, *meaning;
    unsigned flags;
} rows[] = {
#define SOURCE_ROW(sink, column, name, flags, family, what) {name, family, what, flags},
#define PHP_FEATURE(id, name, flags, family, meaning)       {name, family, meaning, flags},
#define PHP_FLOW(id, ...)                                   PHP_SOURCES(SOURCE_ROW, id, __VA_ARGS__)
#define PHP_CALLED(function, group, flags)                                                         \
    {"calls." #function, NULL, "it calls " #function "()", flags},
#define PHP_TELLING(id, name, literal, flags)                                                      \
    {"tells." name, NULL, "it says \"" literal "\"", flags},
#include "spamgear/scan/php_features.def"
};

size_t php_feature_count(void)
{
    return FEATURES;
}

const char *php_feature_name(size_t feature)
{
    return rows[feature].name;
}

const char *php_feature_meaning(size_t feature)
{
    return rows[feature].meaning;
}

const char *php_feature_family(size_t feature)
{
    return rows[feature].family;
}

unsigned php_feature_flags(size_t feature)
{
    return rows[feature].flags;
}

size_t php_feature_find(struct span name)
{
    size_t i = 0;
    while (i < FEATURES && !span_is(name, span_text(rows[i].name)))
        i++;
    return i;
}

const struct php_family php_families[] = {
#define PHP_FAMILY(name, meaning, advice) {name, meaning, advice},
#include "spamgear/scan/php_families.def"
    {NULL, NULL, NULL}};

/* ---- names and words ---- */

static const struct called {
    const char *name;
    enum group group;
    enum feature feature;
} called[] = {
#define PHP_CALLED(function, group, flags) {#function, group, CALLS_##function},
#include "spamgear/scan/php_features.def"
};
#define CALLED (sizeof called / sizeof *called)

static const struct telling {
    const char *literal;
    enum feature feature;
    unsigned flags;
} tellings[] = {
#define PHP_TELLING(id, name, literal, flags) {literal, TELLS_##id, flags},
#include "spamgear/scan/php_features.def"
};
#define TELLINGS (sizeof tellings / sizeof *tellings)

struct php_lexicon {
    struct map names;          /* of called, numbers alike */
    struct literals *literals; /* of tellings, numbers alike */
    struct literal_hits hits;
    struct php_tokens tokens; /* of a layer */
};

struct php_lexicon *php_lexicon_new(void)
{
    struct php_lexicon *lexicon = mem_zero(1, sizeof *lexicon);
    for (size_t i = 0; i < CALLED; i++)
        map_put(&lexicon->names, span_text(called[i].name), NULL);
    lexicon->literals = literals_new();
    for (size_t i = 0; i < TELLINGS; i++)
        literals_add(lexicon->literals, span_text(tellings[i].literal), true);
    literals_compile(lexicon->literals, NULL);
    literal_hits_init(&lexicon->hits, lexicon->literals);
    return lexicon;
}

void php_lexicon_free(struct php_lexicon *lexicon)
{
    if (lexicon == NULL)
        return;
    map_clear(&lexicon->names);
    literal_hits_clear(&lexicon->hits);
    literals_free(lexicon->literals);
    php_tokens_clear(&lexicon->tokens);
    free(lexicon);
}

/* NULL: it is not looked for. */
static const struct called *called_of(const struct php_lexicon *lexicon, struct span name)
{
    char lower[NAME_LEN_MAX];
    if (name.len > 0 && name.at[0] == '\\')
        name = span_skip(name, 1);
    if (name.len < 2 || name.len > sizeof lower)
        return NULL;
    for (size_t i = 0; i < name.len; i++)
        lower[i] = (char)(name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + 32 : name.at[i]);
    uint32_t number = map_get(&lexicon->names, (struct span){lower, name.len});
    return number == MAP_NONE ? NULL : &called[number];
}

/* ---- setting ---- */

/* What belongs to one file. */
struct scene {
    struct php_lexicon *lexicon;
    const struct php_seen *seen;
    struct php_features *features;
    bool small; /* a file that does little */
    unsigned named_executors;
    unsigned managed;    /* bits of what a request does to files */
    unsigned run_sinks;  /* bits of the sinks that run what strangers bring */
    unsigned run_places; /* how many */
};

static void set(const struct scene *scene, size_t feature)
{
    scene->features->bits[feature / 64] |= UINT64_C(1) << (feature % 64);
}

static void set_if(const struct scene *scene, size_t feature, bool is)
{
    if (is)
        set(scene, feature);
}

static bool has(const struct scene *scene, size_t feature)
{
    return php_features_has(scene->features, feature);
}

/* ---- rows that only compare a number ---- */

static void see_numbers(const struct scene *scene)
{
    const struct php_form *form = scene->seen->form;
    const uint32_t *counts = scene->seen->sightings->counts;
#define PHP_FORM(id, member, least, name, flags, family, meaning)                                  \
    set_if(scene, SEEN_##id, form->member >= (least));
#define PHP_COUNTED(id, count, least, name, flags, family, meaning)                                \
    set_if(scene, SEEN_##id, counts[count] >= (least));
#include "spamgear/scan/php_features.def"
}

/* ---- calls, strings and words ---- */

static bool is_operator(const struct php_token *token, int is)
{
    return token->kind == PHP_OPERATOR && token->is == is;
}

/* A name with ( behind it and nothing before it that makes it a method or a definition. */
static bool is_call(const struct php_tokens *tokens, size_t i)
{
    const struct php_token *at = tokens->list.at;
    if (at[i].kind != PHP_NAME || i + 1 >= tokens->list.len || !is_operator(&at[i + 1], '('))
        return false;
    if (i == 0)
        return true;
    const struct php_token *before = &at[i - 1];
    return !is_operator(before, PHP_OP_ARROW) && !is_operator(before, PHP_OP_COLONS) &&
           !is_operator(before, PHP_OP_NULL_ARROW) &&
           !(before->kind == PHP_NAME &&
             (before->is == PHP_WORD_FUNCTION || before->is == PHP_WORD_NEW));
}

/* In any case; word in small letters. */
static bool is_word(struct span text, struct span word)
{
    bool same = text.len == word.len;
    for (size_t i = 0; same && i < word.len; i++)
        same = (text.at[i] | 32) == word.at[i];
    return same;
}

struct look {
    bool request, executor, network;
};

/* What evaluates texts is no evidence here: that is how a packed file unpacks its next layer. */
static void look_at_call(const struct scene *scene, const struct called *call, struct look *look)
{
    set(scene, call->feature);
    look->executor |= call->group == EXECUTOR;
    look->network |= call->group == NETWORK;
}

static void look_at_string(struct scene *scene, struct span text)
{
    if (text.len < 4 || text.len > NAME_LEN_MAX)
        return;
    struct span inner = {text.at + 1, text.len - 2};
    const struct called *call = called_of(scene->lexicon, inner);
    if (call != NULL && (call->group == EXECUTOR || call->group == EVALUATOR)) {
        set(scene, SEEN_NAMED_EXECUTOR);
        scene->named_executors++;
    } else if (call != NULL && call->group == DECODER)
        set(scene, SEEN_NAMED_DECODER);
    if (inner.at[0] == '_' && php_superglobal(inner) != 0)
        set(scene, SEEN_NAMED_REQUEST);
}

static bool is_request(struct span name)
{
    return name.len > 2 && name.at[1] == '_' &&
           (php_superglobal(span_skip(name, 1)) & PHP_FROM_STRANGER) != 0;
}

static void look_at_token(struct scene *scene, struct span text, const struct php_tokens *tokens,
                          size_t i, struct look *look)
{
    const struct php_token *token = &tokens->list.at[i];
    const struct called *call;
    switch (token->kind) {
    case PHP_NAME:
        if (is_call(tokens, i) &&
            (call = called_of(scene->lexicon, php_token_text(text, token))) != NULL)
            look_at_call(scene, call, look);
        else if (token->is == PHP_WORD_EVAL)
            set(scene, CALLS_eval);
        set_if(scene, SEEN_NAMED_COM,
               i > 0 && tokens->list.at[i - 1].is == PHP_WORD_NEW &&
                   tokens->list.at[i - 1].kind == PHP_NAME &&
                   is_word(php_token_text(text, token), SPAN("com")));
        break;
    case PHP_STRING: look_at_string(scene, php_token_text(text, token)); break;
    case PHP_VARIABLE: look->request |= is_request(php_token_text(text, token)); break;
    case PHP_QUOTE: set_if(scene, SEEN_BACKTICKS, token->is == PHP_QUOTE_BACKTICK); break;
    default: break;
    }
}

static void look_at_words(const struct scene *scene, struct span text)
{
    struct literal_hits *hits = &scene->lexicon->hits;
    literals_scan(scene->lexicon->literals, text, hits);
    for (size_t i = 0; i < hits->numbers.len; i++)
        set(scene, tellings[hits->numbers.at[i]].feature);
}

static struct look look_at(struct scene *scene, struct span text, const struct php_tokens *tokens)
{
    struct look look = {0};
    for (size_t i = 0; i < tokens->list.len; i++)
        look_at_token(scene, text, tokens, i, &look);
    look_at_words(scene, text);
    return look;
}

/* ---- layers ---- */

/* What a machine runs, or its shell. */
static bool is_program(struct span text)
{
    static const char *const starts[] = {"\177ELF", "MZ", "#!/", "#include", "use ", "import "};
    while (text.len > 0 && (text.at[0] == '\n' || text.at[0] == '\r' || text.at[0] == ' '))
        text = span_skip(text, 1);
    for (size_t i = 0; text.len >= 64 && i < sizeof starts / sizeof *starts; i++)
        if (span_has_prefix(text, span_text(starts[i])))
            return true;
    return false;
}

/* Did it go to a file? Else it was run, or only decoded. */
static bool is_written(const struct php_layer *layer)
{
    const struct php_role *role = layer->through.len > 0 ? php_role_of(layer->through) : NULL;
    return !layer->run && role != NULL &&
           (role->sink == PHP_SINK_WRITE || role->also == PHP_SINK_WRITE);
}

static void look_at_layer(struct scene *scene, const struct php_layer *layer)
{
    const struct php_sightings *seen = scene->seen->sightings;
    struct php_tokens *tokens = &scene->lexicon->tokens;
    php_lex(layer->text, layer->run ? PHP_LEX_CODE : 0, tokens);
    struct look look = look_at(scene, layer->text, tokens);
    bool decoded = (layer->traits & (PHP_IS_DECODED | PHP_IS_HIDDEN)) != 0;
    set_if(scene, SEEN_LAYER_RUN, layer->run);
    set_if(scene, SEEN_LAYER_RUN_DECODED, layer->run && decoded);
    set_if(scene, SEEN_LAYER_WRITTEN, decoded && is_written(layer));
    set_if(scene, SEEN_LAYER_HIDDEN, layer->run && (layer->traits & PHP_IS_HIDDEN) != 0);
    set_if(scene, SEEN_LAYER_PROGRAM, is_program(layer->text));
    set_if(scene, SEEN_LAYER_LARGE, layer->text.len > 4096);
    set_if(scene, SEEN_LAYER_REQUEST, layer->run && decoded && look.request);
    set_if(scene, SEEN_LAYER_EXECUTOR, layer->run && decoded && look.executor);
    set_if(scene, SEEN_LAYER_NETWORK, layer->run && decoded && look.network);
    unsigned depth = 1;
    for (uint32_t parent = layer->parent; parent != 0 && parent < seen->layers.len && depth < 8;
         parent = seen->layers.at[parent].parent)
        depth++;
    set_if(scene, SEEN_LAYER_DEEP, depth >= 2);
    set_if(scene, SEEN_LAYER_DEEPER, depth >= 4);
}

static void see_layers(struct scene *scene)
{
    const struct php_sightings *seen = scene->seen->sightings;
    for (size_t i = 1; i < seen->layers.len && i < LAYERS_MAX; i++)
        look_at_layer(scene, &seen->layers.at[i]);
    set_if(scene, SEEN_LAYER_SPENT, seen->spent != NULL);
}

/* ---- what reached what ---- */

static const uint16_t flows[PHP_SINKS] = {
    [PHP_SINK_EVAL] = FLOW_EVAL_DIRECT,
    [PHP_SINK_ASSERT] = FLOW_ASSERT_DIRECT,
    [PHP_SINK_CREATE_FUNCTION] = FLOW_CREATE_DIRECT,
    [PHP_SINK_REGEX] = FLOW_REGEX_DIRECT,
    [PHP_SINK_COMMAND] = FLOW_COMMAND_DIRECT,
    [PHP_SINK_CALL] = FLOW_CALL_DIRECT,
    [PHP_SINK_NEW] = FLOW_NEW_DIRECT,
    [PHP_SINK_INCLUDE] = FLOW_INCLUDE_DIRECT,
    [PHP_SINK_UNSERIALIZE] = FLOW_UNSERIALIZE_DIRECT,
    [PHP_SINK_WRITE_NAME] = FLOW_WRITE_NAME_DIRECT,
    [PHP_SINK_WRITE] = FLOW_WRITE_DIRECT,
    [PHP_SINK_UPLOAD] = FLOW_UPLOAD_DIRECT,
    [PHP_SINK_RENAME] = FLOW_RENAME_DIRECT,
    [PHP_SINK_DELETE] = FLOW_DELETE_DIRECT,
    [PHP_SINK_CHMOD] = FLOW_CHMOD_DIRECT,
    [PHP_SINK_TOUCH] = FLOW_CHMOD_DIRECT,
    [PHP_SINK_READ] = FLOW_READ_DIRECT,
    [PHP_SINK_LIST] = FLOW_LIST_DIRECT,
    [PHP_SINK_EXTRACT] = FLOW_EXTRACT_DIRECT,
    [PHP_SINK_MAIL] = FLOW_MAIL_DIRECT,
    [PHP_SINK_MAIL_PARAMETERS] = FLOW_MAIL_DIRECT,
    [PHP_SINK_ENVIRONMENT] = FLOW_LOAD_DIRECT,
    [PHP_SINK_LOAD] = FLOW_LOAD_DIRECT,
    [PHP_SINK_SETTING] = FLOW_SETTING_DIRECT,
    [PHP_SINK_SQL] = FLOW_SQL_DIRECT,
    [PHP_SINK_CONNECT] = FLOW_CONNECT_DIRECT,
    [PHP_SINK_HEADER] = FLOW_HEADER_DIRECT,
    [PHP_SINK_OUTPUT] = FLOW_OUTPUT_DIRECT,
};

#define BIT(sink) (1u << (sink))
#define RUN_SINKS                                                                                  \
    (BIT(PHP_SINK_EVAL) | BIT(PHP_SINK_ASSERT) | BIT(PHP_SINK_CREATE_FUNCTION) |                   \
     BIT(PHP_SINK_REGEX) | BIT(PHP_SINK_COMMAND) | BIT(PHP_SINK_CALL) | BIT(PHP_SINK_INCLUDE))
#define FILE_SINKS                                                                                 \
    (BIT(PHP_SINK_WRITE_NAME) | BIT(PHP_SINK_UPLOAD) | BIT(PHP_SINK_RENAME) |                      \
     BIT(PHP_SINK_DELETE) | BIT(PHP_SINK_CHMOD) | BIT(PHP_SINK_READ) | BIT(PHP_SINK_LIST))
#define CODE_SINKS                                                                                 \
    (BIT(PHP_SINK_EVAL) | BIT(PHP_SINK_ASSERT) | BIT(PHP_SINK_CREATE_FUNCTION) |                   \
     BIT(PHP_SINK_REGEX))
/* The whole of it counts, whatever stands before or behind. */
#define TEXT_SINKS (CODE_SINKS | BIT(PHP_SINK_COMMAND) | BIT(PHP_SINK_WRITE))

/* What makes a request harmless, or nearly: "2>&1" behind a command does not. */
static uint16_t binding(enum php_sink sink)
{
    const uint16_t any = PHP_IS_NUMBER | PHP_IS_HASH | PHP_IS_CHECKED;
    if (sink == PHP_SINK_COMMAND)
        return any | PHP_IS_SHELL_QUOTED;
    return BIT(sink) & TEXT_SINKS ? any : any | PHP_HAS_SAFE_NAME | PHP_IS_KEY;
}

static enum column request_column(enum php_sink sink, const struct php_value *value)
{
    if (value->traits & binding(sink))
        return BOUND;
    if ((value->traits & PHP_HAS_PREFIX) && !(BIT(sink) & (CODE_SINKS | BIT(PHP_SINK_WRITE))))
        return PREFIXED;
    if (value->traits & PHP_IS_DECODED)
        return CODED;
    if (value->hops == 0 && value->calls == 0)
        return DIRECT;
    if (value->hops > HOPS_MAX || value->calls > CALLS_MAX)
        return DISTANT;
    return value->hops <= 2 && value->calls == 0 ? NEAR : FAR;
}

/* Without any source: a constant, or something that cannot be told. COLUMNS: a plain constant. */
static enum column plain_column(const struct php_value *value)
{
    if (value->traits & (PHP_IS_DECODED | PHP_IS_HIDDEN))
        return DECODED;
    if (value->made >= 2 && value->type != PHP_UNKNOWN)
        return BUILT;
    return value->type == PHP_UNKNOWN ? UNTOLD : COLUMNS;
}

/* The strongest source; a request before all others. */
static enum column column_of(enum php_sink sink, const struct php_value *value)
{
    static const struct {
        uint32_t taint;
        enum column column;
    } others[] = {{PHP_FROM_SERVER, SERVER},
                  {PHP_FROM_FILES, FILES},
                  {PHP_FROM_REMOTE, REMOTE},
                  {PHP_FROM_IMAGE, IMAGE},
                  {PHP_FROM_UNDEFINED, UNDEFINED},
                  {PHP_FROM_DATABASE | PHP_FROM_SESSION, STORED},
                  {PHP_FROM_FILE | PHP_FROM_SELF | PHP_FROM_INCLUDE, OTHER_FILE},
                  {PHP_FROM_PARAMETER, PARAMETER}};
    if (value->taint & PHP_FROM_REQUEST)
        return request_column(sink, value);
    if ((value->taint & PHP_FROM_STRANGER) != 0 && (value->traits & binding(sink)) != 0)
        return BOUND;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (value->taint & others[i].taint)
            return others[i].column;
    return value->taint != 0 ? SURROUNDINGS : plain_column(value);
}

static bool comes_from_strangers(enum column column)
{
    return column <= IMAGE && column != BOUND && column != PREFIXED && column != DISTANT;
}

/* Its own name came out, and had been made unreadable. */
static bool is_hidden(const struct php_sighting *s)
{
    return s->hidden_name && s->name.len > 0;
}

static void see_run(struct scene *scene, const struct php_sighting *s, enum column column)
{
    static const struct {
        uint8_t gate;
        enum feature feature;
    } gates[] = {{PHP_GATE_HASH, SEEN_RUN_GATE_HASH},   {PHP_GATE_SECRET, SEEN_RUN_GATE_SECRET},
                 {PHP_GATE_ISSET, SEEN_RUN_GATE_ISSET}, {PHP_GATE_AGENT, SEEN_RUN_GATE_AGENT},
                 {PHP_GATE_LOGIN, SEEN_RUN_GATE_LOGIN}, {PHP_GATE_COMMAND_LINE, SEEN_RUN_GATE_CLI},
                 {PHP_GATE_GUARD, SEEN_RUN_GATE_GUARD}};
    if (!comes_from_strangers(column) && column != UNDEFINED && column != DECODED)
        return;
    for (size_t i = 0; i < sizeof gates / sizeof *gates; i++)
        set_if(scene, gates[i].feature, (s->gates & gates[i].gate) != 0);
    set_if(scene, SEEN_RUN_HIDDEN_NAME, is_hidden(s));
    set_if(scene, SEEN_RUN_BUILT_NAME, is_hidden(s) && s->name_made >= 2);
    set_if(scene, SEEN_RUN_CALLED, s->called);
    set_if(scene, SEEN_RUN_SILENCED, s->silenced);
    set_if(scene, SEEN_RUN_TOP, !s->in_function && !s->in_class);
    set_if(scene, SEEN_RUN_IN_FUNCTION, s->in_function && !s->in_class);
    set_if(scene, SEEN_RUN_IN_CLASS, s->in_class);
    set_if(scene, SEEN_RUN_IN_LOOP, s->in_loop);
    set_if(scene, SEEN_RUN_IN_LAYER, s->layer > 0 && comes_from_strangers(column));
    if (comes_from_strangers(column)) {
        scene->run_sinks |= BIT(s->sink);
        scene->run_places++;
    }
}

/* ---- names of files ---- */

static bool ends_like(const struct php_value *value, const char *const *ends)
{
    struct span text = php_text_span(value->text);
    for (; value->type == PHP_TEXT && *ends != NULL; ends++)
        if (span_has_suffix(text, span_text(*ends)))
            return true;
    return false;
}

static bool is_code_name(const struct php_value *value)
{
    static const char *const ends[] = {".php", ".phtml", ".php5", ".php7", ".phar", NULL};
    return (value->traits & PHP_HAS_CODE_NAME) != 0 || ends_like(value, ends);
}

static bool is_no_code_name(const struct php_value *value)
{
    static const char *const ends[] = {".jpg", ".jpeg", ".png", ".gif", ".ico", ".bmp", ".txt",
                                       ".log", ".css",  ".js",  ".pdf", ".zip", ".svg", NULL};
    struct span text = php_text_span(value->text);
    if (value->type != PHP_TEXT || text.len == 0)
        return false;
    const char *slash = span_find_last(text, SPAN("/"));
    struct span base = slash == NULL ? text : span_of(slash + 1, span_end(text));
    return ends_like(value, ends) ||
           (base.len > 2 && base.at[0] == '.' && base.at[1] != '.' && !span_is(base, SPAN(".php")));
}

static bool is_settings_name(const struct php_value *value)
{
    static const char *const ends[] = {".htaccess", ".user.ini", "php.ini", NULL};
    return ends_like(value, ends);
}

/* ---- sinks that want a closer look ---- */

static bool from_request(const struct php_value *value)
{
    return (value->taint & (PHP_FROM_REQUEST | PHP_FROM_FILES)) != 0 &&
           (value->traits & (binding(PHP_SINK_NONE) | PHP_HAS_PREFIX)) == 0;
}

static void see_call(struct scene *scene, const struct php_sighting *s, enum column column)
{
    bool request = (s->other.taint & PHP_FROM_STRANGER) != 0;
    set_if(scene, SEEN_CALL_BOTH, request && comes_from_strangers(column));
    set_if(scene, SEEN_CALL_HIDDEN_REQUEST,
           request && (column == DECODED || column == BUILT || is_hidden(s)));
    set_if(scene, SEEN_CALL_UNKNOWN_REQUEST, request && (column == UNTOLD || column == UNDEFINED));
}

static bool is_elsewhere(const struct php_value *value)
{
    struct span text = php_text_span(value->text);
    return (value->traits & PHP_IS_URL) != 0 ||
           (value->type == PHP_TEXT &&
            (span_has_prefix(text, SPAN("data:")) || span_has_prefix(text, SPAN("php://input"))));
}

static void see_include(struct scene *scene, const struct php_sighting *s, enum column column)
{
    (void)column;
    set_if(scene, SEEN_INCLUDE_URL, is_elsewhere(&s->value));
    set_if(scene, SEEN_INCLUDE_NO_CODE, is_no_code_name(&s->value));
    set_if(scene, SEEN_INCLUDE_TEMPORARY, (s->value.traits & PHP_IS_TEMPORARY) != 0);
    set_if(scene, SEEN_INCLUDE_HIDDEN, (s->value.traits & (PHP_IS_HIDDEN | PHP_IS_DECODED)) != 0);
}

static void see_writing(struct scene *scene, const struct php_value *name,
                        const struct php_value *content)
{
    bool code_name = is_code_name(name), decoded = (content->traits & PHP_IS_DECODED) != 0;
    set_if(scene, SEEN_WRITE_CODE_NAME, code_name);
    set_if(scene, SEEN_WRITE_CODE, (content->traits & PHP_HAS_PHP) != 0);
    set_if(scene, SEEN_WRITE_SELF, (name->taint & PHP_FROM_SELF) != 0);
    set_if(scene, SEEN_WRITE_HTACCESS, is_settings_name(name));
    set_if(scene, SEEN_WRITE_BOTH, from_request(name) && from_request(content));
    set_if(scene, SEEN_WRITE_CODE_REQUEST, code_name && from_request(content));
    set_if(scene, SEEN_WRITE_CODE_REMOTE, code_name && (content->taint & PHP_FROM_REMOTE) != 0);
    set_if(scene, SEEN_WRITE_CODE_DECODED, code_name && decoded && content->taint == 0);
}

static void see_write(struct scene *scene, const struct php_sighting *s, enum column column)
{
    (void)column;
    see_writing(scene, &s->other, &s->value);
}

static void see_write_name(struct scene *scene, const struct php_sighting *s, enum column column)
{
    (void)column;
    see_writing(scene, &s->value, &s->other);
}

static void see_upload(struct scene *scene, const struct php_sighting *s, enum column column)
{
    const uint16_t checked = PHP_HAS_SAFE_NAME | PHP_IS_CHECKED | PHP_IS_HASH | PHP_IS_NUMBER;
    bool looked_at = has(scene, CALLS_in_array) || has(scene, CALLS_getimagesize);
    bool unchecked = !looked_at && (s->value.taint & PHP_FROM_STRANGER) != 0 &&
                     (s->value.traits & checked) == 0 && !span_has_prefix(s->name, SPAN("wp_"));
    (void)column;
    set_if(scene, SEEN_UPLOAD_PLAIN, unchecked);
    set_if(scene, SEEN_UPLOAD_CODE, is_code_name(&s->value));
    set_if(scene, SEEN_UPLOAD_TOP,
           unchecked && !s->in_function && !s->in_class &&
               (s->gates & (PHP_GATE_LOGIN | PHP_GATE_GUARD)) == 0);
}

static void see_eval(struct scene *scene, const struct php_sighting *s, enum column column)
{
    (void)s;
    set_if(scene, SEEN_EVAL_PLAIN, column == COLUMNS);
}

static void see_command(struct scene *scene, const struct php_sighting *s, enum column column)
{
    (void)s;
    set_if(scene, SEEN_COMMAND_PLAIN, column == COLUMNS);
}

typedef void see_sink(struct scene *scene, const struct php_sighting *s, enum column column);
static see_sink *const closer[PHP_SINKS] = {
    [PHP_SINK_CALL] = see_call,       [PHP_SINK_INCLUDE] = see_include,
    [PHP_SINK_WRITE] = see_write,     [PHP_SINK_WRITE_NAME] = see_write_name,
    [PHP_SINK_UPLOAD] = see_upload,   [PHP_SINK_EVAL] = see_eval,
    [PHP_SINK_COMMAND] = see_command,
};

/* Does the pattern end in a modifier that makes its replacement code? */
static bool runs_replacement(const struct php_value *pattern)
{
    struct span text = php_text_span(pattern->text);
    for (size_t i = pattern->type == PHP_TEXT ? text.len : 0; i > 1; i--) {
        char byte = text.at[i - 1];
        if (byte == 'e')
            return true;
        if ((byte | 32) < 'a' || (byte | 32) > 'z')
            return false;
    }
    return false;
}

static size_t first_of(const struct php_sighting *s)
{
    if (s->sink == PHP_SINK_CALL && s->called)
        return FLOW_CALLBACK_DIRECT;
    if (s->sink == PHP_SINK_REGEX && !runs_replacement(&s->other))
        return FLOW_PATTERN_DIRECT;
    return flows[s->sink];
}

/* Two or more things at once that together say more than each. */
static void see_together(struct scene *scene, const struct php_sighting *s, enum column column)
{
    const unsigned code = CODE_SINKS;
    const unsigned run = CODE_SINKS | BIT(PHP_SINK_COMMAND) | BIT(PHP_SINK_CALL);
    const unsigned sink = BIT(s->sink);
    bool stranger = comes_from_strangers(column) && column < SERVER;
    bool headers = column == SERVER || column == FILES;
    bool open = !s->in_class && (s->gates & (PHP_GATE_LOGIN | PHP_GATE_GUARD)) == 0;
    bool small = scene->small;
    set_if(scene, SEEN_CODE_REQUEST, stranger && (sink & code));
    set_if(scene, SEEN_RUN_REQUEST, stranger && (sink & run));
    set_if(scene, SEEN_RUN_REQUEST_OPEN, stranger && open && (sink & run));
    set_if(scene, SEEN_RUN_SMALL, stranger && small && (sink & run));
    set_if(scene, SEEN_RUN_HEADERS_SMALL, headers && small && (sink & run));
    set_if(scene, SEEN_RUN_BOUND_SMALL, column == PREFIXED && small && (sink & run));
    set_if(scene, SEEN_RUN_UNDEFINED_SMALL, column == UNDEFINED && small && (sink & run));
    set_if(scene, SEEN_RUN_REMOTE, column == REMOTE && (sink & run & ~BIT(PHP_SINK_CALL)));
    set_if(scene, SEEN_RUN_REMOTE_SMALL, column == REMOTE && small && (sink & run));
    set_if(scene, SEEN_INCLUDE_SMALL, stranger && small && s->sink == PHP_SINK_INCLUDE);
    bool write = s->sink == PHP_SINK_WRITE && small && (s->other.traits & PHP_HAS_SAFE_NAME) == 0 &&
                 (s->other.taint & PHP_FROM_PARAMETER) == 0 && !is_no_code_name(&s->other);
    /* A function that writes where it is told is nobody's yet. */
    set_if(scene, SEEN_WRITE_SMALL, stranger && write);
    set_if(scene, SEEN_WRITE_REMOTE_SMALL, column == REMOTE && write);
    set_if(scene, SEEN_UPLOAD_SMALL,
           has(scene, SEEN_UPLOAD_PLAIN) && small && open && s->sink == PHP_SINK_UPLOAD);
    set_if(scene, SEEN_MAIL_SMALL, stranger && small && s->sink == PHP_SINK_MAIL);
    set_if(scene, SEEN_UNSERIALIZE_SMALL, stranger && small && s->sink == PHP_SINK_UNSERIALIZE);
    bool elsewhere = column == PARAMETER || column == UNTOLD || column == DISTANT ||
                     column == STORED || column == OTHER_FILE || column == SURROUNDINGS;
    set_if(scene, SEEN_COMMAND_SMALL, elsewhere && small && s->sink == PHP_SINK_COMMAND);
    bool own = s->value.taint == PHP_FROM_SELF; /* a packed file reads itself */
    set_if(scene, SEEN_CODE_SMALL, elsewhere && !own && small && (sink & code));
    set_if(scene, SEEN_CALL_SMALL,
           (elsewhere || column == UNDEFINED) && small && s->sink == PHP_SINK_CALL &&
               (s->other.taint & PHP_FROM_REQUEST) != 0);
    set_if(scene, SEEN_RUN_AS_CALLBACK,
           s->called && column != PARAMETER && (sink & (code | BIT(PHP_SINK_COMMAND))));
    set_if(scene, SEEN_COMMAND_DECODED, column == DECODED && s->sink == PHP_SINK_COMMAND);
    set_if(scene, SEEN_EXTRACT_SMALL, stranger && small && s->sink == PHP_SINK_EXTRACT);
}

static void see_sighting(struct scene *scene, const struct php_sighting *s)
{
    if (s->sink == PHP_SINK_NONE || s->sink >= PHP_SINKS)
        return;
    enum column column = column_of((enum php_sink)s->sink, &s->value);
    size_t first = first_of(s);
    if (column < COLUMNS)
        set(scene, first + column);
    if (first == FLOW_PATTERN_DIRECT)
        return;
    if (RUN_SINKS & BIT(s->sink)) {
        see_run(scene, s, column);
        set_if(scene, SEEN_SINK_HIDDEN, is_hidden(s) && s->sink != PHP_SINK_CALL);
    }
    if ((FILE_SINKS & BIT(s->sink)) && from_request(&s->value))
        scene->managed |= BIT(s->sink);
    if (closer[s->sink] != NULL)
        closer[s->sink](scene, s, column);
    see_together(scene, s, column);
}

static unsigned bits_of(unsigned set_of)
{
    return (unsigned)__builtin_popcount(set_of);
}

static bool extracts(const struct scene *scene)
{
    return has(scene, FLOW_EXTRACT_DIRECT) || has(scene, FLOW_EXTRACT_NEAR) ||
           has(scene, FLOW_EXTRACT_FAR) || has(scene, FLOW_EXTRACT_CODED);
}

static void see_sightings(struct scene *scene)
{
    const struct php_sightings *seen = scene->seen->sightings;
    for (size_t i = 0; i < seen->list.len; i++)
        see_sighting(scene, &seen->list.at[i]);
    set_if(scene, SEEN_RUN_MANY, bits_of(scene->run_sinks) >= 3);
    set_if(scene, SEEN_EXTRACT_RUN, extracts(scene) && has(scene, SEEN_RUN_UNDEFINED_SMALL));
    set_if(scene, SEEN_HIDDEN_SMALL, scene->small && has(scene, SEEN_HIDDEN_CALLS_1));
    set_if(scene, SEEN_FILE_MANAGER, bits_of(scene->managed) >= 3);
}

/* ---- proportions ---- */

static unsigned long count_of(struct span text, struct span needle, unsigned long most)
{
    unsigned long count = 0;
    const char *at;
    while (count < most && (at = span_find(text, needle)) != NULL) {
        count++;
        text = span_of(at + needle.len, span_end(text));
    }
    return count;
}

/* A return type, strict_types or an attribute. */
static bool is_typed(const struct php_seen *seen)
{
    const struct php_tokens *tokens = seen->tokens;
    for (size_t i = 0; i + 3 < tokens->list.len; i++) {
        const struct php_token *at = &tokens->list.at[i];
        if (is_operator(at, ')') && is_operator(at + 1, ':') && at[2].kind == PHP_NAME &&
            is_operator(at + 3, '{'))
            return true;
        if (is_operator(at, PHP_OP_ATTRIBUTE) ||
            (at->kind == PHP_NAME && span_is(php_token_text(seen->text, at), SPAN("strict_types"))))
            return true;
    }
    return false;
}

/* Of the code's bytes outside of strings; less than one letter in eight. */
static bool lacks_letters(const struct php_seen *seen)
{
    size_t letters = 0, bytes = 0;
    for (size_t i = 0; i < seen->tokens->list.len; i++) {
        const struct php_token *token = &seen->tokens->list.at[i];
        if (token->kind == PHP_HTML || token->kind == PHP_OPEN || token->kind == PHP_HALTED)
            continue;
        struct span text = php_token_text(seen->text, token);
        bytes += text.len;
        for (size_t j = 0; j < text.len; j++)
            letters += (text.at[j] | 32) >= 'a' && (text.at[j] | 32) <= 'z';
    }
    return bytes >= 40 && letters * 8 < bytes;
}

/* What code that many people work on has. */
static void see_manners(const struct scene *scene)
{
    const struct php_tokens *tokens = scene->seen->tokens;
    const struct php_token *at = tokens->list.at;
    unsigned methods = 0;
    for (size_t i = 0; i + 2 < tokens->list.len; i++) {
        struct span name = php_token_text(scene->seen->text, &at[i + 1]);
        bool method = (is_operator(&at[i], PHP_OP_ARROW) || is_operator(&at[i], PHP_OP_COLONS)) &&
                      at[i + 1].kind == PHP_NAME && is_operator(&at[i + 2], '(');
        methods += method;
        set_if(scene, SEEN_ASSERTIONS, method && span_has_prefix(name, SPAN("assert")));
        set_if(scene, SEEN_THROWS, at[i].kind == PHP_NAME && at[i].is == PHP_WORD_THROW);
    }
    set_if(scene, SEEN_METHODS, methods >= 20);
}

static void see_proportions(const struct scene *scene)
{
    const struct php_form *form = scene->seen->form;
    set_if(scene, SEEN_FEW_LINES, form->lines <= 2);
    set_if(scene, SEEN_DENSE_LINES, form->bytes > 400 && form->bytes / 200 > form->lines);
    set_if(scene, SEEN_MOSTLY_STRINGS,
           form->code_bytes > 200 && form->string_bytes > form->code_bytes / 2);
    set_if(scene, SEEN_MOSTLY_RANDOM, form->names >= 3 && form->random_names > form->names / 2);
    set_if(scene, SEEN_MANY_CONCATS, form->tokens > 40 && form->concats > form->tokens / 10);
    set_if(scene, SEEN_MANY_INDEXES, form->tokens > 40 && form->indexes > form->tokens / 15);
    set_if(scene, SEEN_NO_COMMENT, form->comment_bytes == 0);
    set_if(scene, SEEN_NO_LETTERS, lacks_letters(scene->seen));
    set_if(scene, SEEN_TYPED, is_typed(scene->seen));
    set_if(scene, SEEN_DOC_COMMENTS, count_of(scene->seen->text, SPAN("/**"), 5) >= 5);
}

/* ---- how many of a kind ---- */

static void see_groups(const struct scene *scene)
{
    unsigned count[GROUPS] = {0}, telling = 0;
    for (size_t i = 0; i < CALLED; i++)
        count[called[i].group] += has(scene, called[i].feature);
    for (size_t i = 0; i < TELLINGS; i++)
        telling += (tellings[i].flags & S) != 0 && has(scene, tellings[i].feature);
    set_if(scene, SEEN_SHELL_BAG_3, count[BAG] >= 3);
    set_if(scene, SEEN_SHELL_BAG_6, count[BAG] >= 6);
    set_if(scene, SEEN_EXECUTORS_2, count[EXECUTOR] >= 2);
    set_if(scene, SEEN_EXECUTORS_4, count[EXECUTOR] >= 4);
    set_if(scene, SEEN_EXECUTOR_SMALL, scene->small && count[EXECUTOR] > 0);
    set_if(scene, SEEN_DECODERS_2, count[DECODER] >= 2);
    set_if(scene, SEEN_DECODERS_4, count[DECODER] >= 4);
    set_if(scene, SEEN_FILERS_6, count[FILER] >= 6);
    set_if(scene, SEEN_FILERS_12, count[FILER] >= 12);
    set_if(scene, SEEN_TELLING_1, telling >= 1);
    set_if(scene, SEEN_TELLING_3, telling >= 3);
    set_if(scene, SEEN_NAMED_EXECUTORS, scene->named_executors >= 3);
    set_if(scene, SEEN_ECHO_ONLY,
           count[EXECUTOR] + count[EVALUATOR] + count[DECODER] + count[FILER] + count[NETWORK] ==
                   0 &&
               scene->run_places == 0);
}

/* Words and calls that say little alone. */
static void see_mixtures(const struct scene *scene)
{
    bool card =
        has(scene, TELLS_CC_NUMBER) || has(scene, TELLS_CC_CID) || has(scene, TELLS_CARD_NUMBER);
    bool mail = has(scene, CALLS_mail);
    bool sends = has(scene, CALLS_curl_exec) || has(scene, CALLS_fsockopen) ||
                 has(scene, CALLS_fwrite) || has(scene, CALLS_file_put_contents);
    bool typed = has(scene, SEEN_SUPERGLOBALS_1);
    unsigned mix = 0;
    static const uint16_t parts[] = {SEEN_EXECUTORS_2, SEEN_FILERS_6,     SEEN_SHELL_BAG_3,
                                     SEEN_TELLING_1,   SEEN_FILE_MANAGER, SEEN_UPLOAD_PLAIN,
                                     SEEN_HASH_GATES_1};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        mix += has(scene, parts[i]);
    set_if(scene, SEEN_CARD_MAILED, card && mail);
    set_if(scene, SEEN_CARD_SENT, card && sends && typed);
    set_if(scene, SEEN_FORM_MAILED, mail && typed && scene->small);
    set_if(scene, SEEN_SHELL_MIX_3, mix >= 3);
    set_if(scene, SEEN_SHELL_MIX_4, mix >= 4);
    set_if(scene, SEEN_SHELL_MIX_5, mix >= 5);
}

void php_features_of(struct php_lexicon *lexicon, const struct php_seen *seen,
                     struct php_features *features)
{
    struct scene scene = {.lexicon = lexicon, .seen = seen, .features = features};
    *features = (struct php_features){{0}};
    scene.small = seen->form->code_bytes < SMALL && !seen->form->has_namespace &&
                  !seen->form->has_class && seen->form->html_bytes < SMALL;
    see_numbers(&scene);
    look_at(&scene, seen->text, seen->tokens);
    see_layers(&scene);
    see_sightings(&scene);
    see_proportions(&scene);
    see_manners(&scene);
    see_groups(&scene);
    see_mixtures(&scene);
}
