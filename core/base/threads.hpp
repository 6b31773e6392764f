#pragma once
// Threads beside the loop's. They block every signal: signals are the loop's.
//
//   start_thread   one that lives as long as its owner (Island, HttpClient)
//   in_parallel    many small independent pieces of work, done when it returns

#include <functional>
#include <string_view>
#include <thread>

namespace exai {

// The name is what debuggers and `ps -L` show; the kernel keeps 15 characters of it.
std::thread start_thread(std::string_view name, std::function<void()> work);

// work(0) … work(count - 1), each once, in any order, on this thread and, when it pays, on one more.
// `work` throws nothing, and touches only what belongs to its number.
void in_parallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace exai
