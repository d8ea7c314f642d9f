#include "proxy/engine/client_lines.hpp"

#include <charconv>

namespace keyshift::proxy {
namespace {

const ClientFace* face_of_line(BytesView line, const FaceOfClient& face_of) {
  if (!line.starts_with("id=")) return nullptr;
  std::uint64_t id = 0;
  const char* const end = line.data() + line.size();
  const auto [stop, code] = std::from_chars(line.data() + 3, end, id);
  if (code != std::errc() || (stop != end && *stop != ' ' && *stop != '\r')) return nullptr;
  return face_of(id);
}

void append_field(Bytes& out, BytesView field, const ClientFace& face) {
  const BytesView label = field.substr(0, field.find('=') + 1);
  if (label == "name=")
    out.append(label).append(face.name);
  else if (label == "lib-name=")
    out.append(label).append(face.library_name);
  else if (label == "lib-ver=")
    out.append(label).append(face.library_version);
  else
    out.append(field);
}

/// Names have neither spaces nor line ends: Redis refuses them.
void append_line(Bytes& out, BytesView line, const ClientFace& face) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find_first_of(" \r"), line.size());
    append_field(out, line.substr(0, end), face);
    if (end < line.size()) out += line[end];
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

}  // namespace

Bytes with_app_names(BytesView text, const FaceOfClient& face_of) {
  Bytes out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const BytesView line = text.substr(0, end);
    if (const ClientFace* const face = face_of_line(line, face_of))
      append_line(out, line, *face);
    else
      out.append(line);
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

}  // namespace keyshift::proxy
