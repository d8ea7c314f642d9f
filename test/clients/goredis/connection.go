package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// The connection itself: names, ids, signing in, refusals, RESP3.
var connection = map[string]scenario{
	"ping": func(t *context) {
		equal(must(t.client().Ping(bg).Result()), "PONG")
		equal(must(t.client().Echo(bg, "hello").Result()), "hello")
	},
	"select": func(t *context) {
		zero, key := t.conn(), t.key("plain", "select")
		one := t.client(func(options *redis.Options) { options.DB = 1 })
		ok(zero.Set(bg, key, "in 0", 0).Err())
		ok(one.Set(bg, key, "in 1", 0).Err())
		equal(list{must(zero.Get(bg, key).Result()), must(one.Get(bg, key).Result())}, list{"in 0", "in 1"})
		ok(zero.Select(bg, 1).Err())
		equal(must(zero.Get(bg, key).Result()), "in 1")
	},
	"client_name": func(t *context) {
		one := t.client(func(options *redis.Options) { options.ClientName = "one" })
		two := t.conn()
		ok(two.ClientSetName(bg, "two").Err())
		equal(list{must(one.ClientGetName(bg).Result()), must(two.ClientGetName(bg).Result())}, list{"one", "two"})
	},
	"client_id_info": func(t *context) {
		conn := t.conn()
		id := must(conn.ClientID(bg).Result())
		equal(must(conn.ClientInfo(bg).Result()).ID, id)
		row := "id=" + fmt.Sprint(id)
		check(strings.Contains("\n"+must(conn.ClientList(bg).Result()), "\n"+row+" "), "CLIENT LIST lacks the id")
	},
	"info": func(t *context) {
		check(strings.Contains(must(t.client().Info(bg, "server").Result()), "redis_version:"), "no redis_version")
	},
	"config_get": func(t *context) {
		pairs := must(t.client().ConfigGet(bg, "maxmemory-policy").Result())
		check(len(pairs) == 1 && pairs["maxmemory-policy"] != "", "not one pair")
	},
	"auth_wrong": func(t *context) {
		conn := t.conn()
		refused("WRONGPASS", conn.AuthACL(bg, "alice", "wrong").Err())
		equal(must(conn.Ping(bg).Result()), "PONG")
		refused("WRONGPASS", t.client(as("alice", "wrong")).Ping(bg).Err())
	},
	"auth_user": func(t *context) {
		alice, anybody, key := t.client(as("alice", "secret")), t.client(), t.key("user", "alice")
		equal(must(alice.Do(bg, "ACL", "WHOAMI").Result()), "alice")
		equal(must(anybody.Do(bg, "ACL", "WHOAMI").Result()), "default")
		ok(alice.Set(bg, key, "hers", 0).Err())
		equal(must(anybody.Get(bg, key).Result()), "hers")
	},
	"acl_refusal": func(t *context) {
		bob, anybody, key := t.client(as("bob", "secret")), t.client(), t.key("user", "bob")
		ok(anybody.Set(bg, key, "kept", 0).Err())
		equal(must(bob.Get(bg, key).Result()), "kept")
		refused("NOPERM", bob.Set(bg, key, "changed", 0).Err())
		equal(must(anybody.Get(bg, key).Result()), "kept")
	},
	"unknown_command": func(t *context) {
		conn := t.conn()
		refused("ERR unknown command", conn.Do(bg, "NOSUCHCOMMAND", "x").Err())
		equal(must(conn.Ping(bg).Result()), "PONG")
	},
	"wrong_arity": func(t *context) { refused("wrong number of arguments", t.client().Do(bg, "GET").Err()) },
	"wrongtype": func(t *context) {
		client, key := t.client(), t.key("user", "wrongtype")
		ok(client.Set(bg, key, "text", 0).Err())
		refused("WRONGTYPE", client.LPush(bg, key, "x").Err())
	},
	"reconnect_after_kill": func(t *context) {
		client, key := t.client(func(options *redis.Options) { options.PoolSize = 1 }), t.key("user", "reconnect")
		ok(client.Set(bg, key, "before", 0).Err())
		id := must(client.ClientID(bg).Result())
		equal(must(t.client().ClientKillByFilter(bg, "ID", fmt.Sprint(id)).Result()), int64(1))
		until(func() bool { return client.Get(bg, key).Val() == "before" }, "the reconnection")
		check(must(client.ClientID(bg).Result()) != id, "the old connection is still there")
	},
	"wait_replicas": func(t *context) {
		conn := t.conn()
		ok(conn.Set(bg, t.key("plain", "wait"), "x", 0).Err())
		equal(must(conn.Wait(bg, 0, 100*time.Millisecond).Result()), int64(0))
	},
	"monitor": func(t *context) {
		lines, key := make(chan string, 100), t.key("plain", "monitored")
		watch := t.client(func(options *redis.Options) { options.ReadTimeout = 300 * time.Millisecond }).Monitor(bg, lines)
		watch.Start()
		defer watch.Stop()
		time.Sleep(100 * time.Millisecond)
		ok(t.client().Set(bg, key, "seen", 0).Err())
		for end := time.After(5 * time.Second); ; {
			select {
			case line := <-lines:
				if strings.Contains(strings.ToUpper(line), strings.ToUpper(`"set" "`+key+`" "seen"`)) {
					return
				}
			case <-end:
				panic("the command was not shown")
			}
		}
	},
	"hello3": func(t *context) {
		reply := must(t.client(resp3).Conn().Hello(bg, 3, "", "", "").Result())
		equal(list{reply["proto"], reply["server"]}, list{int64(3), "redis"})
	},
	"resp3_hash": func(t *context) {
		client, key := t.client(resp3), t.key("user", "resp3hash")
		ok(client.HSet(bg, key, "a", "1", "b", "2").Err())
		equal(must(client.Do(bg, "HGETALL", key).Result()), map[any]any{"a": "1", "b": "2"})
	},
	"resp3_double": func(t *context) {
		client, key := t.client(resp3), t.key("user", "resp3double")
		ok(client.ZAdd(bg, key, redis.Z{Score: 1.5, Member: "m"}).Err())
		equal(must(client.Do(bg, "ZSCORE", key, "m").Result()), 1.5)
	},
	"resp3_pubsub": func(t *context) {
		subscriber := t.client(resp3).Subscribe(bg, "resp3:news")
		defer subscriber.Close()
		must(subscriber.Receive(bg))
		equal(must(t.client(resp3).Publish(bg, "resp3:news", "hello").Result()), int64(1))
		message := must(subscriber.ReceiveMessage(bg))
		equal(strs(message.Channel, message.Payload), strs("resp3:news", "hello"))
		ok(subscriber.Ping(bg, "still here"))
		equal(must(subscriber.Receive(bg)), &redis.Pong{Payload: "still here"})
	},
	"tracking": func(t *context) {
		reader, key := t.conn(), t.key("user", "tracked")
		ok(t.client().Set(bg, key, "before", 0).Err())
		subscriber := t.client(func(options *redis.Options) { options.ClientName = "invalidations" }).Subscribe(bg, "__redis__:invalidate")
		defer subscriber.Close()
		must(subscriber.Receive(bg))
		id := ""
		for _, row := range strings.Split(must(t.client().ClientList(bg).Result()), "\n") {
			if strings.Contains(row, "name=invalidations ") {
				id = strings.TrimPrefix(strings.Fields(row)[0], "id=")
			}
		}
		check(id != "", "CLIENT LIST lacks the name of a subscriber")
		ok(reader.Do(bg, "CLIENT", "TRACKING", "ON", "REDIRECT", id).Err())
		equal(must(reader.Get(bg, key).Result()), "before")
		ok(t.client().Set(bg, key, "after", 0).Err())
		equal(must(subscriber.ReceiveMessage(bg)).PayloadSlice, strs(key))
	},
}
