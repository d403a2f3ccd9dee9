// SPDX-License-Identifier: Apache-2.0
#include "remote_key_provider.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string_view>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>

// OpenSSL's macros cast in the old style.
#pragma GCC diagnostic ignored "-Wold-style-cast"

namespace godwit::net {
namespace provider {
namespace {

using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Free<&EVP_PKEY_CTX_free>>;
using Digest = std::unique_ptr<EVP_MD, Free<&EVP_MD_free>>;
using Scheme = SigningOrder::Scheme;
using Parts = std::shared_ptr<const RemoteParts>;

struct Type {
  const char* name;
  const char* names;      // as the default provider has them
  const char* signature;  // the algorithm that signs
  int padding;            // of RSA, if nothing is said
};
enum : std::size_t { rsa, rsa_pss, ec, ed25519, ed448, type_count };
constexpr std::array<Type, type_count> types{
    {{"RSA", "RSA:rsaEncryption:1.2.840.113549.1.1.1", "RSA", RSA_PKCS1_PADDING},
     {"RSA-PSS", "RSA-PSS:RSASSA-PSS:1.2.840.113549.1.1.10", "RSA", RSA_PKCS1_PSS_PADDING},
     {"EC", "EC:id-ecPublicKey:1.2.840.10045.2.1", "ECDSA", 0},
     {"ED25519", "ED25519:1.3.101.112", "ED25519", 0},
     {"ED448", "ED448:1.3.101.113", "ED448", 0}}};

constexpr const char* properties = "provider=godwit";
constexpr const char* parts_parameter = "godwit-parts";  // holds a pointer to Parts

// ---- what the log says
// -----------------------------------------------------------------------------------------------

constexpr int not_signed = 1;

int error_library() {
  static ERR_STRING_DATA texts[] = {
      {ERR_PACK(0, 0, not_signed), "the process that holds the private keys does not sign"}, {0, nullptr}};
  static const int library = [] {
    const int number = ERR_get_next_error_library();
    ERR_load_strings(number, texts);
    return number;
  }();
  return library;
}

// ---- keys
// ------------------------------------------------------------------------------------------------------------

struct Key {
  std::size_t type;
  Parts parts;  // null: nothing is known yet
};

const Key& key_of(const void* data) {
  return *static_cast<const Key*>(data);
}

template <std::size_t type>
void* new_key(void*) {
  return new Key{type, {}};
}

void free_key(void* data) {
  delete static_cast<Key*>(data);
}

int has(const void* data, int selection) {
  const auto& parts = key_of(data).parts;
  if (!parts) return 0;
  return (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) == 0 || parts->signer ? 1 : 0;
}

int match(const void* one, const void* other, int) {
  const auto &a = key_of(one).parts, &b = key_of(other).parts;
  return a && b && EVP_PKEY_eq(a->known.get(), b->known.get()) == 1 ? 1 : 0;
}

PkeyPtr known_key(const char* name, const OSSL_PARAM* parameters) {
  const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, name, nullptr));
  EVP_PKEY* key = nullptr;
  if (context && EVP_PKEY_fromdata_init(context.get()) > 0)
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, const_cast<OSSL_PARAM*>(parameters));  // is only read
  return PkeyPtr(key);
}

// What provided_key() gives to import_key(), through OpenSSL.
struct Handed {
  const Parts* parts;
};

// Of provided_key(); else the key of a certificate, which OpenSSL wants to compare.
int import_key(void* data, int, const OSSL_PARAM* parameters) {
  auto& key = *static_cast<Key*>(data);
  const OSSL_PARAM* given = OSSL_PARAM_locate_const(parameters, parts_parameter);
  if (given != nullptr) {
    Handed handed{};
    if (given->data_size != sizeof handed) return 0;
    std::memcpy(&handed, given->data, sizeof handed);
    key.parts = *handed.parts;
    return 1;
  }
  auto known = known_key(types.at(key.type).name, parameters);
  if (!known) return 0;
  key.parts = std::make_shared<const RemoteParts>(RemoteParts{std::move(known), nullptr});
  return 1;
}

