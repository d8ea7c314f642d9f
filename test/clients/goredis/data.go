package main

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

var families = strs("user", "sess", "cart", "plain")

// Strings, keys, and the records that were there before.
var data = map[string]scenario{
	"set_get": func(t *context) {
		client := t.client()
		for _, family := range families {
			equal(must(client.Set(bg, t.key(family, 100), "value "+family, 0).Result()), "OK")
			equal(must(client.Get(bg, t.key(family, 100)).Result()), "value "+family)
		}
	},
	"set_options": func(t *context) {
		client, key := t.client(), t.key("sess", "options")
		isNil(client.SetArgs(bg, key, "a", redis.SetArgs{Mode: "XX"}).Err())
		equal(must(client.SetArgs(bg, key, "a", redis.SetArgs{Mode: "NX", TTL: 100 * time.Second}).Result()), "OK")
		isNil(client.SetArgs(bg, key, "b", redis.SetArgs{Mode: "NX"}).Err())
		equal(must(client.SetArgs(bg, key, "b", redis.SetArgs{Get: true, KeepTTL: true}).Result()), "a")
		check(must(client.TTL(bg, key).Result()) > 90*time.Second, "KEEPTTL lost the expiry")
	},
	"incr": func(t *context) {
		client, key := t.client(), t.key("cart", 101)
		equal(list{client.Incr(bg, key).Val(), client.IncrBy(bg, key, 10).Val(), client.Decr(bg, key).Val()}, list{int64(1), int64(11), int64(10)})
		equal(must(client.IncrByFloat(bg, key, 0.5).Result()), 10.5)
	},
	"append_range": func(t *context) {
		client, key := t.client(), t.key("user", "append")
		equal(list{client.Append(bg, key, "hello").Val(), client.Append(bg, key, " world").Val(), client.StrLen(bg, key).Val()}, list{int64(5), int64(11), int64(11)})
		equal(must(client.SetRange(bg, key, 6, "redis").Result()), int64(11))
		equal(must(client.GetRange(bg, key, 0, -1).Result()), "hello redis")
	},
	"getdel": func(t *context) {
		client, key := t.client(), t.key("sess", "getdel")
		ok(client.Set(bg, key, "once", 0).Err())
		equal(must(client.GetDel(bg, key).Result()), "once")
		isNil(client.GetDel(bg, key).Err())
		equal(client.Exists(bg, key).Val(), int64(0))
	},
	"getex": func(t *context) {
		client, key := t.client(), t.key("sess", "getex")
		ok(client.Set(bg, key, "v", 0).Err())
		equal(must(client.GetEx(bg, key, 100*time.Second).Result()), "v")
		check(client.TTL(bg, key).Val() > 90*time.Second, "no expiry")
		equal(must(client.GetEx(bg, key, 0).Result()), "v")
		equal(must(client.TTL(bg, key).Result()), time.Duration(-1))
	},
	"mset_mget": func(t *context) {
		client, keys, pairs, want := t.client(), []string{}, list{}, list{}
		for n := 0; n < 300; n++ {
			key, value := t.key(families[n%4], 2000+n), fmt.Sprint("m", n)
			keys, pairs, want = append(keys, key), append(pairs, key, value), append(want, value)
		}
		equal(must(client.MSet(bg, pairs...).Result()), "OK")
		equal(must(client.MGet(bg, append(keys, t.key("user", "absent"))...).Result()), append(want, nil))
	},
	"msetnx": func(t *context) {
		client, one, two := t.client(), t.key("user", "nx1"), t.key("user", "nx2")
		equal(list{must(client.MSetNX(bg, one, "1").Result()), must(client.MSetNX(bg, one, "x", two, "x").Result())}, list{true, false})
		equal(must(client.MGet(bg, one, two).Result()), list{"1", nil})
	},
	"big_value": func(t *context) {
		client, key, value := t.client(), t.key("user", "big"), strings.Repeat("0123456789abcdef", 65536)
		ok(client.Set(bg, key, value, 0).Err())
		check(must(client.Get(bg, key).Result()) == value, "the value differs")
		equal(client.StrLen(bg, key).Val(), int64(1<<20))
	},
	"binary_safe": func(t *context) {
		every := make([]byte, 256)
		for n := range every {
			every[n] = byte(n)
		}
		client, key := t.client(), t.key("user", string(every))
		ok(client.Set(bg, key, every, 0).Err())
		equal(must(client.Get(bg, key).Bytes()), every)
		equal(client.Exists(bg, key).Val(), int64(1))
	},
	"empty_value": func(t *context) {
		client, key := t.client(), t.key("user", "empty")
		ok(client.Set(bg, key, "", 0).Err())
		equal(list{must(client.Get(bg, key).Result()), client.Exists(bg, key).Val(), client.StrLen(bg, key).Val()}, list{"", int64(1), int64(0)})
	},
	"bitfield": func(t *context) {
		got := must(t.client().BitField(bg, t.key("user", "bitfield"), "OVERFLOW", "SAT", "SET", "u8", 0, 250, "INCRBY", "u8", 0, 10, "GET", "u8", 0).Result())
		equal(got, []int64{0, 255, 255})
	},
	"bits": func(t *context) {
		client, one, two := t.client(), t.key("user", "bits1"), t.key("user", "bits2")
		equal([]int64{client.SetBit(bg, one, 7, 1).Val(), client.GetBit(bg, one, 7).Val(), client.BitCount(bg, one, nil).Val(), client.BitPos(bg, one, 1).Val()}, []int64{0, 1, 1, 7})
		equal([]int64{client.BitOpNot(bg, two, one).Val(), client.BitCount(bg, two, nil).Val()}, []int64{1, 7})
	},
	"hyperloglog": func(t *context) {
		client, one, two := t.client(), t.key("user", "hll1"), t.key("user", "hll2")
		equal([]int64{client.PFAdd(bg, one, "a", "b", "c").Val(), client.PFAdd(bg, two, "c", "d").Val(), client.PFCount(bg, one, two).Val()}, []int64{1, 1, 4})
		ok(client.PFMerge(bg, one, two).Err())
		equal(client.PFCount(bg, one).Val(), int64(4))
	},
	"exists_del_unlink": func(t *context) {
		client, keys, pairs := t.client(), []string{}, list{}
		for _, family := range families {
			keys, pairs = append(keys, t.key(family, 102)), append(pairs, t.key(family, 102), "x")
		}
		ok(client.MSet(bg, pairs...).Err())
		equal(client.Exists(bg, append(keys, keys[0])...).Val(), int64(5))
		equal([]int64{client.Del(bg, keys[0], keys[3], keys[0]).Val(), client.Unlink(bg, keys...).Val(), client.Exists(bg, keys...).Val()}, []int64{2, 2, 0})
	},
	"type_encoding": func(t *context) {
		client, key := t.client(), t.key("user", "encoding")
		equal(must(client.Type(bg, key).Result()), "none")
		ok(client.Set(bg, key, "12345", 0).Err())
		equal(strs(client.Type(bg, key).Val(), client.ObjectEncoding(bg, key).Val()), strs("string", "int"))
	},
	"expire_persist": func(t *context) {
		client, key := t.client(), t.key("sess", "expire")
		ok(client.Set(bg, key, "x", 0).Err())
		equal(list{must(client.Expire(bg, key, 100*time.Second).Result()), must(client.ExpireNX(bg, key, 100*time.Second).Result())}, list{true, false})
		check(client.TTL(bg, key).Val() > 90*time.Second && client.PTTL(bg, key).Val() > 90*time.Second, "wrong TTL")
		check(math.Abs(client.ExpireTime(bg, key).Val().Seconds()-float64(time.Now().Unix())-100) < 5, "wrong EXPIRETIME")
		equal(list{client.Persist(bg, key).Val(), client.TTL(bg, key).Val()}, list{true, time.Duration(-1)})
	},
	"expires": func(t *context) {
		client, key := t.client(), t.key("sess", "short")
		ok(client.Set(bg, key, "x", 60*time.Millisecond).Err())
		equal(must(client.Get(bg, key).Result()), "x")
		until(func() bool { return client.Get(bg, key).Err() == redis.Nil }, "the expiry")
		equal(list{client.Exists(bg, key).Val(), client.TTL(bg, key).Val()}, list{int64(0), time.Duration(-2)})
	},
	"copy": func(t *context) {
		client, one, two := t.client(), t.key("user", "copy1"), t.key("user", "copy2")
		ok(client.Set(bg, one, "x", 0).Err())
		equal([]int64{must(client.Copy(bg, one, two, 0, false).Result()), must(client.Copy(bg, one, two, 0, false).Result()), must(client.Copy(bg, one, two, 0, true).Result())}, []int64{1, 0, 1})
		equal(must(client.MGet(bg, one, two).Result()), list{"x", "x"})
	},
	"rename": func(t *context) {
		client, one, two := t.client(), t.key("user", "rename1"), t.key("user", "rename2")
		ok(client.Set(bg, one, "x", 0).Err())
		ok(client.Rename(bg, one, two).Err())
		equal(must(client.MGet(bg, one, two).Result()), list{nil, "x"})
		ok(client.Set(bg, one, "y", 0).Err())
		equal(must(client.RenameNX(bg, two, one).Result()), false)
		refused("no such key", client.Rename(bg, t.key("user", "absent"), two).Err())
	},
	"dump_restore": func(t *context) {
		client, one, two := t.client(), t.key("user", "dump1"), t.key("user", "dump2")
		ok(client.RPush(bg, one, "a", "b").Err())
		payload := must(client.Dump(bg, one).Result())
		ok(client.Restore(bg, two, 100*time.Second, payload).Err())
		equal(must(client.LRange(bg, two, 0, -1).Result()), strs("a", "b"))
		check(client.TTL(bg, two).Val() > 90*time.Second, "no expiry")
		refused("BUSYKEY", client.Restore(bg, two, 0, payload).Err())
	},
	"sort": func(t *context) {
		client, one, two := t.client(), t.key("user", "sort1"), t.key("user", "sort2")
		ok(client.RPush(bg, one, 3, 1, 2).Err())
		equal(must(client.Sort(bg, one, &redis.Sort{}).Result()), strs("1", "2", "3"))
		equal(must(client.SortStore(bg, one, two, &redis.Sort{Order: "DESC"}).Result()), int64(3))
		equal(must(client.LRange(bg, two, 0, -1).Result()), strs("3", "2", "1"))
	},
	"seeded_string": func(t *context) {
		client, key := t.client(), t.key("user", "seed-string")
		equal(must(client.Get(bg, key).Result()), "seeded")
		equal(must(client.Append(bg, key, "!").Result()), int64(7))
		equal(must(client.Get(bg, key).Result()), "seeded!")
	},
	"seeded_hash": func(t *context) {
		client, key := t.client(), t.key("user", "seed-hash")
		equal(must(client.HSet(bg, key, "plan", "paid").Result()), int64(0))
		equal(must(client.HGetAll(bg, key).Result()), map[string]string{"name": "ada", "plan": "paid"})
	},
	"seeded_list": func(t *context) {
		client, key := t.client(), t.key("user", "seed-list")
		equal(list{client.RPush(bg, key, "d").Val(), client.LPop(bg, key).Val(), client.LRange(bg, key, 0, -1).Val()}, list{int64(4), "a", strs("b", "c", "d")})
	},
	"seeded_ttl": func(t *context) {
		client, key := t.client(), t.key("sess", "seed-ttl")
		check(client.TTL(bg, key).Val() > 500*time.Second, "the expiry is lost")
		ok(client.Append(bg, key, "!").Err())
		check(client.TTL(bg, key).Val() > 500*time.Second, "the write lost the expiry")
	},
	"seeded_tx": func(t *context) {
		pipe, key := t.client().TxPipeline(), t.key("sess", "seed-tx")
		sum, value := pipe.IncrBy(bg, key, 5), pipe.Get(bg, key)
		must(pipe.Exec(bg))
		equal(list{sum.Val(), value.Val()}, list{int64(15), "15"})
	},
	"seeded_mget": func(t *context) {
		keys, want := []string{}, list{}
		for n := 0; n < 10; n++ {
			keys, want = append(keys, t.key("cart", 1000+n)), append(want, fmt.Sprint("c", n))
		}
		equal(must(t.client().MGet(bg, keys...).Result()), want)
	},
	"seeded_del": func(t *context) {
		client, key := t.client(), t.key("cart", 1010)
		equal([]int64{client.Del(bg, key).Val(), client.Del(bg, key).Val()}, []int64{1, 0})
		isNil(client.Get(bg, key).Err())
	},
}
