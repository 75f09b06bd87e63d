# A layer is a folder of src/: one library from the x.cc files in it and its rooms, one test program from the
# x_test.cc files. ALLOWED_LAYERS is the whole list of layers that it may include (tests/layers_test.cc reads
# the same list out of src/CMakeLists.txt); LIBRARIES are packages from outside,
# TEST_LIBRARIES those of its tests alone. A MODULE is loaded at run time and built where it is declared.
function(deepscaler_layer name)
  cmake_parse_arguments(LAYER "MODULE" "" "ALLOWED_LAYERS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  if(DEEPSCALER_LIBRARY_ONLY AND NOT name IN_LIST library_layers)
    return()
  endif()
  if(LAYER_MODULE)
    return()
  endif()
  set(folder ${CMAKE_CURRENT_SOURCE_DIR}/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.cc)
  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${folder}/*_test.cc)
  list(REMOVE_ITEM sources ${tests})
  if(NOT sources)
    return()
  endif()

  add_library(deepscaler_${name} STATIC ${sources})
  target_include_directories(deepscaler_${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(deepscaler_${name} PUBLIC ${LAYER_LIBRARIES})
  foreach(layer ${LAYER_ALLOWED_LAYERS})
    if(TARGET deepscaler_${layer})
      target_link_libraries(deepscaler_${name} PUBLIC deepscaler_${layer})
    endif()
  endforeach()

  if(tests AND NOT DEEPSCALER_LIBRARY_ONLY)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE deepscaler_${name} ${LAYER_TEST_LIBRARIES} GTest::gtest_main)
    target_compile_options(${name}_test PRIVATE ${quick_to_compile})
    target_compile_definitions(${name}_test PRIVATE
      DEEPSCALER_GOLDENS="${PROJECT_SOURCE_DIR}/tests/goldens")
    gtest_discover_tests(${name}_test TEST_PREFIX ${name}. DISCOVERY_MODE PRE_TEST
      PROPERTIES TIMEOUT 600 ENVIRONMENT OMP_WAIT_POLICY=passive)
  endif()
endfunction()

# A room is a folder in a layer, or the layer's own files where the room has the layer's name. ALLOWED_ROOMS is
# the whole list of rooms of the layer that it may include; tests may include all. A room that is INNER is
# included by its layer alone. Read by tests/layers_test.cc; the build needs to know nothing of rooms.
function(deepscaler_room name)
endfunction()
