# Script: writes OUTPUT, a C++ source that defines commit() of cli/program/version.h, when the commit of FOLDER has changed.
execute_process(COMMAND git --no-optional-locks describe --always --exclude=* --abbrev=12 --dirty=+
  WORKING_DIRECTORY ${FOLDER} OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
  RESULT_VARIABLE failed)
if(failed)
  set(commit unknown)
endif()
set(source "#include \"cli/program/version.h\"\n\nnamespace deepscaler {\n\nstd::string commit() { return \"${commit}\"; }\n\n}  // namespace deepscaler\n")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "${source}" @ONLY)
