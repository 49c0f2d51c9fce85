# Compiler flags: warnings, hardening, sanitizers. One interface target that every target of ours links.
include(CheckCCompilerFlag)
include(CheckPIESupported)
check_pie_supported()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

add_library(authd_flags INTERFACE)
target_compile_definitions(authd_flags INTERFACE _GNU_SOURCE H2O_USE_LIBUV=0
  AUTHD_VERSION="${PROJECT_VERSION}")
target_compile_options(authd_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes
  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef
  -Wformat=2 -Wcast-qual -Wvla -Wswitch-enum -Wno-overlength-strings
  -Werror=implicit-function-declaration -Werror=incompatible-pointer-types -Werror=unused-result
  -fno-strict-aliasing -fno-common)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(authd_flags INTERFACE -Wduplicated-cond -Wlogical-op)
endif()
if(AUTHD_WERROR)
  target_compile_options(authd_flags INTERFACE -Werror)
endif()
if(AUTHD_FAULTS)
  target_compile_definitions(authd_flags INTERFACE AUTHD_FAULTS=1)
endif()

target_compile_options(authd_flags INTERFACE
  -fstack-protector-strong -fstack-clash-protection)
check_c_compiler_flag(-ftrivial-auto-var-init=zero AUTHD_HAS_AUTO_VAR_INIT) # clang from version 16
if(AUTHD_HAS_AUTO_VAR_INIT)
  target_compile_options(authd_flags INTERFACE -ftrivial-auto-var-init=zero)
endif()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|amd64")
  target_compile_options(authd_flags INTERFACE -fcf-protection=full)
endif()
target_link_options(authd_flags INTERFACE -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed)

if(AUTHD_SANITIZE)
  target_compile_options(authd_flags INTERFACE -fsanitize=${AUTHD_SANITIZE}
    -fno-omit-frame-pointer -fno-sanitize-recover=all -O1 -g)
  target_link_options(authd_flags INTERFACE -fsanitize=${AUTHD_SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo" OR CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(authd_flags INTERFACE -O2 -g -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(AUTHD_FUZZ)
  target_compile_options(authd_flags INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(authd_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(AUTHD_COVERAGE)
  target_compile_options(authd_flags INTERFACE --coverage -O0)
  target_link_options(authd_flags INTERFACE --coverage)
endif()
if(AUTHD_ANALYZE)
  target_compile_options(authd_flags INTERFACE -fanalyzer)
endif()
# Asserts are invariants and stay on in every build.
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELWITHDEBINFO "${CMAKE_C_FLAGS_RELWITHDEBINFO}")
string(REPLACE "-DNDEBUG" "" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
