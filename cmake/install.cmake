# cmake --install build [--component NAME] --prefix FOLDER. The components:
# - library: libdeepscaler_verify, for programs that run with it
# - development: its header, link and pkg-config file, for programs that are built with it
# - program: deepscaler, with its man page, completions, recipes and machines
# - bundle: what deepscaler needs beside the C library, for machines that have nothing; only when asked for
install(TARGETS deepscaler_verify_shared
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development)
install(FILES src/capi/deepscaler_verify.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)

# The pkg-config file finds the others by its own place, so that a tree may be moved.
file(RELATIVE_PATH pc_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(src/capi/deepscaler_verify.pc.in deepscaler_verify.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/deepscaler_verify.pc
  DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)

if(DEEPSCALER_LIBRARY_ONLY)
  return()
endif()

set(libraries_folder lib/deepscaler)  # its own, and for the libraries of its libraries too: not RUNPATH
set_target_properties(deepscaler PROPERTIES INSTALL_RPATH "$ORIGIN/../${libraries_folder}")
target_link_options(deepscaler PRIVATE LINKER:--disable-new-dtags)
install(TARGETS deepscaler RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(DIRECTORY recipes/ DESTINATION ${CMAKE_INSTALL_DATADIR}/deepscaler/recipes COMPONENT program)
install(DIRECTORY machines/ DESTINATION ${CMAKE_INSTALL_DATADIR}/deepscaler/machines COMPONENT program)
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

set(manual ${PROJECT_BINARY_DIR}/manual)
install(FILES ${manual}/deepscaler.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${manual}/deepscaler DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT program)
install(FILES ${manual}/_deepscaler DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions COMPONENT program)
install(FILES ${manual}/deepscaler.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d
  COMPONENT program)

install(CODE "set(program \"$<TARGET_FILE:deepscaler>\")\nset(folder ${libraries_folder})" COMPONENT bundle EXCLUDE_FROM_ALL)
install(SCRIPT cmake/bundle.cmake COMPONENT bundle EXCLUDE_FROM_ALL)
