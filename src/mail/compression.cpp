// SPDX-License-Identifier: Apache-2.0
#include "godwit/mail/compression.hpp"

#include <zlib.h>

#include <algorithm>
#include <stdexcept>

namespace godwit::mail {
namespace {

constexpr int deflate_window = 15;
constexpr int with_gzip_header = 16;

// PKWARE's APPNOTE, section 4.3.7: the header before each file of an archive.
constexpr std::string_view zip_mark = "PK\x03\x04";
constexpr std::size_t zip_header = 30;
constexpr std::uint16_t zip_encrypted = 1;
constexpr std::uint16_t zip_size_follows = 8;
enum ZipMethod : std::uint16_t { zip_stored = 0, zip_deflated = 8 };

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t length) {
  std::uint32_t value = 0;
  for (std::size_t i = length; i > 0; --i) value = (value << 8U) | static_cast<unsigned char>(bytes[at + i - 1]);
  return value;
}

std::unexpected<base::Error> too_much(std::size_t most) {
  return base::fail(base::ErrorKind::exhausted, "it unpacks to more than " + std::to_string(most) + " octets");
}

// The stream's end is found in itself.
base::Result<std::string> inflated(std::string_view bytes, int window_bits, std::size_t most) {
  constexpr std::size_t piece = 64 * 1024;
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return base::fail(base::ErrorKind::exhausted, "zlib cannot unpack");
  std::string input(bytes);  // zlib's input is not const
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  std::string result;
  int status = Z_OK;
  while (status == Z_OK && result.size() <= most) {
    const auto before = result.size();
    result.resize(before + piece);
    stream.next_out = reinterpret_cast<Bytef*>(result.data() + before);
    stream.avail_out = static_cast<uInt>(piece);
    status = inflate(&stream, Z_NO_FLUSH);
    result.resize(before + piece - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result.size() > most) return too_much(most);
  if (status != Z_STREAM_END) return base::fail(base::ErrorKind::corrupt, "what is compressed is damaged or cut off");
  return result;
}

base::Result<std::string> first_of_zip(std::string_view bytes, std::size_t most) {
  const auto broken = [] { return base::fail(base::ErrorKind::corrupt, "the zip archive is damaged"); };
  if (bytes.size() < zip_header) return broken();
  const auto flags = little_endian(bytes, 6, 2);
  const auto method = little_endian(bytes, 8, 2);
  const auto packed = little_endian(bytes, 18, 4);
  const std::size_t begin = zip_header + little_endian(bytes, 26, 2) + little_endian(bytes, 28, 2);
  if (begin > bytes.size()) return broken();
  if ((flags & zip_encrypted) != 0) return base::fail(base::ErrorKind::unsupported, "the zip archive is encrypted");
  const auto data = bytes.substr(begin);
  if (method == zip_deflated) return inflated(data, -deflate_window, most);
  if (method != zip_stored || (flags & zip_size_follows) != 0)
    return base::fail(base::ErrorKind::unsupported, "the zip archive is packed in a way that is not known");
  if (packed > data.size()) return broken();
  if (packed > most) return too_much(most);
  return std::string(data.substr(0, packed));
}

}  // namespace

std::string gzip(std::string_view bytes) {
  constexpr int memory_level = 8;
  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, deflate_window + with_gzip_header, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::runtime_error("zlib cannot compress");
  std::string result(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  std::string input(bytes);  // zlib's input is not const
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  const int done = deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  if (done != Z_STREAM_END) throw std::runtime_error("zlib cannot compress");
  return result;
}

base::Result<std::string> unpacked(std::string_view bytes, std::size_t most) {
  if (bytes.starts_with("\x1F\x8B")) return inflated(bytes, deflate_window + with_gzip_header, most);
  if (bytes.starts_with(zip_mark)) return first_of_zip(bytes, most);
  if (bytes.size() > most) return too_much(most);
  return std::string(bytes);
}

}  // namespace godwit::mail
