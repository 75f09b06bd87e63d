# Installation script: puts the libraries of ${program} into ${folder} below the prefix, where it looks for them first,
# with the licences that Debian keeps of them. glibc is the machine's own: it belongs to the kernel and the loader.
file(GET_RUNTIME_DEPENDENCIES EXECUTABLES ${program} RESOLVED_DEPENDENCIES_VAR libraries
  CONFLICTING_DEPENDENCIES_PREFIX twice
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|resolv|util|mvec|anl|nsl)\\.so")
file(INSTALL ${libraries} DESTINATION ${CMAKE_INSTALL_PREFIX}/${folder} FOLLOW_SYMLINK_CHAIN)

set(patterns "")
foreach(library IN LISTS libraries)
  get_filename_component(name ${library} NAME)
  list(APPEND patterns "*/${name}")
endforeach()
execute_process(COMMAND dpkg-query -S ${patterns} OUTPUT_VARIABLE owners ERROR_QUIET)
string(REGEX MATCHALL "[^\n]+" owners "${owners}")
list(TRANSFORM owners REPLACE "[:,].*" "")
list(REMOVE_DUPLICATES owners)
foreach(package IN LISTS owners)
  if(EXISTS /usr/share/doc/${package}/copyright)
    file(INSTALL /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_PREFIX}/${folder}/licences RENAME ${package})
  endif()
endforeach()
