#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/base/ascii.hpp"
#include "core/base/contains.hpp"
#include "core/base/json.hpp"
#include "core/base/text.hpp"
#include "core/config/compose_parts.hpp"
#include "core/config/dockerfile.hpp"
#include "core/config/dockerfile_expand.hpp"
#include "core/config/dockerfile_text.hpp"

namespace exai::config {

namespace {

constexpr std::size_t kMaxBytes = std::size_t{1} << 20U;
constexpr std::size_t kMaxExpansion = std::size_t{8} << 20U;  // all values together
constexpr std::size_t kMaxDiagnostics = 50;
constexpr std::size_t kMostStages = 200;

// By name.
constexpr std::array<std::string_view, 18> kInstructions = {
    "ADD",    "ARG",   "CMD",         "COPY",  "ENTRYPOINT", "ENV",
    "EXPOSE", "FROM",  "HEALTHCHECK", "LABEL", "MAINTAINER", "ONBUILD",
    "RUN",    "SHELL", "STOPSIGNAL",  "USER",  "VOLUME",     "WORKDIR"};

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

using Values = std::map<std::string, std::string, std::less<>>;

class Parser {
 public:
  Parser(const SourcePtr& source, const std::map<std::string, std::string>& given)
      : places_(source), given_(given) {
    file_.source = source;
  }

  Dockerfile run() && {
    const DockerText cut = cut_dockerfile(file_.source->text);
    escape_ = cut.escape;
    for (const DockerLine& line : cut.lines)
      if (!is_cut_) read(line);
    if (file_.stages.empty())
      report({file_.source, {1, 1}, {1, 1}}, "this Dockerfile has no FROM",
             "begin with the image to build on: FROM name:version");
    return std::move(file_);
  }

 private:
  // Bytes [begin, end) of an instruction.
  struct Word {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  Span span(const Word& word) {
    return places_.span(line_->origins[word.begin],
                        word.end == 0 ? line_->origins[0] : line_->origins[word.end - 1] + 1);
  }
  std::string_view text(const Word& word) const {
    return std::string_view(line_->text).substr(word.begin, word.end - word.begin);
  }
  Word all() const { return {rest_, line_->text.size()}; }

  void report(const Span& at, std::string message, std::string help) {
    if (file_.diagnostics.size() >= kMaxDiagnostics) return;
    file_.diagnostics.push_back(problem("CMP003", at, std::move(message), std::move(help)));
  }

  void read(const DockerLine& line) {
    line_ = &line;
    Word name{0, 0};
    while (name.end < line.text.size() && !is_blank(line.text[name.end])) ++name.end;
    rest_ = name.end;
    while (rest_ < line.text.size() && is_blank(line.text[rest_])) ++rest_;
    std::string upper(text(name));
    std::transform(upper.begin(), upper.end(), upper.begin(),
                   [](char c) { return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c; });
    const bool known = contains(kInstructions, upper);
    if (!known) return unknown(name, upper);
    if (upper == "FROM") return read_from();
    if (upper == "ARG") return read_arg();
    if (file_.stages.empty())
      return report(span(name), upper + " stands in front of the first FROM",
                    "only ARG may come before FROM");
    read_of_stage(upper);
  }

  void unknown(const Word& name, const std::string& upper) {
    std::vector<std::string> names(kInstructions.begin(), kInstructions.end());
    const auto suggestion = closest(upper, names);
    report(span(name), fmt::format("unknown instruction \"{}\"", printable(text(name))),
           suggestion ? fmt::format("did you mean {}?", *suggestion)
                      : fmt::format("is a \"{}\" missing at the end of the line above?", escape_));
  }

  void read_of_stage(const std::string& name) {
    DockerStage& stage = file_.stages.back();
    if (name == "ENV") return read_env(stage);
    if (name == "EXPOSE") return read_expose(stage);
    if (name == "COPY" || name == "ADD") return read_copy(stage, name == "ADD");
    if (name == "HEALTHCHECK") return read_healthcheck(stage);
    if (name == "RUN") {
      skip_flags();
      stage.runs.push_back(command());
    }
    if (name == "CMD") stage.command = command();
    if (name == "ENTRYPOINT") {
      stage.entrypoint = command();
      stage.command.reset();
    }
    if (name == "USER") stage.user = DockerWord{expanded(text(all())), span(all())};
    if (name == "STOPSIGNAL") stage.stop_signal = DockerWord{expanded(text(all())), span(all())};
  }

  // --- words ---

