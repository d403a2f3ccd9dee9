// SPDX-License-Identifier: Apache-2.0
#include "xml_reader.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include <expat.h>

#include "godwit/base/text.hpp"

namespace godwit::mail {
namespace {

constexpr char behind_namespace = '\n';  // is in no name

class XmlReading {
 public:
  explicit XmlReading(const XmlEvents& events)
      : events_(events), parser_(XML_ParserCreateNS(nullptr, behind_namespace)) {
    if (parser_ == nullptr) throw std::bad_alloc();
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(parser_.get(), on_begin, on_end);
    XML_SetCharacterDataHandler(parser_.get(), on_text);
    XML_SetStartDoctypeDeclHandler(parser_.get(), on_document_type);
  }

  base::Result<> read(std::string_view xml) {
    if (xml.size() > largest_xml) return base::fail(base::ErrorKind::exhausted, "it is too large");
    // All at once: expat looks through what a piece leaves unfinished again with each further piece.
    const auto status = XML_Parse(parser_.get(), xml.data(), static_cast<int>(xml.size()), 1);
    if (thrown_) std::rethrow_exception(thrown_);
    if (error_) return std::unexpected(*std::move(error_));
    if (status == XML_STATUS_OK) return {};
    return base::fail(base::ErrorKind::invalid,
                      std::string("it is not well-formed XML: ") + XML_ErrorString(XML_GetErrorCode(parser_.get())));
  }

 private:
  struct Free {
    void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
  };

  // No exception may pass through expat.
  template <class Work>
  void guarded(const Work& work) {
    if (error_ || thrown_) return;  // it may tell some more
    try {
      work();
    } catch (...) {
      thrown_ = std::current_exception();
      XML_StopParser(parser_.get(), XML_FALSE);
    }
  }
  void stop(base::ErrorKind kind, std::string why) {
    error_ = base::Error{.kind = kind, .message = std::move(why)};
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  static void on_begin(void* self, const XML_Char* name, const XML_Char**) {
    auto& reading = *static_cast<XmlReading*>(self);
    reading.guarded([&] { reading.begin(name); });
  }
  static void on_end(void* self, const XML_Char*) {
    auto& reading = *static_cast<XmlReading*>(self);
    reading.guarded([&] { reading.end(); });
  }
  static void on_text(void* self, const XML_Char* text, int length) {
    auto& reading = *static_cast<XmlReading*>(self);
    reading.guarded([&] { reading.add({text, static_cast<std::size_t>(length)}); });
  }
  static void on_document_type(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    auto& reading = *static_cast<XmlReading*>(self);
    reading.guarded([&] { reading.stop(base::ErrorKind::invalid, "it has a document type, which is not read"); });
  }

  void begin(std::string_view name) {
    if (depth_ == deepest_xml) return stop(base::ErrorKind::exhausted, "its elements lie too deep in each other");
    ++depth_;
    if (!path_.empty()) path_ += '/';
    path_ += name.substr(name.rfind(behind_namespace) + 1).substr(0, longest_xml_text);
    text_.clear();
    events_.begins(path_);
  }
  void end() {
    events_.ends(path_, base::trim(text_));
    text_.clear();
    --depth_;
    const auto slash = path_.rfind('/');
    path_.resize(slash == std::string::npos ? 0 : slash);
  }
  void add(std::string_view text) { text_ += text.substr(0, longest_xml_text - text_.size()); }

  const XmlEvents& events_;
  std::unique_ptr<XML_ParserStruct, Free> parser_;
  std::string path_;
  std::string text_;
  std::size_t depth_ = 0;
  std::optional<base::Error> error_;
  std::exception_ptr thrown_;
};

}  // namespace

base::Result<> read_xml(std::string_view xml, const XmlEvents& events) {
  return XmlReading(events).read(xml);
}

}  // namespace godwit::mail
