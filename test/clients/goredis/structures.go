package main

import (
	"fmt"
	"math"

	"github.com/redis/go-redis/v9"
)

func scored(prefix string, count int) []redis.Z {
	found := make([]redis.Z, count)
	for n := range found {
		found[n] = redis.Z{Score: float64(n), Member: fmt.Sprint(prefix, n)}
	}
	return found
}

func collected(iterator *redis.ScanIterator) []string {
	found := []string{}
	for iterator.Next(bg) {
		found = append(found, iterator.Val())
	}
	ok(iterator.Err())
	return found
}

func seededNames(t *context) []string {
	found := make([]string, 100)
	for n := range found {
		found[n] = t.key("user", fmt.Sprint("scan-", n))
	}
	return sorted(found)
}

func anys(values []string) list {
	found := list{}
	for _, value := range values {
		found = append(found, value)
	}
	return found
}

// Hashes, lists, sets, sorted sets, places, streams, and their iterators.
var structures = map[string]scenario{
	"hash_fields": func(t *context) {
		client, key := t.client(), t.key("user", "hash")
		equal(must(client.HSet(bg, key, "name", "ada", "plan", "free", "age", "36").Result()), int64(3))
		equal(must(client.HMGet(bg, key, "name", "none").Result()), list{"ada", nil})
		equal(list{client.HDel(bg, key, "age", "none").Val(), client.HLen(bg, key).Val(), client.HExists(bg, key, "plan").Val()}, list{int64(1), int64(2), true})
		equal(must(client.HGetAll(bg, key).Result()), map[string]string{"name": "ada", "plan": "free"})
	},
	"hash_counters": func(t *context) {
		client, key := t.client(), t.key("cart", 103)
		equal(list{client.HIncrBy(bg, key, "n", 5).Val(), client.HIncrByFloat(bg, key, "f", 0.5).Val()}, list{int64(5), 0.5})
		equal(list{client.HSetNX(bg, key, "n", 1).Val(), client.HSetNX(bg, key, "m", 1).Val()}, list{false, true})
	},
	"list_ends": func(t *context) {
		client, key := t.client(), t.key("cart", 104)
		equal([]int64{client.RPush(bg, key, "b", "c").Val(), client.LPush(bg, key, "a").Val()}, []int64{2, 3})
		equal(must(client.LRange(bg, key, 0, -1).Result()), strs("a", "b", "c"))
		equal(list{client.LPop(bg, key).Val(), client.RPop(bg, key).Val(), client.LLen(bg, key).Val()}, list{"a", "c", int64(1)})
	},
	"list_inside": func(t *context) {
		client, one, two := t.client(), t.key("cart", 105), t.key("user", "list2")
		ok(client.RPush(bg, one, "a", "c", "c", "d").Err())
		equal(list{client.LInsertBefore(bg, one, "c", "b").Val(), client.LSet(bg, one, 0, "A").Val(), client.LRem(bg, one, 1, "c").Val()}, list{int64(5), "OK", int64(1)})
		equal(list{client.LTrim(bg, one, 0, 2).Val(), client.LPos(bg, one, "c", redis.LPosArgs{}).Val()}, list{"OK", int64(2)})
		equal(must(client.LMove(bg, one, two, "LEFT", "RIGHT").Result()), "A")
		equal(list{client.LRange(bg, one, 0, -1).Val(), client.LRange(bg, two, 0, -1).Val()}, list{strs("b", "c"), strs("A")})
	},
	"lmpop": func(t *context) {
		client, one, two := t.client(), t.key("cart", 106), t.key("user", "lmpop")
		ok(client.RPush(bg, two, "a", "b", "c").Err())
		key, values, err := client.LMPop(bg, "left", 2, one, two).Result()
		ok(err)
		equal(list{key, values}, list{two, strs("a", "b")})
	},
	"set_members": func(t *context) {
		client, key := t.client(), t.key("user", "set")
		equal([]int64{client.SAdd(bg, key, "a", "b", "c").Val(), client.SRem(bg, key, "c", "z").Val(), client.SCard(bg, key).Val()}, []int64{3, 1, 2})
		equal(list{client.SIsMember(bg, key, "a").Val(), client.SMIsMember(bg, key, "a", "z").Val()}, list{true, []bool{true, false}})
		equal(sorted(must(client.SMembers(bg, key).Result())), strs("a", "b"))
	},
	"set_algebra": func(t *context) {
		client, one, two, three := t.client(), t.key("user", "set1"), t.key("cart", 107), t.key("sess", "set3")
		ok(client.SAdd(bg, one, "a", "b", "c").Err())
		ok(client.SAdd(bg, two, "b", "c", "d").Err())
		equal(list{sorted(client.SInter(bg, one, two).Val()), client.SDiff(bg, one, two).Val()}, list{strs("b", "c"), strs("a")})
		equal(sorted(must(client.SUnion(bg, one, two).Result())), strs("a", "b", "c", "d"))
		equal([]int64{client.SUnionStore(bg, three, one, two).Val(), client.SCard(bg, three).Val(), client.SInterCard(bg, 0, one, two).Val()}, []int64{4, 4, 2})
	},
	"zset_scores": func(t *context) {
		client, key := t.client(), t.key("user", "zset")
		equal(must(client.ZAdd(bg, key, redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}, redis.Z{Score: 3, Member: "c"}).Result()), int64(3))
		equal(list{client.ZIncrBy(bg, key, 5, "a").Val(), client.ZScore(bg, key, "a").Val(), client.ZRank(bg, key, "a").Val(), client.ZCard(bg, key).Val()}, list{6.0, 6.0, int64(2), int64(3)})
	},
	"zset_ranges": func(t *context) {
		client, key, lex := t.client(), t.key("user", "zranges"), t.key("cart", 108)
		ok(client.ZAdd(bg, key, scored("m", 3)...).Err())
		equal(must(client.ZRangeWithScores(bg, key, 0, 1).Result()), scored("m", 2))
		equal(must(client.ZRangeArgs(bg, redis.ZRangeArgs{Key: key, Start: 1, Stop: "+inf", ByScore: true, Rev: true}).Result()), strs("m2", "m1"))
		ok(client.ZAdd(bg, lex, redis.Z{Member: "a"}, redis.Z{Member: "b"}, redis.Z{Member: "c"}).Err())
		equal(must(client.ZRangeByLex(bg, lex, &redis.ZRangeBy{Min: "[a", Max: "(c"}).Result()), strs("a", "b"))
	},
	"zset_store": func(t *context) {
		client, one, two, three := t.client(), t.key("user", "z1"), t.key("cart", 109), t.key("sess", "z3")
		ok(client.ZAdd(bg, one, redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}).Err())
		ok(client.ZAdd(bg, two, redis.Z{Score: 3, Member: "b"}, redis.Z{Score: 4, Member: "c"}).Err())
		equal(must(client.ZUnionStore(bg, three, &redis.ZStore{Keys: strs(one, two), Weights: []float64{1, 10}}).Result()), int64(3))
		equal(client.ZRangeWithScores(bg, three, 0, -1).Val(), []redis.Z{{Score: 1, Member: "a"}, {Score: 32, Member: "b"}, {Score: 40, Member: "c"}})
		equal(must(client.ZInterStore(bg, three, &redis.ZStore{Keys: strs(one, two), Weights: []float64{2, 1}}).Result()), int64(1))
		equal(client.ZScore(bg, three, "b").Val(), 7.0)
	},
	"zmpop": func(t *context) {
		client, one, two := t.client(), t.key("user", "zm1"), t.key("cart", 110)
		ok(client.ZAdd(bg, two, redis.Z{Score: 1, Member: "a"}, redis.Z{Score: 2, Member: "b"}).Err())
		key, members, err := client.ZMPop(bg, "min", 1, one, two).Result()
		ok(err)
		equal(list{key, members}, list{two, []redis.Z{{Score: 1, Member: "a"}}})
	},
	"geo": func(t *context) {
		client, key := t.client(), t.key("user", "geo")
		equal(must(client.GeoAdd(bg, key, &redis.GeoLocation{Longitude: 13.361389, Latitude: 38.115556, Name: "Palermo"},
			&redis.GeoLocation{Longitude: 15.087269, Latitude: 37.502669, Name: "Catania"}).Result()), int64(2))
		check(math.Abs(must(client.GeoDist(bg, key, "Palermo", "Catania", "km").Result())-166.27) < 0.1, "wrong distance")
		equal(must(client.GeoSearch(bg, key, &redis.GeoSearchQuery{Longitude: 15, Latitude: 37, Radius: 100, RadiusUnit: "km"}).Result()), strs("Catania"))
	},
	"stream_range": func(t *context) {
		client, key := t.client(), t.key("user", "stream")
		first := redis.XMessage{ID: must(client.XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "1")}).Result()), Values: map[string]any{"n": "1"}}
		second := redis.XMessage{ID: must(client.XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "2")}).Result()), Values: map[string]any{"n": "2"}}
		equal(list{client.XLen(bg, key).Val(), client.XRange(bg, key, "-", "+").Val()}, list{int64(2), []redis.XMessage{first, second}})
		equal(must(client.XRevRangeN(bg, key, "+", "-", 1).Result()), []redis.XMessage{second})
		equal([]int64{client.XDel(bg, key, first.ID).Val(), client.XLen(bg, key).Val()}, []int64{1, 1})
	},
	"stream_group": func(t *context) {
		client, key := t.client(), t.key("user", "group")
		ok(client.XGroupCreateMkStream(bg, key, "g", "0").Err())
		id := must(client.XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "1")}).Result())
		read := must(client.XReadGroup(bg, &redis.XReadGroupArgs{Group: "g", Consumer: "c1", Streams: strs(key, ">"), Block: -1}).Result())
		equal(read, []redis.XStream{{Stream: key, Messages: []redis.XMessage{{ID: id, Values: map[string]any{"n": "1"}}}}})
		equal([]int64{client.XPending(bg, key, "g").Val().Count, client.XAck(bg, key, "g", id).Val(), client.XPending(bg, key, "g").Val().Count}, []int64{1, 1, 0})
		refused("BUSYGROUP", client.XGroupCreate(bg, key, "g", "0").Err())
	},
	"stream_autoclaim": func(t *context) {
		client, key := t.client(), t.key("user", "claim")
		ok(client.XGroupCreateMkStream(bg, key, "g", "0").Err())
		id := must(client.XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "1")}).Result())
		ok(client.XReadGroup(bg, &redis.XReadGroupArgs{Group: "g", Consumer: "c1", Streams: strs(key, ">"), Block: -1}).Err())
		messages, _, err := client.XAutoClaim(bg, &redis.XAutoClaimArgs{Stream: key, Group: "g", Consumer: "c2", Start: "0"}).Result()
		ok(err)
		equal(list{messages[0].ID, len(messages)}, list{id, 1})
		pending := must(client.XPendingExt(bg, &redis.XPendingExtArgs{Stream: key, Group: "g", Start: "-", End: "+", Count: 10}).Result())
		equal(pending[0].Consumer, "c2")
	},
	"stream_trim": func(t *context) {
		client, key := t.client(), t.key("user", "trim")
		for n := 0; n < 5; n++ {
			ok(client.XAdd(bg, &redis.XAddArgs{Stream: key, Values: list{"n", n}}).Err())
		}
		equal([]int64{client.XTrimMaxLen(bg, key, 2).Val(), must(client.XInfoStream(bg, key).Result()).Length}, []int64{3, 2})
	},
	"scan": func(t *context) {
		equal(unique(collected(t.client().Scan(bg, 0, t.key("user", "scan-*"), 50).Iterator())), seededNames(t))
	},
	"scan_type": func(t *context) {
		client, key := t.client(), t.key("user", "typed-hash")
		ok(client.HSet(bg, key, "f", "v").Err())
		ok(client.Set(bg, t.key("user", "typed-string"), "v", 0).Err())
		equal(unique(collected(client.ScanType(bg, 0, t.key("user", "typed-*"), 10, "hash").Iterator())), strs(key))
	},
	"keys": func(t *context) {
		equal(sorted(must(t.client().Keys(bg, t.key("user", "scan-*")).Result())), seededNames(t))
	},
	"hscan": func(t *context) {
		client, key, want := t.client(), t.key("user", "hscan"), []string{}
		for n := 0; n < 1000; n++ {
			want = append(want, fmt.Sprint("f", n), fmt.Sprint("v", n))
		}
		ok(client.HSet(bg, key, anys(want)...).Err())
		equal(unique(collected(client.HScan(bg, key, 0, "", 0).Iterator())), sorted(want))
	},
	"sscan": func(t *context) {
		client, key, want := t.client(), t.key("cart", 140), numbered("m", 1000)
		ok(client.SAdd(bg, key, anys(want)...).Err())
		equal(unique(collected(client.SScan(bg, key, 0, "", 0).Iterator())), sorted(want))
	},
	"zscan": func(t *context) {
		client, key := t.client(), t.key("sess", "zscan")
		ok(client.ZAdd(bg, key, scored("m", 1000)...).Err())
		equal(unique(collected(client.ZScan(bg, key, 0, "", 0).Iterator())), sorted(append(numbered("m", 1000), numbered("", 1000)...)))
	},
}
