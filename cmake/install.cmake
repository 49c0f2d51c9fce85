# What `cmake --install` lays down: programs, pages, the unit, examples.
if(TARGET authd)
  install(TARGETS authd hjctl RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
# `cmake --install build --component verify` lays down the resource-server library alone.
install(TARGETS authd_verify_shared authd_verify COMPONENT verify
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES include/authd/verify.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/authd COMPONENT verify)
install(FILES ${CMAKE_BINARY_DIR}/authd/verify/libauthd-verify.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT verify)
install(FILES docs/man/libauthd-verify.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT verify)
file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/man3)
foreach(page authd_verify authd_verifier_new authd_verifier_free authd_claims_free authd_claims_permit
        authd_bearer_token authd_verify_error_code authd_verify_error_status authd_verify_error_text)
  file(CREATE_LINK libauthd-verify.3 ${CMAKE_BINARY_DIR}/man3/${page}.3 SYMBOLIC)
  install(FILES ${CMAKE_BINARY_DIR}/man3/${page}.3 DESTINATION ${CMAKE_INSTALL_MANDIR}/man3 COMPONENT verify)
endforeach()
foreach(page authd.8 hjctl.1 authd.conf.5)
  string(REGEX REPLACE ".*\\." "" section ${page})
  if(EXISTS ${PROJECT_SOURCE_DIR}/docs/man/${page})
    install(FILES docs/man/${page} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  endif()
endforeach()
install(FILES packaging/systemd/authd.service DESTINATION lib/systemd/system)
install(FILES packaging/sysctl.d/60-authd.conf DESTINATION lib/sysctl.d)
install(FILES packaging/authd.yaml packaging/nginx/authd.conf packaging/haproxy.cfg
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
install(DIRECTORY migrations DESTINATION ${CMAKE_INSTALL_DATADIR}/authd FILES_MATCHING PATTERN "*.sql")
if(TARGET hjctl)
  foreach(shell bash zsh fish)
    add_custom_command(OUTPUT ${CMAKE_BINARY_DIR}/hjctl.${shell}
      COMMAND hjctl completion ${shell} > ${CMAKE_BINARY_DIR}/hjctl.${shell} DEPENDS hjctl VERBATIM)
    list(APPEND completions ${CMAKE_BINARY_DIR}/hjctl.${shell})
  endforeach()
  add_custom_target(completions ALL DEPENDS ${completions})
  install(FILES ${CMAKE_BINARY_DIR}/hjctl.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME hjctl)
  install(FILES ${CMAKE_BINARY_DIR}/hjctl.zsh DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions RENAME _hjctl)
  install(FILES ${CMAKE_BINARY_DIR}/hjctl.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()
