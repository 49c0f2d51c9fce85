# Text that becomes C at build time: named SQL blocks, migrations and templates.
set(AUTHD_GENERATED ${CMAKE_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${AUTHD_GENERATED})

# authd_embed(KIND OUTPUT FILES...): KIND is sql (named blocks -> enum + table) or text (whole files).
function(authd_embed kind output)
  add_custom_command(
    OUTPUT ${AUTHD_GENERATED}/${output}.c ${AUTHD_GENERATED}/${output}.h
    COMMAND ${AWK} -v out=${AUTHD_GENERATED}/${output} -v base=${output}
            -f ${PROJECT_SOURCE_DIR}/cmake/embed_${kind}.awk ${ARGN}
    DEPENDS ${ARGN} ${PROJECT_SOURCE_DIR}/cmake/embed_${kind}.awk
    COMMENT "Embedding ${output}"
    VERBATIM)
endfunction()
