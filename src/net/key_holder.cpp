// SPDX-License-Identifier: Apache-2.0
#include "godwit/net/key_holder.hpp"

#include <cerrno>
#include <string_view>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>

namespace godwit::net {
namespace {

constexpr std::size_t largest_file = std::size_t{128} << 10U;

base::Result<std::string> read_key_file(const std::string& path) {
  auto text = read_plain_file(path, largest_file);
  if (!text && text.error().os_error == ENOENT) text.error().kind = base::ErrorKind::not_found;
  return text;
}

// Never asks the terminal.
int note_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

base::Result<PkeyPtr> key_in(const std::string& text, const std::string& path) {
  ERR_clear_error();
  const BioPtr memory(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  bool asked = false;
  PkeyPtr key(PEM_read_bio_PrivateKey(memory.get(), nullptr, &note_passphrase, &asked));
  const std::string why = take_openssl_error();
  if (key) return key;
  if (asked)
    return base::fail(base::ErrorKind::invalid,
                      path + ": the private key is encrypted; store it without a passphrase (openssl pkey)");
  if (why == "no start line" || why == "unsupported")
    return base::fail(base::ErrorKind::invalid, path + ": no PEM private key in it");
  return base::fail(base::ErrorKind::invalid, fmt::format("{}: no private key: {}", path, why));
}

// "CERTIFICATE", "X509 CERTIFICATE", "TRUSTED CERTIFICATE"; one without an end ends where another thing begins.
std::string certificates_in(std::string_view text) {
  std::string result;
  bool is_inside = false;
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n') + 1);
    const auto whole = line.empty() ? text : line;
    text.remove_prefix(whole.size());
    if (whole.starts_with("-----BEGIN ")) is_inside = whole.find("CERTIFICATE-----") != std::string_view::npos;
    if (is_inside) result += whole;
    if (whole.starts_with("-----END ")) is_inside = false;
  }
  return result;
}

class OwnKeys final : public KeyHolder {
 public:
  base::Result<PkeyPtr> private_key(const std::string& path) const override {
    auto text = read_key_file(path);
    if (!text) return std::unexpected(std::move(text.error()));
    auto key = key_in(*text, path);
    OPENSSL_cleanse(text->data(), text->size());
    return key;
  }
  base::Result<std::string> certificates(const std::string& path) const override {
    auto text = read_key_file(path);
    if (!text) return text;
    auto found = certificates_in(*text);
    OPENSSL_cleanse(text->data(), text->size());
    return found;
  }
  base::Result<> readable(const std::string& path) const override {
    const auto text = read_key_file(path);
    if (!text) return std::unexpected(text.error());
    return {};
  }
  base::Result<FileStamp> stamp(const std::string& path) const override { return read_stamp(path); }
};

}  // namespace

const KeyHolder& own_keys() {
  static const OwnKeys own;
  return own;
}

}  // namespace godwit::net