  // Blanks part words, but not inside quotes.
  std::vector<Word> words(std::size_t from) const {
    std::vector<Word> found;
    const std::string& line = line_->text;
    for (std::size_t at = from; at < line.size();) {
      while (at < line.size() && is_blank(line[at])) ++at;
      if (at >= line.size()) break;
      Word word{at, at};
      char quote = '\0';
      for (; at < line.size() && (quote != '\0' || !is_blank(line[at])); ++at) {
        if (line[at] == escape_ && quote != '\'' && at + 1 < line.size())
          ++at;
        else if (quote == '\0' && (line[at] == '"' || line[at] == '\''))
          quote = line[at];
        else if (line[at] == quote)
          quote = '\0';
      }
      word.end = std::min(at, line.size());
      found.push_back(word);
    }
    return found;
  }

  // "--from=build" and the like; goes behind them.
  std::map<std::string, std::string> skip_flags() {
    std::map<std::string, std::string> flags;
    for (const Word& word : words(rest_)) {
      const std::string_view flag = text(word);
      if (!flag.starts_with("--")) break;
      const std::size_t equals = flag.find('=');
      flags[std::string(flag.substr(2, equals == flag.npos ? flag.npos : equals - 2))] =
          equals == flag.npos ? "" : expanded(flag.substr(equals + 1));
      rest_ = word.end;
      while (rest_ < line_->text.size() && is_blank(line_->text[rest_])) ++rest_;
    }
    return flags;
  }

  std::optional<std::string> value_of(std::string_view name) const {
    if (!file_.stages.empty()) {
      const auto own = values_.find(name);
      if (own == values_.end()) return std::nullopt;
      return own->second;
    }
    const auto global = globals_.find(name);
    if (global == globals_.end()) return std::nullopt;
    return global->second;
  }

  // Nothing is replaced any more when the values have become too many.
  std::string expanded(std::string_view word) {
    if (expanded_ > kMaxExpansion) return std::string(word);
    std::string value =
        expand_docker_word(word, escape_, [&](std::string_view name) { return value_of(name); });
    expanded_ += value.size();
    if (expanded_ > kMaxExpansion)
      report(span(all()), "with variables replaced, the values of this file are longer than 8 MiB",
             "no image needs so much: a variable may be repeating another one");
    return value;
  }

  // --- instructions ---

  void read_from() {
    if (file_.stages.size() >= kMostStages) {
      report(span({0, line_->text.size()}), "a Dockerfile of more than 200 stages is not read on",
             "cut it into several");
      is_cut_ = true;
      return;
    }
    // FROM sees the ARGs in front of the first stage alone.
    values_ = globals_;
    skip_flags();
    const auto parts = words(rest_);
    DockerStage stage;
    stage.span = span({0, line_->text.size()});
    if (!parts.empty()) stage.base = {expanded(text(parts[0])), span(parts[0])};
    if (parts.size() >= 3 && to_lower(text(parts[1])) == "as")
      stage.name = to_lower(text(parts[2]));
    const bool odd = parts.size() == 2 || parts.size() > 3;
    if (parts.empty() || odd)
      report(stage.span, parts.empty() ? "FROM names no image" : "FROM takes an image and AS name",
             "write FROM image or FROM image AS name");
    values_.clear();
    environment_.clear();
    file_.stages.push_back(std::move(stage));
    for (const DockerVariable& inherited : file_.whole(file_.stages.back()).environment)
      values_[inherited.name] = environment_[inherited.name] = inherited.value;
  }

  void read_arg() {
    for (const Word& word : words(rest_)) {
      const std::string_view written = text(word);
      const std::size_t equals = written.find('=');
      const std::string name(written.substr(0, equals));
      DockerVariable variable;
      variable.name = name;
      variable.name_span = span({word.begin, word.begin + name.size()});
      std::optional<std::string> value;
      if (equals != written.npos) {
        value = expanded(written.substr(equals + 1));
        variable.value_span = span({word.begin + equals + 1, word.end});
      } else if (const auto global = globals_.find(name);
                 global != globals_.end() && !file_.stages.empty()) {
        value = global->second;
      }
      if (const auto given = given_.find(name); given != given_.end()) value = given->second;
      variable.value = value.value_or("");
      if (file_.stages.empty()) {
        if (value) globals_[name] = *value;
      } else {
        // ENV of the same name is stronger.
        if (value && !environment_.contains(name)) values_[name] = *value;
        file_.stages.back().arguments.push_back(std::move(variable));
      }
    }
  }

  void read_env(DockerStage& stage) {
    const auto parts = words(rest_);
    if (parts.empty()) return;
    if (text(parts[0]).find('=') == std::string_view::npos) {  // ENV NAME the rest of the line
      Word value{parts[0].end, line_->text.size()};
      while (value.begin < value.end && is_blank(line_->text[value.begin])) ++value.begin;
      return add_env(stage, parts[0], value);
    }
    for (const Word& word : parts) {
      const std::size_t equals = text(word).find('=');
      if (equals == std::string_view::npos) {
        report(span(word), fmt::format("\"{}\" has no value", printable(text(word))),
               "write NAME=value, with quotes around blanks");
        continue;
      }
      add_env(stage, {word.begin, word.begin + equals}, {word.begin + equals + 1, word.end});
    }
  }

