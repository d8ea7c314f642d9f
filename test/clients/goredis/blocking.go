package main

import (
	"time"

	"github.com/redis/go-redis/v9"
)

// Commands that wait, and what wakes them.
var blocking = map[string]scenario{
	"blpop_timeout": func(t *context) {
		began := time.Now()
		isNil(t.client().BLPop(bg, time.Second, t.key("user", "nolist")).Err())
		check(time.Since(began) > 900*time.Millisecond && time.Since(began) < 3*time.Second, "wrong waiting time")
	},
	"blpop_wake": func(t *context) {
		key := t.key("user", "blpop")
		later(func() { t.client().RPush(bg, key, "x") })
		equal(must(t.client().BLPop(bg, 5*time.Second, key).Result()), strs(key, "x"))
	},
	"blpop_two_keys": func(t *context) {
		one, two := t.key("user", "blpop1"), t.key("cart", 130)
		later(func() { t.client().RPush(bg, two, "x") })
		equal(must(t.client().BLPop(bg, 5*time.Second, one, two).Result()), strs(two, "x"))
	},
	"blmove_wake": func(t *context) {
		one, two := t.key("user", "blmove1"), t.key("sess", "blmove2")
		later(func() { t.client().RPush(bg, one, "x") })
		equal(must(t.client().BLMove(bg, one, two, "LEFT", "RIGHT", 5*time.Second).Result()), "x")
		equal(t.client().LRange(bg, two, 0, -1).Val(), strs("x"))
	},
	"brpoplpush": func(t *context) {
		one, two := t.key("user", "brpop1"), t.key("plain", "brpop2")
		ok(t.client().RPush(bg, one, "a", "b").Err())
		equal(must(t.client().BRPopLPush(bg, one, two, time.Second).Result()), "b")
		equal(t.client().LRange(bg, two, 0, -1).Val(), strs("b"))
	},
	"bzpopmin_wake": func(t *context) {
		key := t.key("user", "bzpop")
		later(func() { t.client().ZAdd(bg, key, redis.Z{Score: 1.5, Member: "m"}) })
		equal(*must(t.client().BZPopMin(bg, 5*time.Second, key).Result()), redis.ZWithKey{Z: redis.Z{Score: 1.5, Member: "m"}, Key: key})
	},
	"blmpop_wake": func(t *context) {
		one, two := t.key("user", "blmpop1"), t.key("cart", 131)
		later(func() { t.client().RPush(bg, two, "a", "b") })
		key, values, err := t.client().BLMPop(bg, 5*time.Second, "left", 2, one, two).Result()
		ok(err)
		equal(list{key, values}, list{two, strs("a", "b")})
	},
	"xread_block": func(t *context) {
		key := t.key("user", "xread")
		ok(t.client().XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "old")}).Err())
		later(func() { t.client().XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "new")}) })
		read := must(t.client().XRead(bg, &redis.XReadArgs{Streams: strs(key, "$"), Block: 5 * time.Second}).Result())
		equal(list{read[0].Stream, read[0].Messages[0].Values}, list{key, map[string]any{"n": "new"}})
	},
	"xreadgroup_block": func(t *context) {
		key := t.key("cart", 132)
		ok(t.client().XGroupCreateMkStream(bg, key, "g", "$").Err())
		later(func() { t.client().XAdd(bg, &redis.XAddArgs{Stream: key, Values: strs("n", "new")}) })
		read := must(t.client().XReadGroup(bg, &redis.XReadGroupArgs{Group: "g", Consumer: "c", Streams: strs(key, ">"), Block: 5 * time.Second}).Result())
		equal(list{read[0].Stream, read[0].Messages[0].Values}, list{key, map[string]any{"n": "new"}})
	},
}
