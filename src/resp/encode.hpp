#pragma once
#include <initializer_list>
#include <span>

#include "base/bytes.hpp"

namespace keyshift::resp {

/// Appends "*<n>\r\n" and each argument as a bulk: one command as it goes to a server.
void append_command(Bytes& out, std::span<const BytesView> argv);
void append_command(Bytes& out, std::initializer_list<BytesView> argv);

void append_array_header(Bytes& out, std::size_t elements);
void append_bulk(Bytes& out, BytesView body);
void append_integer(Bytes& out, long long value);

}  // namespace keyshift::resp
