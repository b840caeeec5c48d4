namespace Troupe.Actors.Tests;

/// <summary>What a trace tells of causes. The clock stands still, so that nothing is in order by its time alone.</summary>
public sealed partial class TracingTests : SystemFixture
{
    private readonly ActorTracer _tracer;

    public TracingTests() => _tracer = System.StartTracing();

    [Fact]
    public async Task A_cause_is_followed_over_three_actors()
    {
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", _ => done.SetResult());
        ActorRef<int> middle = Relay("middle", last.Tell);
        ActorRef<int> first = Relay("first", middle.Tell);

        first.Tell(1);
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent received = trace.Events.Single(traced => traced is { Kind: TraceKind.Receive, Actor: "/last" });
        Assert.Equal(
            [(TraceKind.Send, "/middle", "/last"), (TraceKind.Send, "/first", "/middle"), (TraceKind.Send, null, "/first")],
            trace.CausesOf(received).Select(cause => (cause.Kind, cause.Actor, cause.Peer!)));
        Assert.Single(trace.CausesOf(received).Select(cause => cause.Flow).Append(received.Flow).Distinct());
        Assert.Equal(typeof(int), received.Subject);
    }

    [Fact]
    public async Task Two_messages_from_outside_are_two_flows()
    {
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", number => { if (number == 2) done.SetResult(); });
        ActorRef<int> first = Relay("first", last.Tell);

        first.Tell(1);
        first.Tell(2);
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent[] received = [.. trace.Events.Where(traced => traced is { Kind: TraceKind.Receive, Actor: "/last" })];
        Assert.Equal(2, received.Select(traced => traced.Flow).Distinct().Count());
        ActorTrace flow = trace.OfFlow(received[1].Flow);
        Assert.Equal([TraceKind.Send, TraceKind.Receive, TraceKind.Send, TraceKind.Receive], flow.Events.Select(traced => traced.Kind));
    }

    [Fact]
    public async Task What_an_asker_does_after_the_answer_is_caused_by_its_own_message()
    {
        // One worker and no quantum: the answer comes after the asker has begun to wait.
        await using var system = new ActorSystem(new ActorSystemOptions { Host = new ThreadWorkerHost(1), Quantum = Timeout.InfiniteTimeSpan });
        ActorTracer tracer = system.StartTracing();
        var done = new TaskCompletionSource();
        ActorRef<int> last = system.Spawn(new Acting<int>((_, _) =>
        {
            done.SetResult();
            return default;
        }), "last");
        ActorRef<Question> answering = system.Spawn(new Acting<Question>((_, message) =>
        {
            message.Reply.Set(message.Number + 1);
            return default;
        }), "answering");
        ActorRef<int> asking = system.Spawn(new Acting<int>(async (_, number) => last.Tell(await answering.AskAsync<int>(reply => new Question(number, reply)))), "asking");

        asking.Tell(1);
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = tracer.Read();
        TraceEvent told = Only(trace, TraceKind.Send, "/asking");
        TraceEvent ask = Only(trace, TraceKind.Ask, "/asking");
        TraceEvent reply = Only(trace, TraceKind.Reply, "/answering");
        TraceEvent resumed = Only(trace, TraceKind.Resume, "/asking");
        TraceEvent asked = trace.Events.Single(traced => traced is { Kind: TraceKind.Send, Peer: "/asking" });
        Assert.Equal("/asking", reply.Peer);
        Assert.Equal(ask.Message, reply.Cause);
        Assert.Equal(ask.Message, resumed.Cause);
        Assert.Equal(asked.Message, resumed.Message);
        Assert.Equal(asked.Message, told.Cause);
        Assert.Equal([asked.Flow], new[] { told, ask, reply, resumed }.Select(traced => traced.Flow).Distinct());
        Assert.Contains(trace.Events, traced => traced is { Kind: TraceKind.Suspend, Actor: "/asking" });
    }

    [Fact]
    public async Task A_timer_is_caused_by_what_started_it()
    {
        var started = new TaskCompletionSource();
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", _ => done.SetResult());
        ActorRef<string> actor = System.Spawn(new Acting<string>((self, message) =>
        {
            if (message == "start")
            {
                self.It.Schedule("due", TimeSpan.FromSeconds(1));
                started.SetResult();
            }
            else
            {
                last.Tell(1);
            }

            return default;
        }), "actor");

        actor.Tell("start");
        await started.Task.WaitAsync(Patience);
        Clock.Advance(TimeSpan.FromSeconds(1));
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent received = trace.Events.Single(traced => traced is { Kind: TraceKind.Receive, Actor: "/last" });
        Assert.Equal([TraceKind.Send, TraceKind.Timer, TraceKind.Send], trace.CausesOf(received).Select(cause => cause.Kind));
        Assert.Equal(TimeSpan.FromSeconds(1), received.Time);
    }

    [Fact]
    public async Task What_a_child_does_when_it_starts_is_caused_by_what_spawned_it()
    {
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", _ => done.SetResult());
        ActorRef<int> parent = System.Spawn(
            new Acting<int>((self, number) =>
            {
                self.It.Spawn(new Acting<int>((_, _) => default, started: _ => last.Tell(number)), "child");
                return default;
            }),
            "parent");

        parent.Tell(1);
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent received = trace.Events.Single(traced => traced is { Kind: TraceKind.Receive, Actor: "/last" });
        Assert.Equal(
            [(TraceKind.Send, "/last"), (TraceKind.Spawn, "/parent/child"), (TraceKind.Send, "/parent")],
            trace.CausesOf(received).Select(cause => (cause.Kind, cause.Peer!)));
        Assert.Contains(trace.Events, traced => traced is { Kind: TraceKind.Start, Actor: "/parent/child" });
    }