// What is private is not here.
int export_key(void* data, int selection, OSSL_CALLBACK* take, void* argument) {
  const auto& parts = key_of(data).parts;
  if (!parts || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) != 0) return 0;
  OSSL_PARAM* parameters = nullptr;
  if (EVP_PKEY_todata(parts->known.get(), EVP_PKEY_PUBLIC_KEY, &parameters) != 1) return 0;
  const int taken = take(parameters, argument);
  OSSL_PARAM_free(parameters);
  return taken;
}

const OSSL_PARAM* exchanged_parameters(int) {
  static const OSSL_PARAM parameters[] = {OSSL_PARAM_octet_string(parts_parameter, nullptr, 0), OSSL_PARAM_END};
  return parameters;
}

int get_parameters(void* data, OSSL_PARAM* parameters) {
  const auto& parts = key_of(data).parts;
  return parts ? EVP_PKEY_get_params(parts->known.get(), parameters) : 0;
}

const OSSL_PARAM* gettable_parameters(void*) {
  static const OSSL_PARAM parameters[] = {OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, nullptr),
                                          OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, nullptr),
                                          OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, nullptr),
                                          OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, nullptr, 0),
                                          OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, nullptr, 0),
                                          OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, nullptr, 0),
                                          OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, nullptr, 0),
                                          OSSL_PARAM_END};
  return parameters;
}

template <std::size_t type>
const char* operation_name(int operation) {
  return operation == OSSL_OP_SIGNATURE ? types[type].signature : nullptr;
}

// ---- signatures
// ------------------------------------------------------------------------------------------------------

struct Signing {
  std::size_t type = 0;
  Parts parts = {};
  Digest digest = {};
  int padding = 0;
  int salt = RSA_PSS_SALTLEN_DIGEST;
  bool is_pure() const { return type == ed25519 || type == ed448; }
};

Signing& signing_of(void* context) {
  return *static_cast<Signing*>(context);
}

void* new_signing(void*, const char*) {
  return new Signing;
}

void free_signing(void* context) {
  delete static_cast<Signing*>(context);
}

bool set_digest(Signing& signing, const char* name) {
  signing.digest.reset(EVP_MD_fetch(nullptr, name, nullptr));
  return static_cast<bool>(signing.digest);
}

// Parameters are numbers or their names.
std::optional<int> number_in(const OSSL_PARAM& parameter) {
  int number = 0;
  if (OSSL_PARAM_get_int(&parameter, &number) == 1) return number;
  return {};
}

std::string_view text_in(const OSSL_PARAM& parameter) {
  if (parameter.data_type != OSSL_PARAM_UTF8_STRING || parameter.data == nullptr) return {};
  return static_cast<const char*>(parameter.data);
}

std::optional<int> padding_in(const OSSL_PARAM& parameter) {
  const auto text = text_in(parameter);
  if (text == OSSL_PKEY_RSA_PAD_MODE_PKCSV15) return RSA_PKCS1_PADDING;
  if (text == OSSL_PKEY_RSA_PAD_MODE_PSS) return RSA_PKCS1_PSS_PADDING;
  return text.empty() ? number_in(parameter) : std::nullopt;
}

std::optional<int> salt_in(const OSSL_PARAM& parameter) {
  const auto text = text_in(parameter);
  if (text.empty()) return number_in(parameter);
  if (text == OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) return RSA_PSS_SALTLEN_DIGEST;
  if (text == OSSL_PKEY_RSA_PSS_SALT_LEN_MAX) return RSA_PSS_SALTLEN_MAX;
  if (text == OSSL_PKEY_RSA_PSS_SALT_LEN_AUTO) return RSA_PSS_SALTLEN_AUTO;
  int number = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return {};
  return number;
}

int set_signing_parameters(void* context, const OSSL_PARAM* parameters) {
  auto& signing = signing_of(context);
  if (parameters == nullptr) return 1;
  // The digest of the mask is that of the message, as TLS and everybody has it.
  if (OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_MGF1_DIGEST) != nullptr) return 0;
  if (const auto* digest = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_DIGEST))
    if (!set_digest(signing, std::string(text_in(*digest)).c_str())) return 0;
  if (const auto* padding = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PAD_MODE)) {
    signing.padding = padding_in(*padding).value_or(0);
    if (signing.padding != RSA_PKCS1_PADDING && signing.padding != RSA_PKCS1_PSS_PADDING) return 0;
  }
  if (const auto* salt = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PSS_SALTLEN)) {
    const auto size = salt_in(*salt);
    if (!size) return 0;
    signing.salt = *size;
  }
  return 1;
}

