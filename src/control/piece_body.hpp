// SPDX-License-Identifier: Apache-2.0
// A body for Beast's parser that is taken out piece by piece while it is read: what has arrived and nobody took yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional/optional.hpp>

namespace godwit::control {

struct PieceBody {
  using value_type = std::string;

  class reader {  // NOLINT(readability-identifier-naming): what Beast calls it
   public:
    template <bool is_request, class Fields>
    reader(boost::beast::http::header<is_request, Fields>&, value_type& arrived) : arrived_(arrived) {}
    void init(const boost::optional<std::uint64_t>&, boost::system::error_code& error) { error = {}; }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::system::error_code& error) {
      error = {};
      const auto size = boost::beast::buffer_bytes(buffers);
      const auto before = arrived_.size();
      arrived_.resize(before + size);
      return boost::asio::buffer_copy(boost::asio::buffer(arrived_.data() + before, size), buffers);
    }
    void finish(boost::system::error_code& error) { error = {}; }

   private:
    value_type& arrived_;
  };
};

}  // namespace godwit::control
