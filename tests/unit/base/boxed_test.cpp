#include "core/base/boxed.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace exai;

TEST_CASE("a box is empty, or holds a value of its own") {
  Boxed<std::string> empty;
  CHECK_FALSE(empty);
  CHECK_FALSE(empty.has_value());

  Boxed<std::string> box(std::string("one"));
  Boxed<std::string> copy = box;
  *copy += ", changed";
  CHECK(*box == "one");
  CHECK(*copy == "one, changed");
  CHECK(copy->size() == 12);

  copy = empty;
  CHECK_FALSE(copy);
  copy = std::move(box);
  CHECK(*copy == "one");
  copy.reset();
  CHECK_FALSE(copy);
  CHECK(sizeof box == sizeof(void*));
}
