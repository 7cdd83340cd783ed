/* completion: scripts with which shells complete our command line.
 *
 * A script asks the program at each use: it writes the words typed to
 * `docker-proxy completion words`, a line each, and reads what may come. So
 * nothing of the table of commands is repeated in three languages.
 *
 * What a value or an operand is called there says what is offered:
 * "text|json" is these words, POLICY the ready ones, FILE a file, LOG, NEW, OLD
 * and PATH too, else nothing.
 */
#include "daemon/cmd_completion.h"

#include "compiler/ready.h"

#include <string.h>

#define WORDS_MAX 128
#define WORD_MAX  1024

struct offers {
	const char *typed; /* what each must begin with */
	FILE *out;
};

static void
offer(const struct offers *o, const char *word, size_t n, const char *help)
{
	size_t typed = strlen(o->typed);

	if (n >= typed && strncmp(word, o->typed, typed) == 0)
		fprintf(o->out, "%.*s\t%s\n", (int)n, word, help ? help : "");
}

static void
offer_policies(const struct offers *o)
{
	for (const struct ready_policy *p = ready_policies; p->name; p++)
		offer(o, p->name, strlen(p->name), p->description);
}

/* By what a value or an operand is called. */
static void
offer_value(const struct offers *o, const char *what)
{
	static const char *const files[] = {
		"FILE", "LOG", "PATH", "NEW", "OLD", "@"};

	if (!what)
		return;
	if (strcmp(what, "POLICY") == 0) {
		offer_policies(o);
		return;
	}
	if (strchr(what, '|')) {
		while (*(what += strspn(what, "[|.] "))) {
			size_t n = strcspn(what, "|] ");
			offer(o, what, n, NULL);
			what += n;
		}
		return;
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (!strstr(what, files[i]))
			continue;
		fputs(":\n", o->out);
		return;
	}
}

/* --- what was typed ---------------------------------------------------------- */

/* The command whose name they begin with, the longest; the first where none
 * is named; else NULL. */
static const struct command *
find(int nwords, char *const *words)
{
	bool named = nwords > 0 && words[0][0] != '-';
	const struct command *found = named ? NULL : commands[0];
	int longest = 0;

	for (const struct command *const *c = commands; *c; c++) {
		int n = command_name_length((*c)->name, nwords, words);
		if (n > longest) {
			longest = n;
			found = *c;
		}
	}
	return found;
}

static const struct flag *
find_flag(const struct command *c, const char *word)
{
	for (const struct flag *f = c ? c->flags : NULL; f && f->name; f++)
		if (strcmp(f->name, word) == 0)
			return f;
	return NULL;
}

/* What follows the words in the command's name; NULL: nothing does. */
static const char *
rest_of_name(const char *name, int nwords, char *const *words)
{
	for (int i = 0; i < nwords; i++) {
		size_t n = strlen(words[i]);
		if (strncmp(name, words[i], n) != 0 || name[n] != ' ')
			return NULL;
		name += n + 1;
	}
	return name;
}

/* Those of one first word, such as `audit`, are offered by that once. */
static void
offer_names(const struct offers *o, int nwords, char *const *words)
{
	const char *before = "";

	for (const struct command *const *c = commands; *c; c++) {
		const char *rest = rest_of_name((*c)->name, nwords, words);
		if (!rest)
			continue;
		size_t n = strcspn(rest, " ");
		bool again =
			strncmp(before, rest, n) == 0 && strchr(" ", before[n]);
		if (!again)
			offer(o, rest, n, (*c)->help);
		before = rest;
	}
}

/* What may stand in the place of the last of the words typed, the program's
 * name not among them: a line each, the word, a tab, what it is. A line ":"
 * means that the name of a file may. */
static void
write_words(int nwords, char *const *words, FILE *out)
{
	const char *last = nwords > 0 ? words[nwords - 1] : "";
	int before = nwords > 0 ? nwords - 1 : 0;
	const struct offers o = {.typed = last, .out = out};
	const struct command *c = find(before, words);
	const struct flag *f =
		before > 0 ? find_flag(c, words[before - 1]) : NULL;

	if (f && f->value) {
		offer_value(&o, f->value);
		return;
	}
	offer_names(&o, before, words);
	if (!c)
		return;
	for (f = c->flags; f && f->name; f++)
		offer(&o, f->name, strlen(f->name), f->help);
	offer(&o, "--help", 6, "what it takes");
	offer_value(&o, c->operands);
}