  void add_env(DockerStage& stage, const Word& name, const Word& value) {
    DockerVariable variable;
    variable.name = expanded(text(name));
    variable.value = expanded(text(value));
    variable.name_span = span(name);
    variable.value_span = value.begin < value.end ? span(value) : variable.name_span;
    values_[variable.name] = environment_[variable.name] = variable.value;
    stage.environment.push_back(std::move(variable));
  }

  void read_expose(DockerStage& stage) {
    for (const Word& word : words(rest_)) {
      const std::string written = expanded(text(word));
      const std::size_t slash = written.find('/');
      const auto range = parse_port_range(std::string_view(written).substr(0, slash));
      if (!range) {
        report(span(word), fmt::format("this is no port: \"{}\"", printable(written)),
               "write a number, or number/udp");
        continue;
      }
      DockerPort port{range->first, range->last, "tcp", span(word)};
      if (slash != std::string::npos) port.protocol = to_lower(written.substr(slash + 1));
      stage.ports.push_back(std::move(port));
    }
  }

  // The texts of a JSON list, when that is what the rest of the line is.
  std::optional<std::vector<std::string>> exec_form() const {
    const auto parsed = parse_json(text(all()));
    if (!parsed || !parsed->is_array()) return std::nullopt;
    std::vector<std::string> texts;
    for (const json::value& item : parsed->get_array()) {
      if (!item.is_string()) return std::nullopt;
      texts.emplace_back(item.get_string());
    }
    return texts;
  }

  DockerCommand command() {
    DockerCommand made;
    made.span = rest_ < line_->text.size() ? span(all()) : span({0, line_->text.size()});
    if (auto texts = exec_form()) {
      made.words = std::move(*texts);
    } else {
      made.shell = true;
      made.words = {std::string(text(all()))};
    }
    return made;
  }

  void read_copy(DockerStage& stage, bool add) {
    DockerCopy copy;
    copy.add = add;
    copy.span = span({0, line_->text.size()});
    const auto flags = skip_flags();
    if (const auto from = flags.find("from"); from != flags.end()) copy.from = from->second;
    std::vector<DockerWord> parts;
    if (auto texts = exec_form()) {
      for (std::string& one : *texts) parts.push_back({expanded(one), span(all())});
    } else {
      for (const Word& word : words(rest_)) parts.push_back({expanded(text(word)), span(word)});
    }
    if (parts.size() < 2)
      return report(copy.span, "a source or the target is missing", "write COPY source… target");
    copy.target = std::move(parts.back());
    parts.pop_back();
    for (DockerWord& part : parts)
      if (!part.text.starts_with("<<")) copy.sources.push_back(std::move(part));
    stage.copies.push_back(std::move(copy));
  }

  void read_healthcheck(DockerStage& stage) {
    DockerHealthcheck check;
    check.span = span({0, line_->text.size()});
    check.options = skip_flags();
    const auto parts = words(rest_);
    const std::string kind = parts.empty() ? "" : to_lower(text(parts[0]));
    if (kind == "none") {
      check.none = true;
    } else if (kind == "cmd" && parts.size() > 1) {
      rest_ = parts[1].begin;
      check.command = command();
    } else {
      return report(check.span, "HEALTHCHECK takes CMD with a command, or NONE",
                    "write HEALTHCHECK CMD command");
    }
    stage.healthcheck = std::move(check);
  }

  Places places_;
  const std::map<std::string, std::string>& given_;
  Dockerfile file_;
  char escape_ = '\\';
  const DockerLine* line_ = nullptr;
  std::size_t rest_ = 0;      // where the arguments of the instruction begin
  bool is_cut_ = false;       // there are too many stages
  std::size_t expanded_ = 0;  // bytes of all values, variables replaced
  Values globals_;            // ARG in front of the first FROM
  Values values_;             // ARG and ENV of the stage
  Values environment_;        // ENV of the stage
};

}  // namespace

Dockerfile parse_dockerfile(const SourcePtr& source,
                            const std::map<std::string, std::string>& arguments) {
  if (source->text.size() <= kMaxBytes) return Parser(source, arguments).run();
  Dockerfile refused;
  refused.source = source;
  refused.diagnostics.push_back(
      problem("CMP003", {source, {1, 1}, {1, 1}}, "this Dockerfile is larger than 1 MiB", ""));
  return refused;
}

}  // namespace exai::config
