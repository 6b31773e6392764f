#include "daemon/tools/uploads.hpp"

#include <boost/asio/this_coro.hpp>

#include "core/base/text.hpp"
#include "daemon/tools/ask.hpp"

namespace exai::tools {
namespace {

Error said(const providers::ProviderInfo& provider, const store::FileInfo& file,
           const providers::ProviderError& error) {
  return {Errc::unavailable, failure_text(fmt::format("{}, {}", provider.title, file.name), error)};
}

// Of a file that its caller was let see.
store::FileRef ref_to(const store::FileInfo& file) {
  return {file.id, file.owner};
}

Task<Result<>> forget_upload(Context& context, store::FileRef file, std::string key) {
  auto line = co_await context.uploads->enter();
  std::string nothing;
  co_return co_await context.files->set_upload(std::move(file), std::move(key), std::move(nothing));
}

}  // namespace

Task<UploadLine::Place> UploadLine::enter() {
  const auto executor = co_await asio::this_coro::executor;
  while (taken_) {
    const auto timer = std::make_shared<Timer>(executor, Time::max());
    waiting_.push_back(timer);
    co_await timer->async_wait(kAsTuple);
  }
  taken_ = true;
  co_return Place(*this);
}

void UploadLine::leave() {
  taken_ = false;
  for (const auto& waiting : std::exchange(waiting_, {}))
    if (const auto timer = waiting.lock()) timer->cancel();
}

Error nowhere_to_keep() {
  return {Errc::unavailable,
          "there is nowhere to keep files. What to do: set EXAI_FILES_DIR to a folder for exaid "
          "alone"};
}

std::string upload_key(const providers::ProviderInfo& provider) {
  return fmt::format("{} {}", provider.name, provider.base_url);
}

Task<Result<std::string>> provider_file_id(Context& context, store::FileInfo file,
                                           providers::Provider* provider) {
  const std::string key = upload_key(provider->info());
  auto line = co_await context.uploads->enter();
  const store::FileRef ref = ref_to(file);
  const auto fresh = co_await context.files->find(ref);  // sent while we waited?
  if (!fresh) co_return fail(fresh.error());
  if (const auto known = fresh->uploads.find(key); known != fresh->uploads.end())
    co_return known->second;

  auto bytes = co_await context.files->read(ref, 0, file.size);
  if (!bytes) co_return fail(bytes.error());
  providers::FileToSend sending{file.name, file.type, *std::move(bytes)};
  auto sent = co_await provider->send_file(std::move(sending));
  if (!sent) co_return fail(said(provider->info(), file, sent.error()));
  std::string at_it = *sent;
  auto noted = co_await context.files->set_upload(ref, key, std::move(at_it));
  if (!noted && noted.error().code() != Errc::not_found) co_return fail(noted.error());
  co_return *sent;
}

Task<Result<std::string>> provider_text(Context& context, store::FileInfo file,
                                        providers::Provider* provider) {
  const providers::ProviderInfo& info = provider->info();
  if (!info.makes_text_of_files)
    co_return fail(Errc::invalid,
                   "{} is no text of at most 256 KiB and no image, and {} makes no text of files. "
                   "What to do: name a model of Kimi, or send its text",
                   file.name, info.title);
  for (int attempt = 1;; ++attempt) {
    store::FileInfo asked = file;
    auto at_it = co_await provider_file_id(context, std::move(asked), provider);
    if (!at_it) co_return fail(at_it.error());
    auto text = co_await provider->text_of_file(*std::move(at_it));
    if (text) co_return *std::move(text);
    if (attempt == 2 || text.error().failure != providers::Failure::invalid)
      co_return fail(said(info, file, text.error()));
    // It is not there any more, as far as one can tell.
    store::FileRef ref = ref_to(file);
    std::string key = upload_key(info);
    auto forgotten = co_await forget_upload(context, std::move(ref), std::move(key));
    if (!forgotten) co_return fail(forgotten.error());
  }
}

}  // namespace exai::tools