/* --- the scripts ------------------------------------------------------------ */

static const char bash[] =
	"# bash completion for docker-proxy\n"
	"_docker_proxy()\n"
	"{\n"
	"\tlocal word help cur=${COMP_WORDS[COMP_CWORD]}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS=$'\\t' read -r word help; do\n"
	"\t\tif [[ $word != : ]]; then\n"
	"\t\t\tCOMPREPLY+=(\"$word\")\n"
	"\t\t\tcontinue\n"
	"\t\tfi\n"
	"\t\tcompopt -o filenames 2>/dev/null\n"
	"\t\twhile IFS= read -r word; do\n"
	"\t\t\tCOMPREPLY+=(\"$word\")\n"
	"\t\tdone < <(compgen -f -- \"$cur\")\n"
	"\tdone < <(printf '%s\\n' \"${COMP_WORDS[@]:1:COMP_CWORD}\" |\n"
	"\t\t\"${COMP_WORDS[0]}\" completion words 2>/dev/null)\n"
	"}\n"
	"complete -F _docker_proxy docker-proxy\n";

static const char zsh[] =
	"#compdef docker-proxy\n"
	"_docker_proxy()\n"
	"{\n"
	"\tlocal -a offers\n"
	"\tlocal word help files=\n"
	"\twhile IFS=$'\\t' read -r word help; do\n"
	"\t\tif [[ $word == : ]]; then\n"
	"\t\t\tfiles=1\n"
	"\t\telse\n"
	"\t\t\toffers+=(\"${word//:/\\\\:}:$help\")\n"
	"\t\tfi\n"
	"\tdone < <(printf '%s\\n' \"${(@)words[2,CURRENT]}\" |\n"
	"\t\t\"$words[1]\" completion words 2>/dev/null)\n"
	"\t_describe docker-proxy offers\n"
	"\t[[ -n $files ]] && _files\n"
	"\treturn 0\n"
	"}\n"
	"if [[ $funcstack[1] == _docker_proxy ]]; then\n"
	"\t_docker_proxy \"$@\"\n"
	"else\n"
	"\tcompdef _docker_proxy docker-proxy\n"
	"fi\n";

static const char fish[] =
	"# fish completion for docker-proxy\n"
	"function __docker_proxy_offers\n"
	"\tset -l typed (commandline -opc) (commandline -ct)\n"
	"\tfor line in (printf '%s\\n' $typed[2..] |\n"
	"\t\t\t$typed[1] completion words 2>/dev/null)\n"
	"\t\tif test \"$line\" = :\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\telse\n"
	"\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c docker-proxy -f -a '(__docker_proxy_offers)'\n";

static const struct {
	const char *name, *text;
} scripts[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

/* --- the command ---------------------------------------------------------- */

/* The words typed, a line each, on standard input. */
static void
complete(void)
{
	static char text[WORDS_MAX][WORD_MAX];
	char *words[WORDS_MAX] = {NULL};
	int n = 0;

	while (n < WORDS_MAX && fgets(text[n], WORD_MAX, stdin)) {
		text[n][strcspn(text[n], "\n")] = '\0';
		words[n] = text[n];
		n++;
	}
	write_words(n, words, stdout);
}

static int
run(const struct arguments *a)
{
	const char *shell = argument_operand(a, 0);

	if (strcmp(shell, "words") == 0) {
		complete();
		return EXIT_OK;
	}
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		if (strcmp(shell, scripts[i].name) != 0)
			continue;
		fputs(scripts[i].text, stdout);
		return EXIT_OK;
	}
	fprintf(stderr, "docker-proxy: it is: completion %s\n",
		a->command->operands);
	return EXIT_USAGE;
}

const struct command command_completion = {
	.name = "completion",
	.operands = "bash|zsh|fish",
	.least = 1,
	.most = 1,
	.help = "print a script with which the shell completes command lines",
	.run = run,
};
