// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/password.hpp"

#include <crypt.h>
#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>

#include <openssl/crypto.h>

#include "godwit/smtp/saslprep.hpp"
#include "huge_pages.hpp"

namespace godwit::auth {
namespace {

// libcrypt's work space, 32 KiB and full of what was derived from the password.
struct Wiper {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};
using Workspace = std::unique_ptr<crypt_data, Wiper>;

// crypt(3) reads up to the first NUL and would take "right\0wrong" for "right".
bool is_possible(std::string_view password) {
  return password.find('\0') == std::string_view::npos && password.size() < CRYPT_MAX_PASSPHRASE_SIZE;
}

// Empty when libcrypt refuses.
std::string compute(std::string_view password, std::string_view setting) {
  const Workspace data(new crypt_data{});
  // crypt_data has room for both, so that no copy of the password is left behind.
  static_assert(sizeof data->input >= CRYPT_MAX_PASSPHRASE_SIZE);
  if (setting.size() >= sizeof data->setting) return {};
  std::memcpy(data->input, password.data(), password.size());
  std::memcpy(data->setting, setting.data(), setting.size());
  const HugePages wanted;
  const char* hash = ::crypt_r(data->input, data->setting, data.get());
  return hash == nullptr || *hash == '*' ? std::string() : std::string(hash);
}

void fill_random(std::span<char> bytes) {
  while (!bytes.empty()) {
    const ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
    // EINTR is the only failure of a blocking getrandom on a valid buffer.
  }
}

}  // namespace

base::Result<std::string> hash_password(std::string_view password) {
  if (password.empty()) return base::fail(base::ErrorKind::invalid, "the password is empty");
  if (!is_possible(password))
    return base::fail(base::ErrorKind::invalid, "the password holds a NUL or is longer than 511 bytes");
  std::array<char, 32> random{};
  fill_random(random);
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const char* made =
      ::crypt_gensalt_rn("$y$", 0, random.data(), static_cast<int>(random.size()), setting.data(), setting.size());
  if (made == nullptr) return base::fail_os("crypt_gensalt", errno);
  std::string hash = compute(password, made);
  if (hash.empty()) return base::fail(base::ErrorKind::unsupported, "libcrypt has no yescrypt");
  return hash;
}

bool password_matches(std::string_view password, std::string_view hash) {
  const bool possible = is_possible(password);
  // An impossible password costs what any other costs.
  const std::string computed = compute(possible ? password : std::string_view("x"), hash);
  return possible && !computed.empty() && computed.size() == hash.size() &&
         CRYPTO_memcmp(computed.data(), hash.data(), hash.size()) == 0;
}

base::Result<Secrets> make_secrets(std::string_view password) {
  if (password.empty() || !is_possible(password)) return std::unexpected(hash_password(password).error());
  auto prepared = smtp::saslprep(password);
  if (!prepared)
    return base::fail(base::ErrorKind::invalid,
                      "the password is no UTF-8, or holds what SASLprep (RFC 4013) prohibits, such as a control "
                      "character");
  std::string salt(smtp::scram_salt_size, '\0');
  fill_random(salt);
  auto hash = hash_password(*prepared);
  auto scram = smtp::make_scram_keys(*prepared, std::move(salt), smtp::scram_iterations);
  OPENSSL_cleanse(prepared->data(), prepared->size());
  if (!hash) return std::unexpected(hash.error());
  return Secrets{*std::move(hash), std::move(scram)};
}

namespace {

bool matches_as_given(std::string_view password, const Secrets& secrets) {
  if (!secrets.hash.empty() || !secrets.scram) return password_matches(password, secrets.hash);
  const auto made = smtp::make_scram_keys(password, secrets.scram->salt, secrets.scram->iterations);
  return CRYPTO_memcmp(made.stored_key.data(), secrets.scram->stored_key.data(), made.stored_key.size()) == 0;
}

}  // namespace

bool password_matches(std::string_view password, const Secrets& secrets) {
  if (matches_as_given(password, secrets)) return true;
  auto prepared = smtp::saslprep(password);
  const bool other = prepared && *prepared != password;
  const bool matches = other && matches_as_given(*prepared, secrets);
  if (prepared) OPENSSL_cleanse(prepared->data(), prepared->size());
  return matches;
}

bool is_known_hash(std::string_view hash) {
  // The two methods without a "$": libcrypt takes any text for their setting, a password in the clear too.
  const bool des = hash.size() == 13, bsdi = hash.starts_with('_') && hash.size() == 20;
  if (!hash.starts_with('$') && !des && !bsdi) return false;
  const int kind = ::crypt_checksalt(std::string(hash).c_str());
  return kind == CRYPT_SALT_OK || kind == CRYPT_SALT_METHOD_LEGACY || kind == CRYPT_SALT_TOO_CHEAP;
}

std::string generate_password() {
  constexpr std::string_view alphabet = "23456789abcdefghijkmnpqrstuvwxyz";  // 32: five bits each, without 0 o 1 l
  static_assert(alphabet.size() == 32);
  std::array<char, 20> random{};
  fill_random(random);
  std::string password;
  for (std::size_t i = 0; i < random.size(); ++i) {
    if (i > 0 && i % 4 == 0) password += '-';
    password += alphabet[static_cast<unsigned char>(random[i]) % alphabet.size()];
  }
  return password;
}

}  // namespace godwit::auth
