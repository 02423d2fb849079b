# tenure_add_leak_test(NAME test COMMAND program|target [argument...]
#     [SNAPSHOTS count] [EVERY time] [REPEAT count]
#     [BASELINE file] [SUPPRESSIONS file...] [FAIL_ON class...]
#     [OUTPUT format:path...] [OPTIONS option...]
#     [WORKING_DIRECTORY directory] [TIMEOUT seconds] [LABELS label...])
#
# A ctest test that fails where the program leaks: tenure check -- COMMAND.
# What SNAPSHOTS, BASELINE, FAIL_ON ... mean: tenure check --help. A program
# that lives for a moment has one snapshot, at its end; SNAPSHOTS 1 looks for
# lost blocks in it. Else it takes them itself (tenure.h) or by EVERY.
function(tenure_add_leak_test)
    cmake_parse_arguments(PARSE_ARGV 0 arg ""
        "NAME;SNAPSHOTS;EVERY;REPEAT;BASELINE;WORKING_DIRECTORY;TIMEOUT"
        "COMMAND;SUPPRESSIONS;FAIL_ON;OUTPUT;OPTIONS;LABELS")
    if(arg_UNPARSED_ARGUMENTS)
        message(FATAL_ERROR "tenure_add_leak_test does not know "
            "${arg_UNPARSED_ARGUMENTS}")
    elseif(NOT arg_NAME OR NOT arg_COMMAND)
        message(FATAL_ERROR "tenure_add_leak_test needs NAME and COMMAND")
    endif()

    set(options "")
    foreach(pair SNAPSHOTS=min-snapshots EVERY=every REPEAT=repeat)
        string(REGEX REPLACE "=.*" "" argument ${pair})
        string(REGEX REPLACE ".*=" "" option ${pair})
        if(DEFINED arg_${argument})
            list(APPEND options --${option}=${arg_${argument}})
        endif()
    endforeach()
    if(arg_FAIL_ON)
        list(JOIN arg_FAIL_ON "," classes)
        list(APPEND options --fail-on=${classes})
    endif()
    # Files are named as seen from the CMakeLists.txt that names them.
    foreach(file IN LISTS arg_BASELINE)
        get_filename_component(file ${file} ABSOLUTE)
        list(APPEND options --baseline=${file})
    endforeach()
    foreach(file IN LISTS arg_SUPPRESSIONS)
        get_filename_component(file ${file} ABSOLUTE)
        list(APPEND options --suppressions=${file})
    endforeach()
    foreach(output IN LISTS arg_OUTPUT)
        list(APPEND options --output=${output})
    endforeach()

    list(POP_FRONT arg_COMMAND program)
    if(TARGET ${program})
        set(program $<TARGET_FILE:${program}>)
    endif()
    if(NOT arg_WORKING_DIRECTORY)
        set(arg_WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    endif()
    add_test(NAME ${arg_NAME}
        COMMAND ${TENURE_COMMAND} check --source-root=${PROJECT_SOURCE_DIR}
            ${options} ${arg_OPTIONS} -- ${program} ${arg_COMMAND}
        WORKING_DIRECTORY ${arg_WORKING_DIRECTORY})
    list(APPEND arg_LABELS leak)
    set_tests_properties(${arg_NAME} PROPERTIES LABELS "${arg_LABELS}")
    if(arg_TIMEOUT)
        set_tests_properties(${arg_NAME} PROPERTIES TIMEOUT ${arg_TIMEOUT})
    endif()
endfunction()
