"""Scenarios in which one client waits and another gives."""
from registry import scenario


def parked(stage, block, push, count=1):
    """One client waits, another gives it what it waits for."""
    waiting, giving = stage.connect(), stage.connect()
    waiting.send(stage.fill(block))
    stage.wait_for("blocked_clients", count)
    stage.ask(giving, push)
    stage.note(block, waiting.read())
    stage.ask(waiting, "PING")


@scenario("BLPOP")
def blpop_is_woken(stage):
    parked(stage, "BLPOP @a 5", "RPUSH @a v w")


@scenario("BRPOP")
def brpop_on_three_is_woken_by_the_last(stage):
    parked(stage, "BRPOP @a @b @x 5", "RPUSH @x v w")


@scenario("BLMOVE,LRANGE")
def blmove_is_woken(stage):
    parked(stage, "BLMOVE @a @b LEFT RIGHT 5", "RPUSH @a v")
    stage.ask(stage.connect(), "LRANGE @b 0 -1")


@scenario("BRPOPLPUSH")
def brpoplpush_is_woken(stage):
    parked(stage, "BRPOPLPUSH @b @x 5", "RPUSH @b v")


@scenario("BLMPOP")
def blmpop_is_woken(stage):
    parked(stage, "BLMPOP 5 2 @a @b LEFT COUNT 2", "RPUSH @b v w x")


@scenario("BZPOPMIN")
def bzpopmin_is_woken(stage):
    parked(stage, "BZPOPMIN @a @b 5", "ZADD @b 1 v 2 w")


@scenario("BZPOPMAX")
def bzpopmax_is_woken(stage):
    parked(stage, "BZPOPMAX @x @a 5", "ZADD @a 1 v 2 w")


@scenario("BZMPOP")
def bzmpop_is_woken(stage):
    parked(stage, "BZMPOP 5 2 @a @b MAX", "ZADD @a 1 v 2 w")


@scenario("XREAD")
def xread_is_woken(stage):
    stage.setup("XADD @a 1-1 f v")
    parked(stage, "XREAD BLOCK 5000 STREAMS @a @x $ $", "XADD @a 2-1 f w")


@scenario("XREADGROUP")
def xreadgroup_is_woken(stage):
    stage.setup("XGROUP CREATE @a g $ MKSTREAM")
    parked(stage, "XREADGROUP GROUP g c BLOCK 5000 STREAMS @a >", "XADD @a 2-1 f w")


@scenario("BLPOP,RENAME")
def blpop_is_woken_by_a_rename(stage):
    stage.setup("RPUSH @c v")
    parked(stage, "BLPOP @a 5", "RENAME @c @a")


@scenario("BLPOP,EVAL")
def blpop_is_woken_by_a_script_and_a_transaction(stage):
    parked(stage, "BLPOP @a 5", [b"EVAL", b"return redis.call('RPUSH', KEYS[1], 'v')", b"1", b"@a"])
    waiting, giving = stage.connect(), stage.connect()
    waiting.send(stage.fill("BLPOP @b 5"))
    stage.wait_for("blocked_clients", 1)
    for request in ("MULTI", "RPUSH @b v", "EXEC"):
        stage.ask(giving, request)
    stage.note(waiting.read())


@scenario("BLPOP")
def a_client_that_goes_away_takes_nothing(stage):
    waiting, giving = stage.connect(), stage.connect()
    waiting.send(stage.fill("BLPOP @a 5"))
    stage.wait_for("blocked_clients", 1)
    waiting.close()
    stage.wait_for("blocked_clients", 0)
    stage.ask(giving, "RPUSH @a v")
    stage.ask(giving, "LLEN @a")


@scenario("BLPOP")
def what_is_sent_behind_a_blocking_command_waits(stage):
    waiting, giving = stage.connect(), stage.connect()
    waiting.send(stage.fill("BLPOP @a 5"), stage.fill("SET @b behind"), stage.fill("PING"))
    stage.wait_for("blocked_clients", 1)
    stage.ask(giving, "GET @b")
    stage.ask(giving, "RPUSH @a v")
    stage.note([waiting.read() for _ in range(3)])
