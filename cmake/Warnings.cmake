# What every file of ours is compiled with. Libraries from outside are included as SYSTEM.
add_library(keyshift_options INTERFACE)
target_compile_options(keyshift_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wnon-virtual-dtor
  -Woverloaded-virtual -Wformat=2)
if(KEYSHIFT_WERROR)
  target_compile_options(keyshift_options INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Where it optimizes, g++ 12 sees these inside its own std::string, std::vector and std::optional: seen, never fatal.
  # Newer ones, and -O2, see so many null pointers there that nobody would find the one that matters.
  target_compile_options(keyshift_options INTERFACE
    $<$<AND:$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>,$<CONFIG:Debug>>:-Wnull-dereference> -Wno-error=null-dereference
    -Wno-error=maybe-uninitialized -Wno-error=restrict -Wno-error=mismatched-new-delete)
endif()
# Asio: one way to spell things, no deprecated ones.
target_compile_definitions(keyshift_options INTERFACE
  BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE KEYSHIFT_VERSION="${KEYSHIFT_VERSION}")
target_include_directories(keyshift_options INTERFACE ${CMAKE_SOURCE_DIR}/src)

if(KEYSHIFT_SANITIZE)
  if(KEYSHIFT_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The thread sanitizer does not see Asio's fences, and g++ says so in each file. Asio's queues take a mutex besides.
    target_compile_options(keyshift_options INTERFACE -Wno-tsan)
  endif()
  target_compile_options(keyshift_options INTERFACE -fsanitize=${KEYSHIFT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(keyshift_options INTERFACE -fsanitize=${KEYSHIFT_SANITIZE})
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(keyshift_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong)
  target_link_options(keyshift_options INTERFACE -pie -Wl,-z,relro,-z,now)
endif()
