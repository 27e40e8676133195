#include <sqlite3.h>

#include "harness/measure.h"
#include "peers/store.h"

namespace eventlog::bench {
namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(const std::string& directory, Commits commits) {
    Must(sqlite3_open((directory + "/records.db").c_str(), &db_));
    Run("PRAGMA journal_mode=WAL");
    Run(commits == Commits::kDisk ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    Run("CREATE TABLE records (offset INTEGER PRIMARY KEY, value BLOB NOT NULL)");
    Must(sqlite3_prepare_v3(db_, "INSERT INTO records VALUES (?, ?)", -1, SQLITE_PREPARE_PERSISTENT,
                            &insert_, nullptr));
  }
  ~SqliteStore() override {
    sqlite3_finalize(insert_);
    sqlite3_close(db_);
  }
  SqliteStore(const SqliteStore&) = delete;
  SqliteStore& operator=(const SqliteStore&) = delete;

  void Append(int64_t count, std::string_view value) override {
    if (count > 1) Run("BEGIN");
    for (int64_t i = 0; i < count; ++i) {
      Must(sqlite3_bind_int64(insert_, 1, next_++));
      Must(sqlite3_bind_blob64(insert_, 2, value.data(), value.size(), SQLITE_STATIC));
      Check(sqlite3_step(insert_) == SQLITE_DONE, "SQLite does not insert");
      Must(sqlite3_reset(insert_));
    }
    if (count > 1) Run("COMMIT");
  }

 private:
  void Must(int error) const { Check(error == SQLITE_OK, sqlite3_errmsg(db_)); }
  void Run(const char* statement) const {
    Must(sqlite3_exec(db_, statement, nullptr, nullptr, nullptr));
  }

  sqlite3* db_ = nullptr;
  sqlite3_stmt* insert_ = nullptr;
  int64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Store> OpenSqlite(const std::string& directory, Commits commits) {
  return std::make_unique<SqliteStore>(directory, commits);
}

}  // namespace eventlog::bench