const OSSL_PARAM* settable_signing_parameters(void*, void*) {
  static const OSSL_PARAM parameters[] = {OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_DIGEST, nullptr, 0),
                                          OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, nullptr, 0),
                                          OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, nullptr, 0),
                                          OSSL_PARAM_END};
  return parameters;
}

bool begin(Signing& signing, const void* data) {
  if (data != nullptr) {
    const auto& key = key_of(data);
    signing.type = key.type;
    signing.parts = key.parts;
    signing.padding = types.at(key.type).padding;
  }
  return signing.parts && signing.parts->signer;
}

int begin_signing(void* context, void* data, const OSSL_PARAM* parameters) {
  return begin(signing_of(context), data) ? set_signing_parameters(context, parameters) : 0;
}

int begin_digest_signing(void* context, const char* digest, void* data, const OSSL_PARAM* parameters) {
  auto& signing = signing_of(context);
  if (!begin(signing, data)) return 0;
  const bool is_named = digest != nullptr && *digest != '\0';
  if (signing.is_pure() == is_named) return 0;
  if (is_named && !set_digest(signing, digest)) return 0;
  return set_signing_parameters(context, parameters);
}

Scheme scheme_of(const Signing& signing) {
  if (signing.is_pure()) return Scheme::pure;
  if (signing.type == ec) return Scheme::ecdsa;
  return signing.padding == RSA_PKCS1_PADDING ? Scheme::pkcs1 : Scheme::pss;
}

int sign(void* context, unsigned char* signature, std::size_t* size, std::size_t room, const unsigned char* bytes,
         std::size_t count) {
  const auto& signing = signing_of(context);
  if (signature == nullptr) {
    *size = static_cast<std::size_t>(EVP_PKEY_get_size(signing.parts->known.get()));
    return 1;
  }
  if (!signing.is_pure() && !signing.digest) return 0;
  const SigningOrder order{.scheme = scheme_of(signing),
                           .digest = signing.digest ? EVP_MD_get0_name(signing.digest.get()) : "",
                           .salt = signing.salt,
                           .data = {reinterpret_cast<const char*>(bytes), count}};
  const auto made = signing.parts->signer->sign(order);
  if (!made || made->size() > room) {
    ERR_raise(error_library(), not_signed);
    return 0;
  }
  std::ranges::copy(*made, signature);
  *size = made->size();
  return 1;
}

int digest_and_sign(void* context, unsigned char* signature, std::size_t* size, std::size_t room,
                    const unsigned char* bytes, std::size_t count) {
  const auto& signing = signing_of(context);
  if (signature == nullptr || signing.is_pure()) return sign(context, signature, size, room, bytes, count);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  if (!signing.digest || EVP_Digest(bytes, count, digest.data(), &length, signing.digest.get(), nullptr) != 1) return 0;
  return sign(context, signature, size, room, digest.data(), length);
}

// ---- the provider
// ----------------------------------------------------------------------------------------------------

template <class Function>
OSSL_DISPATCH entry(int number, Function* function) {
  return {number, reinterpret_cast<void (*)()>(function)};
}

template <std::size_t type>
const OSSL_DISPATCH* keys_of_type() {
  static const OSSL_DISPATCH functions[] = {entry(OSSL_FUNC_KEYMGMT_NEW, &new_key<type>),
                                            entry(OSSL_FUNC_KEYMGMT_FREE, &free_key),
                                            entry(OSSL_FUNC_KEYMGMT_HAS, &has),
                                            entry(OSSL_FUNC_KEYMGMT_MATCH, &match),
                                            entry(OSSL_FUNC_KEYMGMT_IMPORT, &import_key),
                                            entry(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, &exchanged_parameters),
                                            entry(OSSL_FUNC_KEYMGMT_EXPORT, &export_key),
                                            entry(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, &exchanged_parameters),
                                            entry(OSSL_FUNC_KEYMGMT_GET_PARAMS, &get_parameters),
                                            entry(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, &gettable_parameters),
                                            entry(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, &operation_name<type>),
                                            {0, nullptr}};
  return functions;
}

