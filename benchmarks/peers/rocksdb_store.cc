#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include "harness/measure.h"
#include "peers/big_endian.h"
#include "peers/store.h"

namespace eventlog::bench {
namespace {

void Must(const rocksdb::Status& status) { Check(status.ok(), status.ToString().c_str()); }

class RocksDbStore final : public Store {
 public:
  RocksDbStore(const std::string& directory, Commits commits) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.recycle_log_file_num = 4;  // a sync of the log then changes no metadata
    rocksdb::DB* db = nullptr;
    Must(rocksdb::DB::Open(options, directory, &db));
    db_.reset(db);
    write_.sync = commits == Commits::kDisk;
  }
  ~RocksDbStore() override { Must(db_->Close()); }

  void Append(int64_t count, std::string_view value) override {
    if (count == 1) {
      const BigEndian key(next_++);
      return Must(db_->Put(write_, {key.data(), key.size()}, {value.data(), value.size()}));
    }
    rocksdb::WriteBatch batch;
    for (int64_t i = 0; i < count; ++i) {
      const BigEndian key(next_++);
      Must(batch.Put({key.data(), key.size()}, {value.data(), value.size()}));
    }
    Must(db_->Write(write_, &batch));
  }

 private:
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::WriteOptions write_;
  uint64_t next_ = 0;
};

}  // namespace

std::unique_ptr<Store> OpenRocksDb(const std::string& directory, Commits commits) {
  return std::make_unique<RocksDbStore>(directory, commits);
}

}  // namespace eventlog::bench
