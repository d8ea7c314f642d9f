// Runs the scenarios with go-redis. Usage: run_go_redis HOST PORT family=name-with-%s... [only=id,id]
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

type scenario func(t *context)

// What go-redis has no call for: id -> reason.
var unsupported = map[string]string{}

func all() map[string]scenario {
	found := map[string]scenario{}
	for _, part := range []map[string]scenario{connection, data, structures, flow, blocking} {
		for name, one := range part {
			found[name] = one
		}
	}
	return found
}

func attempt(one scenario, t *context) (failure any) {
	defer t.close()
	done := make(chan any, 1)
	go func() {
		defer func() { done <- recover() }()
		one(t)
	}()
	select {
	case failure = <-done:
		return failure
	case <-time.After(8 * time.Second):
		return "no end after 8 s"
	}
}

func main() {
	names, only := map[string]string{}, ""
	for _, word := range os.Args[3:] {
		family, name, _ := strings.Cut(word, "=")
		names[family] = name
		if family == "only" {
			only = "," + name + ","
		}
	}
	wanted := func(name string) bool { return only == "" || strings.Contains(only, ","+name+",") }
	scenarios := all()
	ids := make([]string, 0, len(scenarios))
	for name := range scenarios {
		ids = append(ids, name)
	}
	sort.Strings(ids)
	for _, name := range ids {
		if !wanted(name) {
			continue
		}
		failure := attempt(scenarios[name], &context{address: os.Args[1] + ":" + os.Args[2], names: names})
		if failure == nil {
			fmt.Println(name, "pass")
		} else {
			fmt.Printf("%s fail: %s\n", name, strings.Join(strings.Fields(fmt.Sprint(failure)), " "))
		}
	}
	for name, reason := range unsupported {
		if wanted(name) {
			fmt.Printf("%s unsupported: %s\n", name, reason)
		}
	}
}
