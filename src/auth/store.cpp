// SPDX-License-Identifier: Apache-2.0
#include "godwit/auth/store.hpp"

#include <utility>

#include <openssl/crypto.h>

namespace godwit::auth {
namespace {

class FileStore final : public Store {
 public:
  FileStore(std::string file, AccountTable table) : file_(std::move(file)), table_(std::move(table)) {}

  std::string_view name() const override { return file_; }
  bool serves_scram() const override { return table_.serves_scram(); }
  boost::asio::awaitable<Answer> ask(std::shared_ptr<const Login> login) override {
    Answer answer;
    if (const Account* account = table_.find(login->user)) {
      answer.kind = Answer::Kind::entry;
      answer.account = *account;
    }
    co_return answer;
  }
  bool tells_names() const override { return true; }
  std::optional<Answer> find_now(const std::string& user) const override {
    Answer answer;
    if (table_.exists(user)) answer.kind = Answer::Kind::entry;
    return answer;
  }
  boost::asio::awaitable<Answer> find(std::string user) override { co_return *find_now(user); }

 private:
  std::string file_;
  AccountTable table_;
};

}  // namespace

Login::~Login() {
  OPENSSL_cleanse(password.data(), password.size());
}

std::shared_ptr<Store> make_file_store(std::string file, AccountTable table) {
  return std::make_shared<FileStore>(std::move(file), std::move(table));
}

std::shared_ptr<const StoreList> Stores::list() const {
  const std::lock_guard lock(mutex_);
  return list_;
}

void Stores::replace(StoreList list) {
  auto replacement = std::make_shared<const StoreList>(std::move(list));
  const std::lock_guard lock(mutex_);
  list_.swap(replacement);
}

}  // namespace godwit::auth
