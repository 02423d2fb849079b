# Makes OUTPUT, one object file that is the distribution's position-independent
# jemalloc with every name private: its public functions get the prefix pj_,
# what it asks of libc about the service (environment, /etc/malloc.conf, fork
# and exit handlers) goes to stubs in heap.c, and nothing else stays global.
#
# cmake -DARCHIVE=libjemalloc_pic.a -DAR= -DLD= -DOBJCOPY= -DSYMS=dir
#       -DOUTPUT=file -DWORK=dir -P private_jemalloc.cmake
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
function(run)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK}
                    RESULT_VARIABLE status)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "failed (${status}): ${ARGN}")
    endif()
endfunction()
run(${AR} x ${ARCHIVE})
# The C++ operators would need libstdc++.
file(GLOB cpp ${WORK}/jemalloc_cpp*.o)
if(cpp)
    file(REMOVE ${cpp})
endif()
file(GLOB objects ${WORK}/*.o)
run(${LD} -r -o ${WORK}/all.out ${objects})
run(${OBJCOPY} --redefine-syms=${SYMS}/redefine.syms ${WORK}/all.out)
run(${OBJCOPY} --keep-global-symbols=${SYMS}/keep.syms
    ${WORK}/all.out ${OUTPUT})
file(REMOVE_RECURSE ${WORK})
