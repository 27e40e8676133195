// The library's key to its handles: Log, Topic, Producer, Consumer and WriteBatch.
#pragma once

#include <utility>

namespace eventlog::inline v1::internal {

struct HandleAccess {
  // A handle to `state`, a shared_ptr or unique_ptr as the handle's own.
  template <typename Handle, typename Pointer>
  static Handle Make(Pointer state) {
    Handle handle;
    handle.state_ = std::move(state);
    return handle;
  }
  // The handle's own pointer; null for one that was default-constructed or moved from.
  template <typename Handle>
  static auto& State(Handle& handle) {
    return handle.state_;
  }
};

}  // namespace eventlog::inline v1::internal