    [Fact]
    public async Task A_failure_its_restart_and_an_end_are_in_the_flow_that_caused_them()
    {
        var restarted = new TaskCompletionSource();
        int instances = 0;
        ActorRef<string> actor = System.Spawn(
            () => new Acting<string>((_, message) => message == "fail" ? throw new FormatException() : default, started: _ =>
            {
                if (++instances == 2)
                    restarted.SetResult();
            }),
            new SpawnOptions { Name = "actor", OnFailure = FailurePolicy.Restart });

        actor.Tell("fail");
        await restarted.Task.WaitAsync(Patience);
        await actor.StopAsync().WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent told = trace.Events.Single(traced => traced is { Kind: TraceKind.Send, Peer: "/actor" });
        TraceEvent failed = Only(trace, TraceKind.Failure, "/actor");
        Assert.Equal(typeof(FormatException), failed.Subject);
        Assert.Equal(told.Message, failed.Cause);
        Assert.Equal(told.Flow, Only(trace, TraceKind.Restart, "/actor").Flow);
        TraceEvent stop = trace.Events.Single(traced => traced is { Kind: TraceKind.Signal, Peer: "/actor" });
        Assert.Equal(stop.Flow, Only(trace, TraceKind.Stop, "/actor").Flow);
        Assert.NotEqual(told.Flow, stop.Flow);
    }

    [Fact]
    public async Task A_stashed_message_keeps_its_number()
    {
        var done = new TaskCompletionSource();
        bool open = false;
        ActorRef<string> actor = System.Spawn(new Acting<string>((self, message) =>
        {
            if (message == "open")
            {
                open = true;
                self.It.UnstashAll();
            }
            else if (!open)
            {
                self.It.Stash(message);
            }
            else
            {
                done.SetResult();
            }

            return default;
        }), "actor");

        actor.Tell("early");
        actor.Tell("open");
        await done.Task.WaitAsync(Patience);

        long[] received = [.. _tracer.Read().Events.Where(traced => traced.Kind == TraceKind.Receive).Select(traced => traced.Message)];
        Assert.Equal(3, received.Length);
        Assert.Equal(received[0], received[2]);
    }

    [Fact]
    public async Task The_message_of_a_sender_that_waits_for_room_keeps_its_number()
    {
        using var gate = new ManualResetEventSlim();
        var done = new TaskCompletionSource();
        ActorRef<int> slow = System.Spawn(
            new Acting<int>((_, number) =>
            {
                gate.Wait();
                if (number == 3)
                    done.SetResult();
                return default;
            }),
            "slow",
            new MailboxOptions { Capacity = 1 });

        slow.Tell(1);
        await Until(() => slow.MailboxCount == 0);
        slow.Tell(2);
        Task waiting = slow.TellAsync(3).AsTask();
        Assert.False(waiting.IsCompleted);
        gate.Set();
        await done.Task.WaitAsync(Patience);
        await waiting.WaitAsync(Patience);

        ActorTrace trace = _tracer.Read();
        TraceEvent waited = trace.Events.Single(traced => traced.Kind == TraceKind.Wait);
        Assert.Equal([TraceKind.Send, TraceKind.Wait, TraceKind.Receive], trace.OfFlow(waited.Flow).Events.Select(traced => traced.Kind));
    }

    [Fact]
    public async Task A_refused_message_and_a_dead_letter_are_told()
    {
        using var gate = new ManualResetEventSlim();
        ActorRef<int> slow = System.Spawn(
            new Acting<int>((_, _) =>
            {
                gate.Wait();
                return default;
            }),
            "slow",
            new MailboxOptions { Capacity = 1 });
        slow.Tell(1);
        await Until(() => slow.MailboxCount == 0);
        slow.Tell(2);
        Assert.Throws<MailboxFullException>(() => slow.Tell(3));
        gate.Set();
        await slow.StopAsync().WaitAsync(Patience);
        slow.Tell(4);

        ActorTrace trace = _tracer.Read();
        long[] sent = [.. trace.Events.Where(traced => traced.Kind == TraceKind.Send).Select(traced => traced.Message)];
        Assert.Equal(sent[2], trace.Events.Single(traced => traced.Kind == TraceKind.Refuse).Message);
        Assert.Equal(sent[3], trace.Events.Single(traced => traced.Kind == TraceKind.DeadLetter).Message);
    }

    [Fact]
    public async Task A_message_from_before_tracing_begins_a_flow_where_it_is_received()
    {
        System.StopTracing();
        using var gate = new ManualResetEventSlim();
        var done = new TaskCompletionSource();
        ActorRef<int> last = Relay("last", number => { if (number == 2) done.SetResult(); });
        ActorRef<int> first = Relay("first", number =>
        {
            gate.Wait();
            last.Tell(number);
        });
        first.Tell(1);
        first.Tell(2);
        ActorTracer tracer = System.StartTracing();
        gate.Set();
        await done.Task.WaitAsync(Patience);

        ActorTrace trace = tracer.Read();
        TraceEvent received = trace.Events.Last(traced => traced is { Kind: TraceKind.Receive, Actor: "/last" });
        Assert.Equal([(TraceKind.Send, "/first"), (TraceKind.Receive, "/first")], trace.CausesOf(received).Select(cause => (cause.Kind, cause.Actor!)));
    }

    private static TraceEvent Only(ActorTrace trace, TraceKind kind, string actor) => trace.Events.Single(traced => traced.Kind == kind && traced.Actor == actor);

    private ActorRef<int> Relay(string name, Action<int> receive) => System.Spawn(new Acting<int>((_, number) =>
    {
        receive(number);
        return default;
    }), name);

    private readonly record struct Question(int Number, Reply<int> Reply);
}
