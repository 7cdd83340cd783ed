/* Runs a fuzz target over files, and over the files of folders: so a corpus
 * is replayed without libFuzzer, by any compiler. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define INPUT_MAX (1u << 20)
#define SECONDS   30 /* for one input: the longest takes a tenth of one */

static char current[4096]; /* the file that is run */
static unsigned runs;

/* An assertion failed, or it takes too long: says on which input. */
static void
on_signal(int number)
{
	static const char text[] = "the input is ";
	ssize_t ignored = write(2, text, sizeof(text) - 1);

	ignored += write(2, current, strlen(current));
	ignored += write(2, "\n", 1);
	(void)ignored;
	signal(number, SIG_DFL);
	raise(number);
}

static void
run_file(void)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(current, "rb");

	if (!file) {
		perror(current);
		exit(1);
	}
	size_t n = fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	/* Exactly that size, as libFuzzer has it. */
	char *copy = fuzz_copy(fuzz_text(bytes, n));
	alarm(SECONDS);
	LLVMFuzzerTestOneInput((const uint8_t *)copy, n);
	free(copy);
	runs++;
}

static void
run_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;

	if (!dir) {
		perror(folder);
		exit(1);
	}
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(current, sizeof(current), "%s/%s", folder, e->d_name);
		run_file();
	}
	closedir(dir);
}

int
main(int argc, char **argv)
{
	signal(SIGABRT, on_signal);
	signal(SIGALRM, on_signal);
	for (int i = 1; i < argc; i++) {
		DIR *dir = opendir(argv[i]);
		if (dir) {
			closedir(dir);
			run_folder(argv[i]);
			continue;
		}
		snprintf(current, sizeof(current), "%s", argv[i]);
		run_file();
	}
	if (runs == 0)
		fprintf(stderr, "%s: no inputs\n", argv[0]);
	else
		printf("%s: %u inputs\n", argv[0], runs);
	return runs == 0;
}
