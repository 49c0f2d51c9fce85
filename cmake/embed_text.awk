# Turns whole text files into a table {path, text}: migrations and templates travel inside the binary.
function flush_file() { if (path != "") { paths[++count] = path; bodies[count] = body } body = "" }
FNR == 1 { flush_file(); path = FILENAME; sub(/^.*\/(migrations|templates)\//, "", path) }
{
    line = $0
    gsub(/\\/, "\\\\", line); gsub(/"/, "\\\"", line)
    body = body "\n    \"" line "\\n\""
}
END {
    flush_file()
    h = out ".h"; c = out ".c"
    print "/* Generated from text files; do not edit. */\n#pragma once\n#include <stddef.h>" > h
    print "struct embedded_text {\n    const char *path;\n    const char *text;\n};" > h
    print "extern const struct embedded_text " base "[];\nextern const size_t " base "_count;" > h
    print "/* Generated from text files; do not edit. */\n#include \"" base ".h\"\nconst struct embedded_text " base "[] = {" > c
    for (i = 1; i <= count; i++) printf "    {\"%s\",%s},\n", paths[i], bodies[i] > c
    print "};\nconst size_t " base "_count = " count ";" > c
}
