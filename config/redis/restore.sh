#!/bin/sh
# 用 RDB 备份恢复 Redis 的数据目录（Redis 与预警进程须已停止）。
#   config/redis/restore.sh BACKUP.rdb DATA_DIR        例：restore.sh redis-2026-12-01.rdb /var/lib/redis
# A Redis with an append-only file ignores dump.rdb, so the backup is loaded once without it and
# written out as one.  The old files stay beside the new ones, in DATA_DIR/before-restore-….
set -eu
backup=$(readlink -f "$1")
cd "$2"
redis-check-rdb "$backup" >/dev/null || { echo "备份已损坏，未作任何改动: $backup" >&2; exit 1; }
socket=$PWD/restore.sock
if [ -S "$socket" ] && redis-cli -s "$socket" ping >/dev/null 2>&1; then
  echo "另一次恢复正在进行" >&2; exit 1
fi
old=before-restore-$(date +%Y%m%d-%H%M%S)
mkdir "$old"
for part in appendonlydir appendonly.aof dump.rdb; do
  if [ -e "$part" ]; then mv "$part" "$old/"; fi
done
cp "$backup" dump.rdb
redis-server --dir "$PWD" --dbfilename dump.rdb --save "" --appendonly no \
  --port 0 --unixsocket "$socket" --daemonize yes --logfile "$PWD/$old/restore.log" >/dev/null
until [ "$(redis-cli -s "$socket" ping 2>/dev/null)" = PONG ]; do sleep 0.2; done
redis-cli -s "$socket" config set appendonly yes >/dev/null
until redis-cli -s "$socket" info persistence | grep -q '^aof_rewrite_in_progress:0' &&
  redis-cli -s "$socket" info persistence | grep -q '^aof_rewrite_scheduled:0'; do sleep 0.2; done
echo "已恢复 $(redis-cli -s "$socket" dbsize) 个键；原有文件在 $PWD/$old"
redis-cli -s "$socket" shutdown nosave >/dev/null 2>&1 || true
rm dump.rdb
# The server reads them as its own user; whoever restores is mostly root.
if [ "$(id -u)" = 0 ]; then chown -R "$(stat -c %u:%g .)" .; fi
