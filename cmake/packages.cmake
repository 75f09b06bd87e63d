# cpack in the build folder, after everything is built, makes
# - Debian packages (cpack -G DEB): deepscaler, libdeepscaler-verify0 and libdeepscaler-verify-dev
# - an archive (cpack -G TGZ) of the program with all that it needs beside glibc: unpack it anywhere, run bin/deepscaler
set(CPACK_PACKAGE_NAME deepscaler)
set(CPACK_PACKAGE_VENDOR "deepscaler.cpp")
set(CPACK_PACKAGE_CONTACT "the contributors of deepscaler.cpp")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/package_kinds.cmake)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME deepscaler)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libdeepscaler-verify${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libdeepscaler-verify-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS "${CPACK_DEBIAN_LIBRARY_PACKAGE_NAME} (= ${PROJECT_VERSION})")

set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PACKAGE_FILE_NAME deepscaler-${PROJECT_VERSION}-linux-${CMAKE_SYSTEM_PROCESSOR})

include(CPack)
cpack_add_component(program DISPLAY_NAME deepscaler DESCRIPTION "The trainer: one program.")
cpack_add_component(library DISPLAY_NAME libdeepscaler_verify
  DESCRIPTION "The answer checker as a C library.")
cpack_add_component(development DISPLAY_NAME "libdeepscaler_verify, development"
  DESCRIPTION "The answer checker as a C library: header and pkg-config file.")
cpack_add_component(bundle DISPLAY_NAME "libraries of deepscaler" DISABLED)
