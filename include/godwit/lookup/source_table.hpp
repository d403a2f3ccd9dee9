// SPDX-License-Identifier: Apache-2.0
// A table in something that must be asked and may block or be down: an SQL database, a directory, an LMTP server.  It
// is asked on a pool; answers are kept for a while, and after a failure it rests for a moment, so that what does not
// answer takes no thread from the others.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "godwit/base/clock.hpp"
#include "godwit/base/result.hpp"
#include "godwit/lookup/answer_cache.hpp"
#include "godwit/lookup/settings.hpp"
#include "godwit/lookup/table.hpp"
#include "godwit/net/worker_pool.hpp"

namespace godwit::lookup {

// Blocks until a deadline; several threads may ask at once.
class Source {
 public:
  virtual ~Source() = default;
  // The values of a key; an error is an outage.  "Unavailable" is so for this key only.
  virtual base::Result<Answer> ask(const std::string& key, base::MonoTime deadline) = 0;
};

// Requires: settings.type is not file.
std::unique_ptr<Source> make_source(const TableSettings& settings, const base::Clock& clock);

class SourceTable final : public Table, public std::enable_shared_from_this<SourceTable> {
 public:
  // Pool and clock outlive it.
  SourceTable(std::string name, std::unique_ptr<Source> source, base::Duration timeout, const CacheSettings& cache,
              net::BoundedPool& pool, const base::Clock& clock);

  const std::string& name() const override { return name_; }
  std::optional<Answer> recall(const std::string& key) override;
  boost::asio::awaitable<Answer> ask(std::string key) override;

 private:
  Answer ask_or_rest(const std::string& key);

  const std::string name_;
  const std::unique_ptr<Source> source_;
  const base::Duration timeout_;
  AnswerCache cache_;
  net::BoundedPool& pool_;
  const base::Clock& clock_;
  std::atomic<base::Duration::rep> rests_until_;  // monotonic
};

}  // namespace godwit::lookup
