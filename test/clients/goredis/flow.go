package main

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"
)

func watched(t *context, name string, disturb bool) (error, string) {
	client, other, key := t.client(), t.client(), t.key("user", name)
	ok(other.Set(bg, key, 1, 0).Err())
	err := client.Watch(bg, func(tx *redis.Tx) error {
		value := must(tx.Get(bg, key).Int())
		if disturb {
			ok(other.Set(bg, key, 10, 0).Err())
		}
		_, err := tx.TxPipelined(bg, func(pipe redis.Pipeliner) error { return pipe.Set(bg, key, value+1, 0).Err() })
		return err
	}, key)
	return err, other.Get(bg, key).Val()
}

// The first message that reaches the subscriber after publish.
func received(subscriber *redis.PubSub, publish func()) *redis.Message {
	defer subscriber.Close()
	must(subscriber.Receive(bg))
	publish()
	return must(subscriber.ReceiveMessage(bg))
}

// Pipelines, transactions, subscriptions, scripts.
var flow = map[string]scenario{
	"pipeline": func(t *context) {
		pipe, want, got := t.client().Pipeline(), list{}, list{}
		for _, family := range families {
			pipe.Set(bg, t.key(family, 120), family, 0)
			pipe.Get(bg, t.key(family, 120))
			want = append(want, "OK", family)
		}
		for n, reply := range must(pipe.Exec(bg)) {
			if n%2 == 0 {
				got = append(got, reply.(*redis.StatusCmd).Val())
			} else {
				got = append(got, reply.(*redis.StringCmd).Val())
			}
		}
		equal(got, want)
	},
	"pipeline_thousand": func(t *context) {
		pipe := t.client().Pipeline()
		for n := 0; n < 1000; n++ {
			pipe.Incr(bg, t.key("cart", 121))
		}
		for n, reply := range must(pipe.Exec(bg)) {
			equal(reply.(*redis.IntCmd).Val(), int64(n+1))
		}
	},
	"pipeline_error": func(t *context) {
		pipe, key := t.client().Pipeline(), t.key("user", "pipeerror")
		first, second, third := pipe.Set(bg, key, "x", 0), pipe.LPush(bg, key, "y"), pipe.Get(bg, key)
		_, err := pipe.Exec(bg)
		refused("WRONGTYPE", err)
		refused("WRONGTYPE", second.Err())
		equal(list{must(first.Result()), must(third.Result())}, list{"OK", "x"})
	},
	"tx_exec": func(t *context) {
		pipe, user := t.client().TxPipeline(), t.key("user", "tx")
		first, second, third := pipe.Set(bg, user, "a", 0), pipe.Incr(bg, t.key("cart", 122)), pipe.Get(bg, user)
		must(pipe.Exec(bg))
		equal(list{first.Val(), second.Val(), third.Val()}, list{"OK", int64(1), "a"})
	},
	"tx_watch_conflict": func(t *context) {
		err, value := watched(t, "watch1", true)
		check(errors.Is(err, redis.TxFailedErr), "EXEC ran")
		equal(value, "10")
	},
	"tx_watch_clean": func(t *context) {
		err, value := watched(t, "watch2", false)
		ok(err)
		equal(value, "2")
	},
	"tx_discard": func(t *context) {
		conn, key := t.conn(), t.key("user", "discard")
		ok(conn.Do(bg, "MULTI").Err())
		equal(must(conn.Do(bg, "INCR", key).Result()), "QUEUED")
		ok(conn.Do(bg, "DISCARD").Err())
		isNil(conn.Get(bg, key).Err())
	},
	"tx_queue_error": func(t *context) {
		conn, key := t.conn(), t.key("user", "queueerror")
		ok(conn.Do(bg, "MULTI").Err())
		ok(conn.Do(bg, "INCR", key).Err())
		refused("unknown command", conn.Do(bg, "NOSUCHCOMMAND").Err())
		refused("EXECABORT", conn.Do(bg, "EXEC").Err())
		isNil(conn.Get(bg, key).Err())
	},
	"tx_runtime_error": func(t *context) {
		pipe, key := t.client().TxPipeline(), t.key("user", "runtime")
		first, second, third := pipe.Set(bg, key, "x", 0), pipe.LPush(bg, key, "y"), pipe.Append(bg, key, "z")
		pipe.Exec(bg)
		equal(list{must(first.Result()), must(third.Result())}, list{"OK", int64(2)})
		refused("WRONGTYPE", second.Err())
	},
	"pubsub_channel": func(t *context) {
		message := received(t.client().Subscribe(bg, "news:one"), func() { equal(must(t.client().Publish(bg, "news:one", "hello").Result()), int64(1)) })
		equal(strs(message.Channel, message.Payload), strs("news:one", "hello"))
	},
	"pubsub_pattern": func(t *context) {
		message := received(t.client().PSubscribe(bg, "weather:*"), func() { ok(t.client().Publish(bg, "weather:rome", "sun").Err()) })
		equal(strs(message.Pattern, message.Channel, message.Payload), strs("weather:*", "weather:rome", "sun"))
	},
	"pubsub_shard": func(t *context) {
		message := received(t.client().SSubscribe(bg, "shard:one"), func() { ok(t.client().SPublish(bg, "shard:one", "hello").Err()) })
		equal(strs(message.Channel, message.Payload), strs("shard:one", "hello"))
	},
	"pubsub_counts": func(t *context) {
		client, subscriber := t.client(), t.client().Subscribe(bg, "counted:one")
		defer subscriber.Close()
		ok(subscriber.PSubscribe(bg, "counted:*"))
		must(subscriber.Receive(bg))
		must(subscriber.Receive(bg))
		equal(client.PubSubNumSub(bg, "counted:one").Val(), map[string]int64{"counted:one": 1})
		check(client.PubSubNumPat(bg).Val() >= 1, "no pattern counted")
		ok(subscriber.Unsubscribe(bg, "counted:one"))
		must(subscriber.Receive(bg))
		equal(client.PubSubNumSub(bg, "counted:one").Val(), map[string]int64{"counted:one": 0})
	},
	"keyspace_events": func(t *context) {
		key := t.key("user", "events")
		message := received(t.client().Subscribe(bg, "__keyspace@0__:"+key), func() { ok(t.client().Set(bg, key, "x", 0).Err()) })
		equal(strs(message.Channel, message.Payload), strs("__keyspace@0__:"+key, "set"))
	},
	"eval": func(t *context) {
		client, keys := t.client(), strs(t.key("user", "eval"), t.key("cart", 123))
		body := "redis.call('SET', KEYS[1], ARGV[1]); redis.call('INCR', KEYS[2]); return {redis.call('GET', KEYS[1]), 7}"
		equal(must(client.Eval(bg, body, keys, "from lua").Result()), list{"from lua", int64(7)})
		equal(must(client.MGet(bg, keys...).Result()), list{"from lua", "1"})
	},
	"evalsha_noscript": func(t *context) {
		client, keys := t.client(), strs(t.key("user", "evalsha"))
		refused("NOSCRIPT", client.EvalSha(bg, strings.Repeat("f", 40), keys).Err())
		script := redis.NewScript("return redis.call('INCRBY', KEYS[1], ARGV[1]) -- go-redis")
		equal(must(script.Exists(bg, client).Result()), []bool{false})
		equal(list{must(script.Run(bg, client, keys, 5).Result()), must(script.Run(bg, client, keys, 5).Result())}, list{int64(5), int64(10)})
	},
	"script_error": func(t *context) {
		refused("MYERR my reason", t.client().Eval(bg, "return redis.error_reply('MYERR my reason')", strs(t.key("user", "scripterror"))).Err())
	},
	"fcall": func(t *context) {
		client, key := t.client(), t.key("user", "fcall")
		ok(client.FunctionLoadReplace(bg, "#!lua name=go\nredis.register_function('go_set', function(k, a) return redis.call('SET', k[1], a[1]) end)").Err())
		equal(must(client.FCall(bg, "go_set", strs(key), "v").Result()), "OK")
		equal(must(client.Get(bg, key).Result()), "v")
	},
}
