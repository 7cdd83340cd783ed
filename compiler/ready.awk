#!/usr/bin/awk -f
# Policies to C: the table of compiler/ready.h, of the files that are named.
# Each is a string a line; `kind` and `description` are members of its first
# level, each on a line of its own.
# gsub()'s backslashes are not the same in every awk.
function quote(s,    i, c, out)
{
	for (i = 1; i <= length(s); i++) {
		c = substr(s, i, 1)
		out = out (c == "\\" || c == "\"" ? "\\" : "") c
	}
	return "\"" out "\""
}

function finish()
{
	if (!name)
		return
	if (!description || !kind) {
		print FILENAME ": no kind or no description" >"/dev/stderr"
		exit failed = 1
	}
	rows = rows sprintf("\t{\"%s\", %s, %s, {text_%d, sizeof(text_%d) - 1}},\n",
		name, quote(description), kind == "guard" ? "true" : "false", n, n)
	print "\t;"
}

BEGIN {
	print "/* Made by compiler/ready.awk. */"
	print "#include \"compiler/ready.h\"\n"
	print "/* Not among the constants that are read all the time: the kernel"
	print " * maps sixteen pages where one is asked for. */"
	print "#define APART __attribute__((section(\".policies\")))\n"
}

FNR == 1 {
	if (n)
		print ""
	finish()
	n++
	name = FILENAME
	sub(/^.*\//, "", name)
	sub(/\.yaml$/, "", name)
	description = kind = ""
	printf "static const char text_%d[] APART =\n", n
}

/^description: / { description = substr($0, length("description: ") + 1) }
/^kind: / { kind = $2 }

{ print "\t" substr(quote($0), 1, length(quote($0)) - 1) "\\n\"" }

END {
	if (failed)
		exit 1
	finish()
	print "\nconst struct ready_policy ready_policies[] = {\n" rows "\t{0},\n};"
}
