// SPDX-License-Identifier: Apache-2.0
// What a session says for one message, made once for all: steps, each of which is answered by one reply, and pieces,
// which are as many steps as may be sent at once (RFC 2920, RFC 3030).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::bench {

enum class Transfer { data, bdat };

struct ScriptSettings {
  std::string sender = "sender@client.example";
  std::string recipient = "user@sink.example";  // of several, user1@…, user2@…
  std::size_t recipients = 1;
  std::size_t size = 4096;  // of header and body
  Transfer transfer = Transfer::data;
};

// one_command: nothing is sent before the reply to what was sent.  envelope: MAIL, RCPT and DATA in one piece.
// all: and the envelope of the next message with the end of this one.  With BDAT a message is one piece.
enum class Pipelining { one_command, envelope, all };

class Script {
 public:
  explicit Script(const ScriptSettings& settings);

  struct Piece {
    std::string_view bytes;
    std::size_t replies;
    std::optional<std::size_t> behind_message;  // how many bytes, where a message ends in this piece
  };
  // What follows the replies to the first `answered` steps.  `another`: the same session has a message after this one.
  Piece next(std::size_t answered, Pipelining pipelining, bool another) const;

  std::size_t steps() const { return ends_.size(); }
  // The first digit of a good reply to a step.
  char good_reply(std::size_t step) const { return step + 1 == data_end_ ? '3' : '2'; }

 private:
  void say(std::string_view line);

  std::string all_;                // with DATA the envelope once more behind the message
  std::vector<std::size_t> ends_;  // of each step in `all_`
  std::size_t data_end_ = 0;       // the step behind DATA; 0: there is none
};

}  // namespace godwit::bench
