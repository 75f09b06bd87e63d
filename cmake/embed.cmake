# Script: writes OUTPUT, a C++ source that defines the functions of HEADER, each the text of a file in FOLDER.
# FUNCTIONS and FILES are lists of their names, in one order, with commas between.
function(embed name file)
  file(READ ${FOLDER}/${file} text)
  string(APPEND source "std::string_view ${name}() { return R\"~~~(${text})~~~\"; }\n")
  set(source "${source}" PARENT_SCOPE)
endfunction()

string(REPLACE "," ";" FUNCTIONS "${FUNCTIONS}")
string(REPLACE "," ";" FILES "${FILES}")
set(source "#include \"${HEADER}\"\n\nnamespace deepscaler {\n\n")
foreach(name file IN ZIP_LISTS FUNCTIONS FILES)
  embed(${name} ${file})
endforeach()
file(WRITE ${OUTPUT} "${source}\n}  // namespace deepscaler\n")
