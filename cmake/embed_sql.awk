# Turns `-- name: NAME` blocks of .sql files into an enum and a table of statements.
# Comment lines before a block's first statement line are documentation and are dropped.
function flush_block() {
    if (name == "") return
    sub(/;[ \t\n]*$/, "", body)
    gsub(/\\/, "\\\\", body); gsub(/"/, "\\\"", body); gsub(/\n/, "\\n\"\n    \"", body)
    names[++count] = name; bodies[count] = body; params[count] = max
    body = ""; max = 0
}
/^-- name:/ { flush_block(); name = $3; if (name in seen) { print "duplicate SQL name " name > "/dev/stderr"; exit 1 } seen[name] = 1; next }
/^[ \t]*--/ || /^[ \t]*$/ { next }
name != "" {
    line = $0
    while (match(line, /\$[0-9]+/)) {
        n = substr(line, RSTART + 1, RLENGTH - 1) + 0
        if (n > max) max = n
        line = substr(line, RSTART + RLENGTH)
    }
    body = body (body == "" ? "" : "\n") $0
}
END {
    flush_block()
    h = out ".h"; c = out ".c"
    print "/* Generated from the .sql files; do not edit. */\n#ifndef AUTHD_SQL_GENERATED_H\n#define AUTHD_SQL_GENERATED_H" > h
    print "enum sql {" > h
    for (i = 1; i <= count; i++) print "    SQL_" toupper(names[i]) "," > h
    print "    SQL_COUNT\n};\nstruct sql_statement {\n    const char *name;\n    const char *text;\n    int params;\n};\nextern const struct sql_statement sql_statements[SQL_COUNT];\n#endif" > h
    print "/* Generated from the .sql files; do not edit. */\n#include \"" base ".h\"\nconst struct sql_statement sql_statements[SQL_COUNT] = {" > c
    for (i = 1; i <= count; i++)
        printf "    {\"%s\",\n    \"%s\",\n    %d},\n", names[i], bodies[i], params[i] > c
    print "};" > c
}
