/* The commands of the program: what each takes on the command line and what
 * runs it. `--help` is written from this table.
 */
#ifndef DAEMON_COMMAND_H
#define DAEMON_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Exit codes of the program. */
enum {
	EXIT_OK = 0,
	EXIT_INVALID = 1, /* the configuration, or what it asks for */
	EXIT_USAGE = 2,
};

/* An option of a command. */
struct flag {
	const char *name;  /* "--config"; "-H" */
	const char *value; /* what its value is called, "FILE"; NULL: none */
	const char *help;  /* half a sentence */
};

struct arguments;

struct command {
	const char *name;         /* as it is typed: "audit verify" */
	const char *alias;        /* NULL: none */
	const char *operands;     /* "METHOD TARGET", "[FILE...]"; NULL: none */
	unsigned least, most;     /* how many operands */
	const struct flag *flags; /* the last has no name; NULL: none */
	const char *help;         /* half a sentence */
	int (*run)(const struct arguments *a); /* returns the exit code */
};

/* What was typed, checked against its command. */
struct arguments {
	const struct command *command;
	char **argv; /* borrowed */
	int argc;
	int first; /* the first behind the command's name */
	bool help; /* --help or -h: its usage is asked for */
};

extern const struct command *const commands[]; /* ends with NULL */

/* Without a command it is the first of the table, unless an argument that
 * begins with "-" is the name of one, such as --check-config. False on a usage
 * error, told on err. */
bool command_parse(struct arguments *a, int argc, char **argv, FILE *err)
	__attribute__((warn_unused_result));

/* The nth value of an option, from 0; NULL: it is not given so often. */
const char *argument_nth(
	const struct arguments *a, const char *name, unsigned n);

/* Its value, the last where there are more; NULL: not given. */
const char *argument_value(const struct arguments *a, const char *name);

/* Is that option given? For those that take no value too. */
bool argument_given(const struct arguments *a, const char *name);

/* The nth operand, from 0; NULL: there are fewer. */
const char *argument_operand(const struct arguments *a, unsigned n);

/* How many of the words a command's name takes up that they begin with; 0:
 * they begin with another. */
int command_name_length(const char *name, int nwords, char *const *words);

/* The usage of a command; NULL: of the program. */
void command_usage(const struct command *c, FILE *out);

#endif
