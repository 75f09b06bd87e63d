# Script: writes OUTPUT, a C++ source that defines the functions of report/assets.h, from the files in FOLDER.
function(embed name file)
  file(READ ${FOLDER}/${file} text)
  string(APPEND source "std::string_view ${name}() { return R\"~~~(${text})~~~\"; }\n")
  set(source "${source}" PARENT_SCOPE)
endfunction()

set(source "#include \"report/assets.h\"\n\nnamespace deepscaler {\n\n")
embed(page_html page.html)
embed(page_css page.css)
embed(page_script page.js)
file(WRITE ${OUTPUT} "${source}\n}  // namespace deepscaler\n")
