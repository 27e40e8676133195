// LMDB: one database of integer keys, appended to. kProcess is MDB_WRITEMAP with MDB_NOSYNC: a
// commit is in the shared mapping, and a power cut may leave the database corrupt.
#pragma once

#include <lmdb.h>

#include <string>
#include <string_view>

#include "peers/store.h"

namespace eventlog::bench {

class LmdbStore final : public Store {
 public:
  LmdbStore(const std::string& directory, Commits commits);
  ~LmdbStore() override;
  LmdbStore(const LmdbStore&) = delete;
  LmdbStore& operator=(const LmdbStore&) = delete;

  void Append(int64_t count, std::string_view value) override;
  // Calls `record` for every key and value, in order, with views into the map.
  template <typename Function>
  void Scan(Function record);

 private:
  static void Must(int error);

  MDB_env* env_ = nullptr;
  MDB_dbi dbi_ = 0;
  std::size_t next_ = 0;
};

template <typename Function>
void LmdbStore::Scan(Function record) {
  MDB_txn* transaction = nullptr;
  Must(mdb_txn_begin(env_, nullptr, MDB_RDONLY, &transaction));
  MDB_cursor* cursor = nullptr;
  Must(mdb_cursor_open(transaction, dbi_, &cursor));
  MDB_val key = {};
  MDB_val value = {};
  int error = 0;
  while ((error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
    record(std::string_view(static_cast<const char*>(key.mv_data), key.mv_size),
           std::string_view(static_cast<const char*>(value.mv_data), value.mv_size));
  }
  if (error != MDB_NOTFOUND) Must(error);
  mdb_cursor_close(cursor);
  mdb_txn_abort(transaction);
}

}  // namespace eventlog::bench
