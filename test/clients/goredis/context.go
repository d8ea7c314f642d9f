package main

import (
	stdcontext "context"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

var bg = stdcontext.Background()

// What every scenario gets: names of keys in the app's view, and clients of its own.
type context struct {
	address string
	names   map[string]string
	mutex   sync.Mutex
	opened  []*redis.Client
}

func (t *context) key(family string, name any) string {
	return strings.ReplaceAll(t.names[family], "%s", fmt.Sprint(name))
}

func (t *context) client(options ...func(*redis.Options)) *redis.Client {
	settings := &redis.Options{Addr: t.address, Protocol: 2, ReadTimeout: 6 * time.Second}
	for _, option := range options {
		option(settings)
	}
	client := redis.NewClient(settings)
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.opened = append(t.opened, client)
	return client
}

// One connection taken out of a pool, for commands that only make sense on the same one.
func (t *context) conn() *redis.Conn { return t.client().Conn() }

func (t *context) close() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for _, client := range t.opened {
		client.Close()
	}
}

func resp3(options *redis.Options) { options.Protocol = 3 }

func as(user, password string) func(*redis.Options) {
	return func(options *redis.Options) { options.Username, options.Password = user, password }
}

func equal(got, want any) {
	if !reflect.DeepEqual(got, want) {
		text := fmt.Sprintf("got %v, wanted %v", got, want)
		if len(text) > 400 {
			text = text[:400]
		}
		panic(text)
	}
}

func check(condition bool, text string) {
	if !condition {
		panic(text)
	}
}

// The value of a call that must not fail.
func must[V any](value V, err error) V {
	if err != nil {
		panic(err)
	}
	return value
}

func ok(err error) {
	if err != nil {
		panic(err)
	}
}

func refused(word string, err error) {
	check(err != nil, "wanted an error with "+word)
	check(strings.Contains(err.Error(), word), fmt.Sprintf("wanted %s, got %v", word, err))
}

func isNil(err error) { check(errors.Is(err, redis.Nil), fmt.Sprintf("wanted nil, got %v", err)) }

func until(condition func() bool, text string) {
	for end := time.Now().Add(5 * time.Second); !condition(); time.Sleep(10 * time.Millisecond) {
		check(time.Now().Before(end), "not within the time: "+text)
	}
}

// Runs a call of another client a little later, while this one blocks.
func later(call func()) {
	go func() {
		time.Sleep(150 * time.Millisecond)
		call()
	}()
}

func sorted(values []string) []string {
	found := append([]string{}, values...)
	sort.Strings(found)
	return found
}

func unique(values []string) []string {
	seen := map[string]bool{}
	for _, value := range values {
		seen[value] = true
	}
	found := []string{}
	for value := range seen {
		found = append(found, value)
	}
	return sorted(found)
}

func numbered(prefix string, count int) []string {
	found := make([]string, count)
	for n := range found {
		found[n] = fmt.Sprint(prefix, n)
	}
	return found
}

type list = []any

func strs(values ...string) []string { return values }