const OSSL_DISPATCH* signatures() {
  static const OSSL_DISPATCH functions[] = {
      entry(OSSL_FUNC_SIGNATURE_NEWCTX, &new_signing),
      entry(OSSL_FUNC_SIGNATURE_FREECTX, &free_signing),
      entry(OSSL_FUNC_SIGNATURE_SIGN_INIT, &begin_signing),
      entry(OSSL_FUNC_SIGNATURE_SIGN, &sign),
      entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, &begin_digest_signing),
      entry(OSSL_FUNC_SIGNATURE_DIGEST_SIGN, &digest_and_sign),
      entry(OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, &set_signing_parameters),
      entry(OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, &settable_signing_parameters),
      {0, nullptr}};
  return functions;
}

const OSSL_ALGORITHM* algorithms_for(void*, int operation, int* is_not_cached) {
  static const OSSL_ALGORITHM keys[] = {{types[rsa].names, properties, keys_of_type<rsa>(), nullptr},
                                        {types[rsa_pss].names, properties, keys_of_type<rsa_pss>(), nullptr},
                                        {types[ec].names, properties, keys_of_type<ec>(), nullptr},
                                        {types[ed25519].names, properties, keys_of_type<ed25519>(), nullptr},
                                        {types[ed448].names, properties, keys_of_type<ed448>(), nullptr},
                                        {nullptr, nullptr, nullptr, nullptr}};
  static const OSSL_ALGORITHM signing[] = {{"RSA", properties, signatures(), nullptr},
                                           {"ECDSA", properties, signatures(), nullptr},
                                           {"ED25519", properties, signatures(), nullptr},
                                           {"ED448", properties, signatures(), nullptr},
                                           {nullptr, nullptr, nullptr, nullptr}};
  *is_not_cached = 0;
  if (operation == OSSL_OP_KEYMGMT) return keys;
  return operation == OSSL_OP_SIGNATURE ? signing : nullptr;
}

int begin_provider(const OSSL_CORE_HANDLE*, const OSSL_DISPATCH*, const OSSL_DISPATCH** functions, void** context) {
  static const OSSL_DISPATCH own[] = {entry(OSSL_FUNC_PROVIDER_QUERY_OPERATION, &algorithms_for), {0, nullptr}};
  static int unused = 0;
  *functions = own;
  *context = &unused;
  return 1;
}

// For as long as the program runs: every key refers to it.
OSSL_LIB_CTX* library() {
  static OSSL_LIB_CTX* const made = [] {
    OSSL_LIB_CTX* context = OSSL_LIB_CTX_new();
    if (context != nullptr && OSSL_PROVIDER_add_builtin(context, "godwit", &begin_provider) == 1)
      OSSL_PROVIDER_load(context, "godwit");
    return context;
  }();
  return made;
}

}  // namespace
}  // namespace provider

PkeyPtr provided_key(std::shared_ptr<const RemoteParts> parts) {
  using namespace provider;
  const auto is_type = [&](const Type& one) { return EVP_PKEY_is_a(parts->known.get(), one.name) == 1; };
  const auto* type = std::ranges::find_if(types, is_type);
  if (type == types.end()) {
    ERR_raise(ERR_LIB_EVP, EVP_R_UNSUPPORTED_KEY_TYPE);
    return {};
  }
  Handed handed{.parts = &parts};
  OSSL_PARAM parameters[] = {OSSL_PARAM_construct_octet_string(parts_parameter, &handed, sizeof handed),
                             OSSL_PARAM_construct_end()};
  const KeyContext context(EVP_PKEY_CTX_new_from_name(library(), type->name, nullptr));
  EVP_PKEY* key = nullptr;
  if (context && EVP_PKEY_fromdata_init(context.get()) > 0)
    EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_KEYPAIR, parameters);
  return PkeyPtr(key);
}

}  // namespace godwit::net
